"""The attacks of tests/attacks/ against what is sent, the sanitiser and the exports."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from blog.app import db
from blog.app.llm.assemble import PartText, assemble
from blog.app.llm.inputs import Inputs, Vocabulary
from blog.app.llm.providers import ADAPTERS
from blog.app.llm.providers.base import ChatRequest, Endpoint
from blog.app.posts import markdown
from blog.app.reading import portable
from blog.app.text import clean
from tests.attack_corpus import FENCE, Attack, attacks

ALL = attacks()
WORDS = Vocabulary(post=frozenset({"basic_idea"}), section=frozenset({"draft"}))
PARTS = [
    PartText(part_id=1, version=1, name="Role", role="system", kind="role", template="You edit."),
    PartText(
        part_id=2,
        version=1,
        name="Task",
        role="user",
        kind="task",
        template="Improve the text between {{ fence.open }} and {{ fence.close }}.",
    ),
    PartText(part_id=3, version=1, name="Text", role="user", kind="data", template="{{ post.basic_idea }}"),
    PartText(
        part_id=4,
        version=1,
        name="All of them",
        role="user",
        kind="data",
        template="{% for s in post.sections %}{{ s.draft }}\n{% endfor %}{{ selection.text }}",
    ),
]
each_attack = pytest.mark.parametrize("attack", ALL, ids=str)


def test_there_are_attacks_of_each_family_and_canaries_are_their_own() -> None:
    assert len({attack.family for attack in ALL}) >= 9
    assert len(ALL) >= 70
    assert len({attack.canary for attack in ALL}) == len(ALL)
    assert not any(re.search(r"\{(?:collector|canary|fence|host|tags)", attack.text) for attack in ALL)


# --- what is sent --------------------------------------------------------------------------------


def sent(text: str) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """The messages, and for each the words its marks say came from inputs."""
    inputs = Inputs(
        post={"basic_idea": text}, sections=[{"draft": text}, {"draft": "b"}], selection={"text": text}
    )
    made = assemble(PARTS, WORDS, inputs, fence=FENCE)
    marked = [[part.message.content[m.start : m.end] for m in part.marks] for part in made.parts]
    return [(message.role, message.content) for message in made.messages], marked


@each_attack
def test_an_attack_stays_data_between_one_pair_of_marks(attack: Attack) -> None:
    text = clean(attack.text)
    messages, marked = sent(text)
    assert messages[:2] == sent("harmless")[0][:2], "what we say ourselves does not change"
    assert [role for role, _ in messages] == ["system", "user", "user", "user"]
    for _, content in messages[2:]:
        opening, closing = f"<{FENCE}>\n", f"\n</{FENCE}>"
        assert content.startswith(opening)
        assert content.endswith(closing)
        inside = content[len(opening) : -len(closing)]
        assert FENCE not in inside.lower(), "nothing inside names the mark"
    defused = re.sub(re.escape(FENCE), f"{FENCE[:1]}·{FENCE[1:]}", text, flags=re.IGNORECASE)
    assert marked[2] == [defused.strip()]
    assert marked[3] == [defused, "b", defused.rstrip()]


@pytest.mark.parametrize("protocol", sorted(ADAPTERS))
def test_no_request_offers_a_tool_and_no_text_adds_a_message(protocol: str) -> None:
    def body(text: str) -> dict:
        inputs = Inputs(post={"basic_idea": text}, sections=[{"draft": "a"}], selection={"text": "b"})
        made = assemble(PARTS, WORDS, inputs, fence=FENCE)
        url = "file:///models" if protocol == "llama_cpp" else "https://models.example/v1"
        request = ChatRequest(
            endpoint=Endpoint(base_url=url, api_key="k"),
            model="m",
            messages=made.messages,
            params={"max_output": 100},
        )
        return json.loads(ADAPTERS[protocol].build(request).body)

    def shape(value: object) -> object:
        match value:
            case dict():
                return {key: shape(each) for key, each in value.items()}
            case list():
                return [shape(each) for each in value]
            case _:
                return type(value)

    harmless = shape(body("harmless"))
    assert not re.search(
        r'"(tools?|functions?|tool_choice|plugins|web_search\w*)"', json.dumps(body("harmless"))
    )
    for attack in ALL:
        assert shape(body(attack.text)) == harmless, str(attack)


def test_the_starter_parts_take_words_of_a_post_as_data_alone(conn: db.Connection) -> None:
    """Elsewhere stand only what the asking person wishes, and our own sentences on a reply that failed."""
    rows = conn.execute("SELECT template FROM llm_prompt_part_version WHERE kind <> 'data'").fetchall()
    assert len(rows) > 10
    named = {name for (template,) in rows for name in re.findall(r"\{\{-?\s*([\w.]+)", template)}
    assert named <= {"fence.open", "fence.close", "input.wish", "input.problems"}


@each_attack
def test_what_is_hidden_is_made_visible_before_it_is_kept_or_sent(attack: Attack) -> None:
    cleaned = clean(attack.text)
    assert ("\ufffd" in cleaned) == attack.is_hidden
    assert not re.search("[\U000e0000-\U000e007f\u202d\u202e]", cleaned)


# --- what is shown -------------------------------------------------------------------------------


class Obeyed(HTMLParser):
    """What a browser would do with a page besides showing words."""

    WORDS = frozenset(
        [
            *[
                "a",
                "b",
                "blockquote",
                "br",
                "code",
                "em",
                "h1",
                "h2",
                "h3",
                "h4",
                "h5",
                "h6",
                "hr",
                "li",
                "ol",
            ],
            *["p", "pre", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"],
        ]
    )
    PLAIN = frozenset({"class", "href", "rel", "target", "title", "start"})
    # As a browser reads an address: what it skips is taken out first.
    RUNS = re.compile(r"(?!https?:|mailto:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.WORDS:
            self.found.append(f"<{tag}>")
        self.found += [f"{tag} {name}" for name, _ in attrs if name not in self.PLAIN]
        addresses = [re.sub(r"[\x00-\x20]", "", value or "") for name, value in attrs if name == "href"]
        self.found += [f"href={address}" for address in addresses if self.RUNS.match(address)]


def obeyed(html: str) -> list[str]:
    parser = Obeyed()
    parser.feed(html)
    return parser.found


@each_attack
def test_the_sanitiser_lets_nothing_run_and_nothing_load(attack: Attack) -> None:
    made = markdown.html(attack.text)
    assert obeyed(made) == []
    assert obeyed(str(markdown.shown(made))) == []


@each_attack
def test_each_link_that_is_shown_says_where_it_leads(attack: Attack) -> None:
    shown = str(markdown.shown(markdown.html(attack.text)))
    found = re.findall(
        r'<a[^>]* href="([^"]*)"[^>]*>(.*?)</a>(?: <span class="leads-to">(.*?)</span>)?', shown
    )
    for href, label, told in found:
        assert markdown.leads_to(unescape(href)) in unescape(f"{re.sub('<[^>]*>', '', label)} {told}"), href


@each_attack
def test_exported_markdown_runs_and_loads_nothing_in_a_renderer_that_obeys(attack: Attack) -> None:
    obedient = MarkdownIt("commonmark", {"html": True}).enable("table")
    obedient.validateLink = lambda url: True
    assert obeyed(obedient.render(portable.inert(attack.text))) == []
