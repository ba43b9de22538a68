"""Runs one action from the command line and prints its answer as it comes. It accepts nothing for anybody."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import click

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.automation import passages
from blog.app.automation import services as automation
from blog.app.automation.models import Passage
from blog.app.errors import Conflict, Invalid, NotFound, Upstream
from blog.app.llm.prompts import services as prompts
from blog.app.llm.registry import services as registry
from blog.app.llm.runs import events
from blog.app.llm.runs import services as runs
from blog.app.posts import services as posts
from blog.app.workflow import trees, workspaces
from blog.app.workflow.models import FieldState

REMEDY = f"Connect a model: {registry.CONNECT}"


def run(
    conn: db.Connection,
    actor: Actor,
    url: str,
    *,
    action: str,
    post_id: int,
    section_id: int | None,
    field_name: str | None,
    model: str | None,
    passage: str | None,
    wish: str,
) -> None:
    if passage is None:
        field, action_id = _offer(conn, actor, post_id, action, field_name)
        meant = None
    else:
        field, action_id = _for_passages(conn, action, field_name)
        meant = _passage(workspaces.get_field_state(conn, actor, post_id, field, section_id), passage)
    started = automation.start(
        conn,
        actor,
        post_id=post_id,
        field_name=field,
        section_id=section_id,
        action_id=action_id,
        model_id=_model_id(conn, model) if model else None,
        passage=meant,
        wish=wish,
    )
    click.echo(f"Run {started.id} for the field {field}, by {started.model_name}:", err=True)
    if started.is_rehearsal:
        click.echo(f"The rehearsal only proves the wiring: this is nonsense. {REMEDY}", err=True)
    try:
        _print_answer(url, started.id)
    except KeyboardInterrupt:
        with suppress(Conflict):  # it had ended already
            runs.cancel_run(conn, actor, started.id)
        raise


def _offer(
    conn: db.Connection, actor: Actor, post_id: int, action: str, field_name: str | None
) -> tuple[str, int]:
    """The field that offers the action, and the action's number."""
    tree = trees.get_workflow(conn, posts.get_post(conn, actor, post_id).workflow_id)
    offers = [
        (field.name, offered)
        for stage in tree.stages
        for sub_stage in stage.sub_stages
        for field in sub_stage.fields
        for offered in field.actions
        if field_name in (None, field.name)
    ]
    found = [(name, offered.action_id) for name, offered in offers if offered.name == action]
    match found:
        case [only]:
            return only
        case []:
            names = ", ".join(sorted({offered.name for _, offered in offers})) or "none"
            raise NotFound(f"No field offers the action {action!r}. What there is: {names}.")
        case _:
            names = ", ".join(name for name, _ in found)
            raise Invalid(f"Several fields offer {action!r} ({names}); choose one with --field.")


def _for_passages(conn: db.Connection, action: str, field_name: str | None) -> tuple[str, int]:
    """Every text offers the same ones, so the field has to be named."""
    if field_name is None:
        raise Invalid("Say with --field in which field the passage stands.")
    offered = {offer.name: offer.id for offer in prompts.list_selection_actions(conn)}
    if action not in offered:
        names = ", ".join(sorted(offered)) or "none"
        raise NotFound(f"{action!r} is no action that works on a passage. What there is: {names}.")
    return field_name, offered[action]


def _passage(state: FieldState, words: str) -> Passage:
    """Where in the field these words stand."""
    field_name = state.field.name
    match passages.places(state.revision.value if state.revision else "", words):
        case [only]:
            return only
        case []:
            raise Invalid(f"The field {field_name} does not have these words: give them just as they stand.")
        case several:
            raise Invalid(
                f"The field {field_name} has these words {len(several)} times: "
                "give more of what is around them."
            )


def _model_id(conn: db.Connection, wanted: str) -> int:
    models = registry.list_usable_models(conn)
    for model in models:
        if wanted in (model.name, f"{model.provider_name}/{model.name}"):
            return model.id
    names = ", ".join(f"{model.provider_name}/{model.name}" for model in models) or "none"
    raise NotFound(f"There is no model {wanted!r} that could be used now. What there is: {names}.")


def _print_answer(url: str, run_id: int) -> None:
    """Prints a run's answer, and those of the repairs that go on for it."""
    wakeups = events.Wakeups(url)
    current: int | None = run_id
    with db.open_pool(url, max_size=2, name="blogforge-cli") as pool:
        while current is not None:
            current = _print_one(pool, wakeups, current)


def _print_one(pool: db.Pool, wakeups: events.Wakeups, run_id: int) -> int | None:
    """The run that goes on for this one, None when it is the last."""
    for _, kind, told in events.follow(pool, wakeups, run_id):
        match kind:
            case "started" if told["attempt"] > 1:
                click.echo("\nThe worker died; the answer begins again:", err=True)
            case "retrying":
                click.echo(f"{told['model']}: {told['error_message']} Asking again.", err=True)
            case "text":
                click.echo(told["text"], nl=False)
            case "done":
                click.echo()
                if told.get("repaired_by_id") is None:
                    _conclude(run_id, told)
                    return None
                click.echo(f"Sent back: {' '.join(told['problems'])}", err=True)
                return int(told["repaired_by_id"])
            case _:
                pass
    return None


def _conclude(run_id: int, told: Mapping[str, Any]) -> None:
    if told["status"] != "succeeded":
        reason = told["error_message"] or " ".join(told["problems"]) or told["status"]
        raise Upstream(f"Run {run_id} ended as {told['status']}: {reason}")
    click.echo("It is kept as a suggestion: accept or discard it on the post's page.", err=True)
