"""The pages of the tour in a made-up language: whatever is still English there was never a message."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import sql

from blog.app import create_app, db, translation
from blog.app.automation import trying
from blog.app.config import Config, ConfigError, load_config
from blog.app.llm.cases.schemas import CaseInputs
from blog.app.llm.trials.schemas import TrialStart
from tests.conftest import OneConnection
from tests.factories import all_powerful, make_post
from tests.house import pseudo
from tests.llm.cases.bench import make_bench
from tests.llm.providers.scripted import openai_reply, serve

NAMES = re.compile(
    r"""BlogForge|Markdown|HTML|JSON|CSV|API|UTC|LLM|POST|USD|Ctrl\ K|\b[\w.]+@example\.org|[A-Z][a-z]+\ \d{4}
    |llama\.cpp’s\ server|\bPart\ \d+|You\ are\ an\ editor\.|http:\S+|\b[0-9a-f]{16}\b
    |contains\ “blanket”                                   # a worker wrote that down, in English
    |\b\d[\d.,]*\ ?m?s\b|\bv\d+\b                       # times and versions
    |\b[a-z]+\.[a-z_]+\b|\bdata-[0-9a-f]+|/\S+\.gguf       # permissions, inputs, fences, files
    |\b(?:administrator|editor|author|reviewer|viewer)\b   # names of roles,
    |\b(?:system|user|assistant)\b                         # of the roles of messages,
    |\b(?:role|style|task|data|format|example)\b           # kinds of parts
    |\b(?:text|markdown|list|json|choice|number|date|url)\b  # and of fields
    |\b(?:anthropic|gemini|llama_cpp|ollama|openai|openai_responses)\b
    |OpenAI|Anthropic|Google\ Gemini|Mistral|Groq|DeepSeek|OpenRouter|xAI|Azure|vLLM|LM\ Studio|\bstop\b""",
    re.VERBOSE,
)
PAGES = (
    "/posts",
    "/posts?removed=1",
    "/posts?search=nothing+has+these+words",
    "/board",
    "/calendar",
    "/find",
    "/find?q=nothing-has-this-name",
    "/views",
    "/notifications",
    "/account",
    "/people",
    "/roles",
    "/invitations",
    "/access",
    "/account/tokens",
    "/account/second-factor",
    "/access/services",
    "/sign-in/forgotten",
    "/posts/new",
    "/posts/{post}",
    "/posts/{post}/structure",
    "/posts/{post}/fields/basic_idea/revisions",
    "/posts/{post}/fields/basic_idea/automation",
    "/posts/{post}/preview",
    "/posts/{post}/history",
    "/posts/{post}/comments",
    "/posts/{post}/sub-stages/idea",
    "/board/moves/new?post_id={post}",
    "/llm/",
    "/llm/providers",
    "/llm/providers/new",
    "/llm/connect",
    "/llm/parts",
    "/llm/parts/new",
    "/llm/parts/{part}",
    "/llm/parts/{part}/versions",
    "/llm/parts/{part}/effects",
    "/llm/actions",
    "/llm/actions/new",
    "/llm/actions/{action}",
    "/llm/actions/{action}?view=request",
    "/llm/actions/{action}?view=test",
    "/llm/actions/{action}/test",
    "/llm/actions/{action}/test?by_hand=1",
    "/llm/actions/{action}/versions",
    "/llm/actions/{action}/cases",
    "/llm/actions/{action}/cases/new",
    "/llm/runs",
    "/llm/runs?search=nothing+has+these+words",
    "/llm/runs/{run}",
    "/llm/runs/comparison?run={run}&run={other}",
    "/llm/usage",
    "/llm/usage?by=model",
    "/llm/editors",
    "/llm/editors/{action}",
    "/llm/retention",
    "/llm/registry",
    "/llm/trials/{trial}",
    "/llm/case-batches/{batch}",
    "/llm/cases/{case}",
    "/llm/models/{model}",
    "/llm/providers/{provider}",
    "/calendar/moves/new?post_id={post}&which=planned_on",
    "/there-is-no-such-page",
)


@pytest.fixture(scope="session")
def locale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("locale")
    pseudo.write_catalogue(place)
    return place


@pytest.fixture
def app(config: Config, pool: OneConnection, locale: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(translation, "LOCALE", locale)
    config = Config(data_dir=config.data_dir, secret=config.secret, language=pseudo.NAME)
    return create_app(config, pool)


def reader(conn: db.Connection, client: FlaskClient, as_user: Callable[..., FlaskClient]) -> FlaskClient:
    """Signed in as somebody who may do everything, where the rows' own words are in that language too."""
    columns = conn.execute(
        """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name IN ('label', 'help', 'description')
        """
    ).fetchall()
    for table, column in columns:
        conn.execute(
            sql.SQL("UPDATE {} SET {} = '⟦' || {} || '⟧' WHERE {} <> ''").format(
                sql.Identifier(table), *[sql.Identifier(column)] * 3
            )
        )
    conn.execute("UPDATE llm_prompt_part SET tags = '{}'")
    conn.execute("UPDATE llm_action_version SET wish_label = NULL, wish_choices = '{}'")
    for table in ("llm_prompt_part", "llm_model"):
        conn.execute(sql.SQL("UPDATE {} SET name = '⟦' || name || '⟧'").format(sql.Identifier(table)))
    person = all_powerful(conn)
    conn.execute("INSERT INTO user_role SELECT %s, id FROM role ON CONFLICT DO NOTHING", (person.user_id,))
    conn.execute("UPDATE app_user SET name = '77' || id")  # its initials are shown too
    conn.execute("UPDATE post SET title = '⟦A title⟧'")
    return as_user(client, person.user_id)


def tried(conn: db.Connection, pool: OneConnection) -> dict[str, int]:
    """An action that was tried and held to a case, and what is found by number on its pages."""
    with serve(openai_reply(["⟦A blanket.⟧"])) as server:
        bench = make_bench(conn, pool, server.url)
        case = bench.case("⟦Kilts⟧", "⟦Why kilts?⟧", checks=[{"rule": "contains", "texts": ["blanket"]}])
        batch = bench.start()
        asked = TrialStart(
            values=CaseInputs(post={"idea_seed": "⟦Why kilts?⟧"}), llm_model_ids=[bench.model_id]
        )
        trial = trying.start(conn, bench.actor, bench.action_id, asked)
        bench.finish(batch)
    run, other = (row[0] for row in conn.execute("SELECT id FROM llm_run ORDER BY id DESC LIMIT 2"))
    found = conn.execute(
        """
        SELECT llm_prompt_part_id, llm_provider_id FROM llm_action_part, llm_model
        WHERE llm_action_version_id = (SELECT live_version_id FROM llm_action WHERE id = %s)
          AND llm_model.id = %s
        """,
        (bench.action_id, bench.model_id),
    ).fetchone()
    assert found
    return {
        "action": bench.action_id,
        "case": case.id,
        "batch": batch.id,
        "trial": trial.id,
        "run": run,
        "other": other,
        "part": found[0],
        "provider": found[1],
        "model": bench.model_id,
    }


def test_no_page_of_the_tour_says_anything_past_the_catalogue(
    conn: db.Connection, pool: OneConnection, client: FlaskClient, as_user: Callable[..., FlaskClient]
) -> None:
    post_id = make_post(conn, all_powerful(conn, "dora"), idea="⟦An idea⟧", basic_idea="⟦An idea⟧")
    numbers = {"post": post_id, **tried(conn, pool)}
    browser = reader(conn, client, as_user)
    found: dict[str, list[str]] = {}
    for page in PAGES:
        answer = browser.get(page.format_map(numbers), follow_redirects=True)
        assert answer.status_code == (404 if "no-such" in page else 200), page
        said = [text for text in pseudo.outside(answer.text) if re.search(r"[A-Za-z]", NAMES.sub("", text))]
        found |= {page: said} if said else {}
    assert found == {}


def test_a_page_names_its_language_and_tells_the_scripts_their_words(client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    assert '<html lang="zz"' in page
    words = re.search(r"<meta name=\"words\" content='(.*?)'>", page)
    assert words
    known = json.loads(words[1])
    assert known["Copied."] == "⟦Copied.⟧"
    assert known["%(n)s word"]["forms"] == ["⟦%(n)s words⟧", "⟦%(n)s word⟧"]


def test_the_api_and_what_no_edge_began_speak_english(client: FlaskClient) -> None:
    assert "⟦" not in client.get("/api/v1/posts").text
    assert translation.gettext("Save") == "Save"


def test_an_unknown_language_is_refused_and_says_where_its_catalogue_goes() -> None:
    with pytest.raises(ConfigError, match=r"BLOG_LANGUAGE='xx'.*locale/xx/LC_MESSAGES/messages\.po"):
        load_config({"BLOG_LANGUAGE": "xx"})
