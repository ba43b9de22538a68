"""A model's part, played for the starter actions: it answers each task in the form that the task asks for."""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager

from tests.browser.site import Site, default_model
from tests.llm.providers.scripted import Received, Reply, openai_reply, serve

HEADINGS = ("The keeper and the lamp", "How a lens throws light", "The last keepers leave")
PLAN = [{"heading": heading, "description": f"What there is to say: {heading}."} for heading in HEADINGS]
TITLE = "Why lighthouses went dark"
BRIEF = "# Brief\n\nA post on why lighthouses were given up.\n\n- readers: walkers\n- tone: calm"
DRAFT = (
    "Every evening the keeper climbed the stairs and lit the lamp. He trimmed the wick at ten and at two.\n\n"
    "The light was *seen* for twenty miles, and the colour of it told a ship where she was."
)
POLISHED = DRAFT.replace("trimmed the wick at ten and at two", "trimmed its wick twice a night")
SEO = {"title": TITLE, "description": "Oil, glass and patience: how the keepers left."}

# What a task says, and what is answered to it.
ANSWERS = {
    "Work the idea out": BRIEF,
    "Propose a title": TITLE,
    "Plan the sections": json.dumps(PLAN),
    "Write the draft of one section": DRAFT,
    "Polish this text": POLISHED,
    "Give it its title": TITLE,
    "Write the subtitle": "A century of oil, glass and patience, and the switch that ended it",
    "Write the introduction": "In 1998 the last keeper locked the door and took the bus home.",
    "Write the conclusion": "The lamps still turn. Nobody hears them.",
    "Summarise this post": "How the lighthouses of one coast lost their keepers, and what went with them.",
    "search engines show": json.dumps(SEO),
    "Choose the tags": json.dumps(["lighthouse", "coast", "history of technology"]),
}


def answer(asked: Received) -> Reply:
    """The answer to the task among the messages, word by word."""
    said = "\n".join(message["content"] for message in asked.json["messages"])
    text = next(text for task, text in ANSWERS.items() if task in said)
    return openai_reply(re.findall(r"\S+\s*", text), usage=(len(said) // 4, len(text) // 4), pause_s=0.01)


@contextmanager
def newsroom(site: Site) -> Generator[None]:
    """The default model of a site answers every task in its form."""
    with serve(answer) as server, default_model(site, server.url):
        yield
