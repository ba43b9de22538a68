"""Two versions held against each other: their make-up in words, and what they send for a post."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.automation import preview as previews
from blog.app.automation.models import PreviewOf
from blog.app.bench.models import PartEffect, Sent, VersionComparison, Viewer
from blog.app.errors import AppError
from blog.app.llm import assemble
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.models import Action, PromptPart
from blog.app.llm.registry import services as registry
from blog.app.posts import diff
from blog.app.translation import N_
from blog.app.translation import gettext as _
from blog.app.workflow import workspaces

DEFAULT = N_("the default one")


def compare_actions(
    conn: db.Connection,
    viewer: Viewer,
    old: Action,
    new: Action,
    *,
    post_id: int | None,
    section_id: int | None,
) -> VersionComparison:
    """The wordings are those that are live now: a version of an action names parts, not their versions."""
    fence = assemble.new_fence()

    def sent(action: Action) -> Sent | None:
        if post_id is None:
            return None
        section = section_id or usual_section(conn, viewer.actor, action.id, post_id)
        of = PreviewOf(
            action_id=action.id,
            post_id=post_id,
            section_id=section,
            version_id=action.version.id,
            fence=fence,
        )
        return _sent(conn, viewer, of)

    return _comparison(described(conn, old), described(conn, new), sent(old), sent(new))


def compare_wordings(old: str, new: str) -> VersionComparison:
    return _comparison(old, new, None, None)


def _comparison(old: str, new: str, sent_old: Sent | None, sent_new: Sent | None) -> VersionComparison:
    return VersionComparison(
        is_same=old == new,
        text=diff.diff(old, new),
        old=sent_old,
        new=sent_new,
        messages=diff.diff(sent_old.text, sent_new.text) if sent_old and sent_new else [],
    )


# --- what a part's change touches ----------------------------------------------------------------


def effects(
    conn: db.Connection, viewer: Viewer, part_id: int, version_id: int, post_id: int | None
) -> list[PartEffect]:
    """Every action that has the part live: what it sends now, and what it would send with this wording."""
    prompts.get_version_of_part(conn, part_id, version_id)
    uses = [use for use in prompts.list_part_uses(conn, part_id) if use.is_live]
    return [
        PartEffect(
            action_id=use.action_id,
            action_label=use.action_label,
            is_sent=use.is_sent,
            comparison=_effect(conn, viewer, use.action_id, version_id, post_id)
            if post_id is not None and use.is_sent
            else None,
        )
        for use in uses
    ]


def _effect(
    conn: db.Connection, viewer: Viewer, action_id: int, version_id: int, post_id: int
) -> VersionComparison:
    fence = assemble.new_fence()
    section_id = usual_section(conn, viewer.actor, action_id, post_id)

    def sent(part_version_ids: Sequence[int]) -> Sent:
        of = PreviewOf(
            action_id=action_id,
            post_id=post_id,
            section_id=section_id,
            part_version_ids=part_version_ids,
            fence=fence,
        )
        return _sent(conn, viewer, of)

    before, after = sent(()), sent((version_id,))
    return _comparison(before.text, after.text, before, after)


def usual_section(conn: db.Connection, actor: Actor, action_id: int, post_id: int) -> int | None:
    """An action for a field of sections is shown with the first section."""
    scopes = {place.field_scope for place in prompts.list_action_places(conn, action_id)}
    if scopes != {"section"}:
        return None
    sections = workspaces.get_workspace(conn, actor, post_id).sections
    return sections[0].section.id if sections else None


def _sent(conn: db.Connection, viewer: Viewer, of: PreviewOf) -> Sent:
    """What would be sent, or in words why nothing can be."""
    try:
        seen = previews.preview(conn, viewer.actor, viewer.keys, of)
    except AppError as problem:
        return Sent(text="", tokens=0, problem=problem.message)
    if seen.missing:
        return Sent(text="", tokens=0, problem=f"This post still lacks {', '.join(seen.missing)}.")
    return Sent(text=_as_text(seen.messages), tokens=seen.tokens, problem=seen.refusal or "")


def _as_text(messages: Sequence[Mapping[str, Any]]) -> str:
    return "\n\n".join(f"{each['role']} · {each['part_name']}\n{each['content']}" for each in messages)


# --- a make-up in words --------------------------------------------------------------------------


def described(conn: db.Connection, action: Action) -> str:
    """One line for each thing that can differ between two versions."""
    version = action.version
    lines = [
        _("Parts:"),
        *(f"  {line}" for line in _part_lines(conn, action)),
        _("Model: %(model)s", model=_model(conn, version.model_id, _(DEFAULT))),
        *(
            f"{name}: {json.dumps(value, ensure_ascii=False)}"
            for name, value in sorted(version.params.items())
        ),
        _("Works on: a selected passage") if version.takes_selection else _("Works on: a whole field"),
        *([] if version.wish_label is None else [_("Asks for: %(what)s", what=version.wish_label)]),
        *(_("Choice: %(choice)s", choice=choice) for choice in version.wish_choices),
        _("Writes: %(kind)s", kind=version.output_kind),
        *(_("Rule: %(rule)s", rule=json.dumps(rule, ensure_ascii=False)) for rule in version.validators),
        *_schema_lines(version.output_schema),
        _("Time allowed: %(seconds)s s", seconds=version.deadline_seconds),
        _("Asked again up to: %(n)s times", n=version.max_retries),
        _("If it fails for good: %(model)s", model=_model(conn, version.fallback_model_id, _("nobody"))),
        _("A failed reply is sent back up to: %(n)s times", n=version.max_repairs),
        *_saying(conn, version.repair_part_id),
    ]
    return "\n".join(lines)


def worded(part: PromptPart) -> str:
    """A wording with what else a version of a part has."""
    return f"{part.role} · {part.kind}\n\n{part.template}"


def _part_lines(conn: db.Connection, action: Action) -> list[str]:
    return [
        _("%(part)s (switched off)", part=name) if place in action.off_positions else name
        for place, part_id in enumerate(action.part_ids, start=1)
        for name in [prompts.get_part(conn, part_id).name]
    ]


def _model(conn: db.Connection, model_id: int | None, otherwise: str) -> str:
    if model_id is None:
        return otherwise
    model = registry.get_model(conn, model_id)
    return f"{model.label} · {model.provider_label}"


def _schema_lines(schema: Mapping[str, object] | None) -> list[str]:
    return [] if schema is None else [_("Schema:"), json.dumps(schema, ensure_ascii=False, indent=2)]


def _saying(conn: db.Connection, part_id: int | None) -> list[str]:
    return [] if part_id is None else [_("Saying: %(part)s", part=prompts.get_part(conn, part_id).name)]
