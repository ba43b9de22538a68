"""No word of a post, or of a field, comes to whoever may not see it: asked for on every page and over REST.

Around a text with a word of its own there is everything that is made of one: a run, the same bytes once
more, what it was refined to, a test with a repair, a case that was judged, a comment, a hand-over.
Then somebody with every permission, but out of whose sight it stands, opens all there is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product

import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.auth.permissions import PERMISSIONS
from blog.app.automation import services as automation
from blog.app.automation import suggestions, trying
from blog.app.llm.cases import batches
from blog.app.llm.cases import services as cases
from blog.app.llm.cases.models import Case
from blog.app.llm.cases.schemas import CaseBatchStart, CaseChange
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.runs import services as runs
from blog.app.llm.trials import services as trials
from blog.app.llm.trials.models import Trial
from blog.app.llm.trials.schemas import TrialKeep, TrialStart
from blog.app.review import comments
from blog.app.review import services as review
from blog.app.workflow import services as workflow
from tests.access.callers import Caller
from tests.access.people import ALL, make_narrow
from tests.access.routes import ROWS, Row
from tests.access.test_matrix import STAGES, field_id
from tests.conftest import OneConnection
from tests.factories import all_powerful, bind, make_action, make_model, make_post
from tests.llm.cases.bench import make_judge, work
from tests.llm.providers.scripted import openai_reply, serve

WORD = "zq7hedgehog"
TEXT = f"Kilts {WORD} lighthouse"
ANSWER = f"Lighthouse {WORD} kilts"
VERDICT = f'{{"verdict": "pass", "score": 9, "reason": "{WORD}"}}'

Ids = Mapping[str, list[int]]


class Maker:
    """Makes of a post's field all that can be made of it."""

    def __init__(self, conn: db.Connection, pool: OneConnection, field_name: str, url: str, judge: str):
        self.conn, self.pool, self.field_name = conn, pool, field_name
        self.carol = all_powerful(conn)
        parts = [("user", "data", f"{{{{ post.{field_name} }}}}")]
        model_id = make_model(conn, url)
        self.plain = make_action(conn, parts, model_id=model_id)
        short = [{"rule": "max_words", "n": 1}]
        mend = "Mend: {{ input.problems | join('; ') }}"
        self.mended = make_action(conn, parts, model_id=model_id, validators=short, repair=mend)
        self.judge = make_judge(conn, judge)
        bind(conn, field_id(conn, field_name), self.plain)

    def post(self, **values: str) -> int:
        post_id = make_post(self.conn, self.carol, **values)
        run = automation.start(
            self.conn, self.carol, post_id=post_id, field_name=self.field_name, action_id=self.plain
        )
        work(self.conn, self.pool)
        [waiting] = suggestions.list_suggestions(self.conn, self.carol, post_id)
        suggestions.accept(
            self.conn, self.carol, waiting.id, base_revision_id=waiting.base_revision_id, value=f"Or {WORD}"
        )
        again = runs.create_replay(self.conn, self.carol, run.id)
        automation.refine(self.conn, self.carol, run.id, f"Keep {WORD}")
        work(self.conn, self.pool)
        runs.create_replay(self.conn, self.carol, again.id)
        comment = comments.comment(
            self.conn, self.carol, post_id, f"{WORD}, @nora", field_name=self.field_name
        )
        comments.reply(self.conn, self.carol, comment.id, f"And {WORD} once more")
        return post_id

    def trials(self, post_id: int) -> list[Trial]:
        of = TrialStart(post_id=post_id)
        begun = [trying.start(self.conn, self.carol, each, of) for each in (self.plain, self.mended)]
        work(self.conn, self.pool)
        return begun

    def case(self, trial: Trial) -> Case:
        [run] = trials.get_trial(self.conn, self.carol, trial.id).runs
        runs.create_replay(self.conn, self.carol, run.id)
        automation.refine(self.conn, self.carol, run.id, "Longer")
        kept = trials.keep(self.conn, self.carol, trial.id, TrialKeep(name="Kept", run_id=run.id))
        change = {
            "name": kept.name,
            "is_required": True,
            "inputs": kept.inputs,
            "reference": kept.reference,
            "checks": [{"rule": "contains", "texts": [WORD]}],
            "judge_action_id": self.judge,
            "judge_least": 5,
            "judge_criteria": f"Has {WORD}",
            "base_version_id": kept.version_id,
        }
        return cases.update_case(self.conn, self.carol, kept.id, CaseChange.model_validate(change))

    def batch(self, actor: Actor, action_id: int) -> int:
        names = [name for (name,) in self.conn.execute("SELECT name FROM workflow_field").fetchall()]
        vocabulary = Vocabulary(post=frozenset(names))
        return batches.start(self.conn, actor, action_id, CaseBatchStart(), vocabulary).id


@pytest.fixture(params=["basic_idea", "conclusion"])
def made(request: pytest.FixtureRequest, conn: db.Connection, pool: OneConnection) -> Iterator[Maker]:
    """With a post that stands out of sight, and with one that has a field there."""
    with serve(openai_reply([ANSWER])) as server, serve(openai_reply([VERDICT])) as judge:
        yield Maker(conn, pool, request.param, server.url, judge.url)


def fill(maker: Maker, nora: Actor) -> None:
    """A post that stands out of sight has the word in its title, too."""
    is_hidden = maker.field_name == "basic_idea"
    idea = {"idea": TEXT} if is_hidden else {}
    post_id = maker.post(**idea, **{maker.field_name: TEXT})
    for trial in maker.trials(post_id):
        maker.batch(maker.carol, maker.case(trial).action_id)
    work(maker.conn, maker.pool)
    if is_hidden:
        note = f"See {WORD}"
        review.hand_over(maker.conn, maker.carol, post_id, "idea", person_id=nora.user_id or 0, note=note)
        workflow.move_post(maker.conn, maker.carol, post_id, "launch")


@pytest.fixture
def nora(conn: db.Connection, made: Maker) -> Actor:
    """She may everything, where she sees anything."""
    seen = STAGES[:2] if made.field_name == "basic_idea" else STAGES[:1]
    return make_narrow(conn, dict.fromkeys(seen, ALL), permissions=PERMISSIONS)


IDS = {
    "post_id": "post",
    "section_id": "post_section",
    "run_id": "llm_run",
    "other_id": "llm_run",
    "suggestion_id": "suggestion",
    "revision_id": "field_revision",
    "comment_id": "comment",
    "trial_id": "llm_trial",
    "case_id": "llm_case",
    "batch_id": "llm_case_batch",
    "action_id": "llm_action",
    "version_id": "llm_action_version",
    "part_id": "llm_prompt_part",
    "model_id": "llm_model",
    "provider_id": "llm_provider",
    "view_id": "saved_view",
    "split_id": "llm_action_split",
    "workflow_id": "workflow",
    "sub_stage_id": "workflow_sub_stage",
}
# The starter has others of these, which know nothing of the post; and one run is compared with each.
MOST = {
    **dict.fromkeys(("action_id", "version_id", "part_id", "model_id", "provider_id", "sub_stage_id"), 3),
    "other_id": 1,
}
NAMES = {"export_format": "json", "sub_stage_name": "idea", "token": "x"}
QUERIES: Mapping[str, str] = {
    "/posts": "?search=kilts",
    "/board": "?search=kilts",
    "/api/v1/posts": "?search=kilts",
    "/api/v1/board": "?search=kilts",
    "/find": "?q=kilts",
    "/api/v1/find": "?q=kilts",
    "/llm/runs": "?search=lighthouse",
    "/api/v1/llm/runs": "?search=lighthouse",
    "/llm/runs/export": "?format=jsonl",
    "/api/v1/llm/runs/export": "?format=jsonl",
    "/audit/export": "?format=jsonl",
    "/llm/runs/comparison": "?run={run_id}&run={other_id}",
    "/board/moves/new": "?post_id={post_id}",
    "/calendar/moves/new": "?post_id={post_id}&which=planned_on",
    "/llm/actions/<int:action_id>/test": "?post_id={post_id}",
    "/llm/actions/<int:action_id>": "?post_id={post_id}",
    "/api/v1/llm/actions/<int:action_id>/preview": "?post_id={post_id}",
    "/api/v1/llm/actions/<int:action_id>/rendering": "?post_id={post_id}",
    "/posts/<int:post_id>/history/comparison": "?old={revision_id}&new={revision_id}",
    "/api/v1/posts/<int:post_id>/history/comparison": "?old={revision_id}&new={revision_id}",
    "/api/v1/posts/<int:post_id>/snapshot": "?at=2100-01-01T00:00:00Z",
}
# Streams of runs that go on, and checks that take long; what they tell is told elsewhere.
SKIPPED = ("/healthz", "/api/v1/metrics", "/api/v1/openapi.json", "/api/docs")


def addresses(row: Row, ids: Ids, field_name: str) -> Iterator[str]:
    """The address with every id that it can name, one of each that belongs to nothing here."""
    template = re.sub(r"<int:(\w+)>", r"{\1}", row.rule) + QUERIES.get(row.rule, "")
    template = re.sub(r"<(\w+)>", lambda name: NAMES.get(name[1], field_name), template)
    names = list(dict.fromkeys(re.findall(r"{(\w+)}", template)))
    for chosen in product(*(ids.get(name) or [1] for name in names)):
        yield template.format(**dict(zip(names, chosen, strict=True)))


def ids_of(conn: db.Connection) -> Ids:
    newest = {
        name: conn.execute(f"SELECT id FROM {table} ORDER BY id DESC").fetchall()  # pyright: ignore
        for name, table in IDS.items()
    }
    return {name: [number for (number,) in rows][: MOST.get(name)] for name, rows in newest.items()}


def told(somebody: Caller, row: Row, address: str) -> str:
    if row.rule.startswith("/api/"):
        headers = {"Authorization": f"Bearer {somebody.token}"}
        return somebody.browser.get(address, headers=headers).text
    return somebody.browser.get(address).text


def shows(conn: db.Connection, somebody: Caller, field_name: str, rules: Iterable[str]) -> set[str]:
    """The rules of the addresses whose answer has the word."""
    found, ids = set[str](), ids_of(conn)
    for rule in rules:
        row = ROWS[f"GET {rule}"]
        if any(WORD in told(somebody, row, address) for address in addresses(row, ids, field_name)):
            found.add(rule)
    return found


# Where it is shown to whoever sees it: or there would be nothing to look for.
SHOWN = {
    "/api/v1/llm/actions/<int:action_id>/cases",
    "/api/v1/llm/cases/<int:case_id>",
    "/llm/cases/<int:case_id>",
    "/llm/case-batches/<int:batch_id>",
    "/api/v1/llm/trials/<int:trial_id>",
    "/llm/trials/<int:trial_id>",
    "/llm/runs/<int:run_id>",
    "/llm/runs/comparison",
    "/llm/runs/export",
    "/posts/<int:post_id>/preview",
    "/posts/<int:post_id>/history",
    "/api/v1/comments/<int:comment_id>",
}


def test_no_word_of_what_is_out_of_sight_is_shown(
    conn: db.Connection, made: Maker, nora: Actor, caller: Callable[[Actor], Caller]
) -> None:
    fill(made, nora)
    assert SHOWN - shows(conn, caller(made.carol), made.field_name, SHOWN) == set()
    every = [row.rule for row in ROWS.values() if row.method == "GET" and row.rule not in SKIPPED]
    assert shows(conn, caller(nora), made.field_name, every) == set()
