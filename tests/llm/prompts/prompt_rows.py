"""Prompt parts and actions for tests, each taking only what matters to the test at hand."""

from itertools import count

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.prompts import actions, parts
from blog.app.llm.prompts.models import Action, PromptPart
from blog.app.llm.prompts.schemas import ActionCreate, PromptPartCreate

VOCABULARY = Vocabulary(
    post=frozenset({"basic_idea", "facts"}),
    section=frozenset({"draft"}),
    input=frozenset({"problems", "wish"}),
)

_numbers = count(1)


def make_part(conn: db.Connection, actor: Actor, template: str = "Write.", **given: object) -> PromptPart:
    values = {"name": f"Part {next(_numbers)}", "role": "user", "kind": "task", "template": template, **given}
    return parts.create_part(conn, actor, PromptPartCreate.model_validate(values), VOCABULARY)


def make_action(conn: db.Connection, actor: Actor, *parts: PromptPart, **given: object) -> Action:
    chosen = parts or (make_part(conn, actor),)
    number = next(_numbers)
    values = {
        "name": f"action_{number}",
        "label": f"Action {number}",
        "output_kind": "text",
        "part_ids": [part.id for part in chosen],
        **given,
    }
    return actions.create_action(conn, actor, ActionCreate.model_validate(values), VOCABULARY)
