"""What the bench shows of an action: as it is saved, or as it is typed. Saves nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from werkzeug.datastructures import MultiDict

from blog.app import db
from blog.app.automation import preview as previews
from blog.app.automation.models import Preview, PreviewOf
from blog.app.bench import forms, rows
from blog.app.bench.models import BenchPage, Look, Row, Seen, Typed, TypedRow, Viewer
from blog.app.bench.passage_picks import PassagePick, list_picks
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.llm import assemble
from blog.app.llm.assemble import LeadingConstant, PartText
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.prompts import bench as texts
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts import typed as typing
from blog.app.llm.prompts.bench import Reading
from blog.app.llm.prompts.models import Action, PartUse, PromptPart
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Model
from blog.app.posts import services as posts
from blog.app.workflow import bindings, workspaces
from blog.app.workflow.models import Workspace

POSTS_OFFERED = 50


def typed_of(conn: db.Connection, action: Action, look: Look) -> Typed:
    """An action as its form would send it untouched: the newest wording of each part."""
    return Typed(
        base_version_id=action.version.id,
        rows=[
            forms.row_of(
                prompts.get_newest_part(conn, part_id),
                f"r{position}",
                is_off=position in action.off_positions,
            )
            for position, part_id in enumerate(action.part_ids, start=1)
        ],
        values=forms.values_of(action),
        look=look,
    )


def get_page(
    conn: db.Connection,
    viewer: Viewer,
    action: Action,
    typed: Typed,
    *,
    refusal: AppError | None = None,
    search: forms.LookQuery | None = None,
) -> BenchPage:
    """`refusal`: why it was not saved; it is shown at the place it is about."""
    wanted = search or forms.LookQuery(search="")
    seen = see(conn, viewer, action, typed)
    sent = _texts(conn, typed.rows)
    reading = _read(conn, sent, typed, viewer.vocabulary)
    shown = show_rows(conn, typed, seen, reading.leading, refusal)
    model = _model(conn, typed, seen)
    version = action.version
    fallback_id, repair_id = version.fallback_model_id, version.repair_part_id
    return BenchPage(
        action=action,
        live_number=prompts.get_action_version(conn, action.live_version_id).number,
        rows=shown,
        seen=seen,
        reads=reading.reads,
        leading=reading.leading,
        model=model,
        refused=_refused(conn, model, seen.preview),
        models=registry.list_usable_models(conn),
        fallback=None if fallback_id is None else registry.get_model(conn, fallback_id),
        repair_part=None if repair_id is None else prompts.load_part(conn, repair_id),
        repair_parts=prompts.list_repair_parts(conn),
        shelf=shelf(conn, wanted),
        drafts=drafts_of(shown),
        touched={part.id: touched(conn, action, part) for part in drafts_of(shown)},
        bindings=bindings.list_bindings(conn, action.id),
        choices=bindings.list_choices(conn, version.output_kind),
    )


def draft_versions(conn: db.Connection, action: Action, form: MultiDict[str, str]) -> list[int]:
    """Drafts of its parts that go live with it: what only this action has, and what was ticked."""
    newest = [prompts.get_newest_part(conn, part_id) for part_id in dict.fromkeys(action.part_ids)]
    return [
        part.version_id
        for part in newest
        if part.draft_version_id and (forms.is_ticked(form, part.id) or not touched(conn, action, part))
    ]


def touched(conn: db.Connection, action: Action, part: PromptPart) -> list[str]:
    """The other actions that a change of this part changes."""
    uses = prompts.list_part_uses(conn, part.id)
    return [use.action_label for use in uses if use.is_live and use.action_id != action.id]


def shelf(conn: db.Connection, wanted: forms.LookQuery) -> Sequence[PromptPart]:
    """By words or a tag, by role, by kind; whichever are given."""
    return [
        part
        for part in prompts.list_parts(conn, wanted.search.strip() or None)
        if wanted.role in {"", part.role} and wanted.kind in {"", part.kind}
    ]


# --- the preview of what is typed ----------------------------------------------------------------


def see(conn: db.Connection, viewer: Viewer, action: Action, typed: Typed) -> Seen:
    actor, vocabulary = viewer.actor, viewer.vocabulary
    choices = posts.list_latest(conn, actor, limit=POSTS_OFFERED)
    post_id = typed.look.post_id or (choices[0].id if choices else None)
    workspace = None if post_id is None else workspaces.get_workspace(conn, actor, post_id)
    scopes = _scopes(conn, typed, vocabulary)
    section_id = _section(typed.look, scopes, workspace)
    look = replace(typed.look, post_id=post_id, section_id=section_id)
    reads_passage = workspace is not None and "selection" in scopes
    picks = list_picks(conn, workspace, section_id) if workspace and reads_passage else ()
    errors, excerpts = _row_errors(conn, typed, vocabulary)
    seen = Seen(
        preview=None,
        problem="A part cannot be read; it says why." if errors else "",
        posts=choices,
        workspace=workspace,
        look=look,
        row_errors=errors,
        excerpts=excerpts,
        picks=picks,
        pick=next((pick for pick in picks if pick.key == look.passage), picks[0] if picks else None),
    )
    if reads_passage and not picks:
        return replace(seen, problem="This post has no running text yet that a passage could be of.")
    if errors or post_id is None:
        return seen
    try:
        of = preview_of(conn, action, replace(typed, look=look), seen.pick)
        return replace(seen, preview=previews.preview(conn, viewer.actor, viewer.keys, of))
    except AppError as problem:
        return replace(seen, problem=problem.message)


def preview_of(conn: db.Connection, action: Action, typed: Typed, pick: PassagePick | None) -> PreviewOf:
    sent = _texts(conn, typed.rows)
    make_up = forms.make_up(action, typed, [text.part_id for text in sent])
    return PreviewOf(
        action_id=action.id,
        post_id=typed.look.post_id or 0,
        section_id=pick.section_id if pick else typed.look.section_id,
        field_name=pick.field.name if pick else None,
        passage=pick.passage if pick else None,
        model_id=typed.look.model_id,
        typed=typing.typed_action(conn, action.id, make_up, sent),
    )


def _texts(conn: db.Connection, places: Sequence[TypedRow]) -> list[PartText]:
    return [
        PartText(
            part_id=row.part_id or 0,
            version=0,
            name=_part_name(conn, row),
            role=row.role,
            kind=row.kind,
            template=row.template,
        )
        for row in places
    ]


def _part_name(conn: db.Connection, row: TypedRow) -> str:
    if row.name or row.part_id is None:
        return row.name or "New part"
    return prompts.get_part(conn, row.part_id).name


def _scopes(conn: db.Connection, typed: Typed, vocabulary: Vocabulary) -> frozenset[str]:
    """What the parts that are on read: the post, a section, a passage. Nothing while one cannot be read."""
    on = [row for row in typed.rows if not row.is_off]
    try:
        return frozenset(each.scope for each in assemble.read_inputs(_texts(conn, on), vocabulary))
    except Invalid:
        return frozenset()


def _section(look: Look, scopes: frozenset[str], workspace: Workspace | None) -> int | None:
    """The section that was chosen, if it is this post's; the first one where the parts read a section."""
    ids = [each.section.id for each in workspace.sections] if workspace else []
    if look.section_id in ids:
        return look.section_id
    return ids[0] if ids and "section" in scopes else None


def _row_errors(
    conn: db.Connection, typed: Typed, vocabulary: Vocabulary
) -> tuple[dict[str, str], dict[str, str]]:
    """Also of what is switched off: it cannot be saved either."""
    errors: dict[str, str] = {}
    excerpts: dict[str, str] = {}
    for row, text in zip(typed.rows, _texts(conn, typed.rows), strict=True):
        try:
            assemble.parse_part(text, vocabulary)
        except Invalid as problem:
            errors[row.key] = problem.message
            excerpts[row.key] = rows.excerpt(row.template, problem)
    return errors, excerpts


# --- the stack -----------------------------------------------------------------------------------


def show_rows(
    conn: db.Connection,
    typed: Typed,
    seen: Seen,
    leading: LeadingConstant | None,
    refusal: AppError | None = None,
) -> list[Row]:
    refused_key = None if refusal is None else refusal.details.get("row")
    constant = _constant_keys(typed, leading)
    return [
        _row(
            conn,
            row,
            seen,
            never_changes=row.key in constant,
            refusal=refusal if row.key == refused_key else None,
        )
        for row in typed.rows
    ]


def drafts_of(stack: Sequence[Row]) -> list[PromptPart]:
    """Parts whose newest wording is not live yet, each once."""
    return list({row.part.id: row.part for row in stack if row.part and row.part.draft_version_id}.values())


def _row(
    conn: db.Connection, row: TypedRow, seen: Seen, *, never_changes: bool, refusal: AppError | None
) -> Row:
    part = None if row.part_id is None else prompts.get_newest_part(conn, row.part_id)
    moved_on = isinstance(refusal, Conflict) and "current_version_id" in refusal.details
    error = refusal.message if refusal else seen.row_errors.get(row.key, "")
    return Row(
        typed=replace(row, base_version_id=part.version_id) if moved_on and part else row,
        part=part,
        name=_part_name(conn, row),
        segments=texts.segments(row.template),
        tokens=assemble.estimate_tokens(row.template),
        never_changes=never_changes,
        is_open=part is None or bool(error) or row.is_fork,
        uses=_uses(conn, part),
        error=error,
        excerpt=seen.excerpts.get(row.key, ""),
        theirs=part if moved_on else None,
    )


def _uses(conn: db.Connection, part: PromptPart | None) -> Sequence[PartUse]:
    return [] if part is None else prompts.list_part_uses(conn, part.id)


def _constant_keys(typed: Typed, leading: LeadingConstant | None) -> frozenset[str]:
    on = [row.key for row in typed.rows if not row.is_off]
    return frozenset(on[: leading.parts]) if leading else frozenset()


def _read(conn: db.Connection, sent: Sequence[PartText], typed: Typed, vocabulary: Vocabulary) -> Reading:
    on = [text for text, row in zip(sent, typed.rows, strict=True) if not row.is_off]
    return texts.read(on, vocabulary, prompts.list_field_labels(conn))


# --- the model -----------------------------------------------------------------------------------


def _model(conn: db.Connection, typed: Typed, seen: Seen) -> Model | None:
    """The one that is looked at; also one that is switched off, so that the page can say so."""
    if seen.preview is not None:
        return seen.preview.model
    chosen = typed.look.model_id or typed.values.get("model_id", "")
    if chosen and str(chosen).isdigit():
        return registry.get_model(conn, int(chosen))
    return registry.find_default_model(conn)


def _refused(conn: db.Connection, model: Model | None, preview: Preview | None) -> Mapping[str, str]:
    """Parameter to sentence: what this model does not take, and what of this request was left out."""
    if model is None:
        return {}
    everywhere = registry.get_provider(conn, model.provider_id).options.get("refused")
    names = cast("list[object]", everywhere) if isinstance(everywhere, list) else []
    always = {*model.refused_params, *map(str, names)}
    said = dict.fromkeys(sorted(always), f"{model.label} does not take it: it is not sent.")
    dropped = preview.wire.dropped if preview and preview.wire else ()
    return {**said, **{each["name"]: f"Not sent: {each['reason']}." for each in dropped}}
