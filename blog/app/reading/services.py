"""The use cases of reading: a post as readers get it, as a file, as it was, and how it came to be."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.auth.reach import may, seen
from blog.app.errors import Invalid, NotFound
from blog.app.posts import services as posts
from blog.app.posts.diff import Segment, diff
from blog.app.posts.models import Post, Revision
from blog.app.reading import article as articles
from blog.app.reading import export, store
from blog.app.reading.models import (
    Article,
    Choice,
    Export,
    ExportedField,
    ExportedSection,
    ExportFormat,
    HistoryChoices,
    PostExport,
    PostHistory,
    PostHistoryEntry,
    PostRevision,
    PostSnapshot,
    RevisionComparison,
    SnapshotField,
)
from blog.app.translation import gettext as _
from blog.app.workflow import compare, field_values, rules, trees, values, workspaces
from blog.app.workflow import services as workflows
from blog.app.workflow.models import Field, Workflow

RUNS_OFFERED = 200
_EXPORT = TypeAdapter(PostExport)


# --- the article ---------------------------------------------------------------------------------


def get_article(conn: db.Connection, actor: Actor, post_id: int) -> Article:
    """As it is now."""
    post = posts.get_post(conn, actor, post_id)
    section_ids = [section.id for section in posts.list_sections(conn, post_id)]
    return _article(conn, actor, post, section_ids, workspaces.current_values(conn, post_id).values())


def _article(
    conn: db.Connection,
    actor: Actor,
    post: Post,
    section_ids: Sequence[int],
    revisions: Iterable[Revision],
    *,
    as_of: datetime | None = None,
) -> Article:
    """Of the fields that the actor may see."""
    current = {(revision.section_id, revision.field_id): revision for revision in revisions}
    run_ids = [revision.llm_run_id for revision in current.values() if revision.llm_run_id is not None]
    return articles.made(
        trees.get_seen_workflow(conn, actor, post.workflow_id),
        post.id,
        section_ids,
        current,
        rehearsed=frozenset(store.list_rehearsed_runs(conn, run_ids)),
        as_of=as_of,
    )


# --- exports -------------------------------------------------------------------------------------


def export_post(conn: db.Connection, actor: Actor, post_id: int, form: ExportFormat) -> Export:
    post = posts.get_post(conn, actor, post_id)
    found = get_article(conn, actor, post_id)
    title = found.title or post.title
    match form:
        case "markdown":
            text = export.markdown(found, post.updated_at)
            return Export(
                name=export.file_name(title, post_id, "md"),
                media_type="text/markdown; charset=utf-8",
                text=text,
            )
        case "html":
            return Export(
                name=export.file_name(title, post_id, "html"),
                media_type="text/html; charset=utf-8",
                text=export.html(found),
            )
        case "json":
            text = _EXPORT.dump_json(_everything(conn, actor, post, found), indent=2).decode()
            return Export(
                name=export.file_name(title, post_id, "json"), media_type="application/json", text=f"{text}\n"
            )


def _everything(conn: db.Connection, actor: Actor, post: Post, found: Article) -> PostExport:
    workflow = trees.get_seen_workflow(conn, actor, post.workflow_id)
    current = workspaces.current_values(conn, post.id)
    ids = store.list_revision_ids(conn, post.id)

    def fields(scope_fields: Sequence[Field], section_id: int | None) -> list[ExportedField]:
        return [
            ExportedField(
                value=field_values.field_value(field, section_id, current.get((section_id, field.id))),
                revision_ids=ids.get((section_id, field.id), []),
            )
            for field in scope_fields
        ]

    sections = [*posts.list_sections(conn, post.id), *posts.list_removed_sections(conn, post.id)]
    of_sections = rules.fields(workflow, "section")
    return PostExport(
        post=post,
        workflow=workflow.name,
        sub_stage=rules.place(workflow, post.sub_stage_id).sub_stage.name,
        words=found.words,
        minutes=found.minutes,
        fields=fields(rules.fields(workflow, "post"), None),
        sections=[
            ExportedSection(
                id=section.id, removed_at=section.removed_at, fields=fields(of_sections, section.id)
            )
            for section in sections
        ],
    )


# --- history -------------------------------------------------------------------------------------


def get_post_history(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    *,
    field_id: int | None = None,
    section_id: int | None = None,
    person_id: int | None = None,
    run_id: int | None = None,
    after: int | None = None,
    limit: int = 30,
) -> PostHistory:
    """Every revision of every field, narrowed as asked, each with what it changed in the one before."""
    post = posts.get_post(conn, actor, post_id)
    found = store.list_history(
        conn,
        post_id,
        seen=seen(actor),
        field_id=field_id,
        section_id=section_id,
        person_id=person_id,
        run_id=run_id,
        after=after,
        limit=limit + 1,
    )
    shown = found[:limit]
    return PostHistory(
        items=_entries(conn, actor, trees.get_seen_workflow(conn, actor, post.workflow_id), post_id, shown),
        next=str(shown[-1].id) if len(found) > limit else None,
    )


def _entries(
    conn: db.Connection, actor: Actor, workflow: Workflow, post_id: int, revisions: Sequence[PostRevision]
) -> list[PostHistoryEntry]:
    headings = _headings(conn, workflow, post_id)
    fields = {field.id: field for field in rules.fields(workflow)}
    return [
        PostHistoryEntry(
            revision=_as_writable(actor, fields.get(revision.field_id), revision),
            heading=headings.get(revision.section_id or 0, ""),
            segments=_changed(fields.get(revision.field_id), revision),
        )
        for revision in revisions
    ]


def _as_writable(actor: Actor, field: Field | None, revision: PostRevision) -> PostRevision:
    """Whether it can be restored is also said by the stage of its field."""
    may_write = field is not None and may(actor, "edit", field.sub_stage_id)
    return replace(revision, is_writable=revision.is_writable and may_write)


def _headings(conn: db.Connection, workflow: Workflow, post_id: int) -> dict[int, str]:
    """Of removed sections too."""
    naming = rules.naming_fields(workflow, "section")
    names: dict[int, dict[int, str]] = {}
    for name in store.list_section_names(conn, post_id, [field.id for field in naming]):
        names.setdefault(name.section_id, {})[name.field_id] = name.value
    return {section_id: rules.title(naming, texts) for section_id, texts in names.items()}


def _changed(field: Field | None, revision: PostRevision) -> list[Segment] | None:
    if revision.value is None:
        return None
    return compare.shortened(_segments(field, revision.base_value or "", revision.value))


def _segments(field: Field | None, old: str, new: str) -> Sequence[Segment]:
    """A field that was archived has its words compared as they are stored."""
    return compare.compared(field, old, new).segments if field else diff(old, new)


def list_history_choices(conn: db.Connection, actor: Actor, post_id: int) -> HistoryChoices:
    post = posts.get_post(conn, actor, post_id)
    workflow = trees.get_seen_workflow(conn, actor, post.workflow_id)
    headings = _headings(conn, workflow, post_id)
    sections = [*posts.list_sections(conn, post_id), *posts.list_removed_sections(conn, post_id)]
    return HistoryChoices(
        fields=store.list_written_fields(conn, post_id, seen(actor)),
        sections=[
            Choice(
                id=section.id, label=headings.get(section.id) or _("Untitled section %(id)s", id=section.id)
            )
            for section in sections
        ],
        people=store.list_writers(conn, post_id, seen(actor)),
        runs=store.list_writing_runs(conn, post_id, seen(actor), limit=RUNS_OFFERED),
    )


def compare_revisions(
    conn: db.Connection, actor: Actor, post_id: int, old_id: int, new_id: int
) -> RevisionComparison:
    """Any two of one field of one place."""
    post = posts.get_post(conn, actor, post_id)
    old, new = (
        _found(store.find_post_revision(conn, post_id, each, seen(actor))) for each in (old_id, new_id)
    )
    if (old.field_id, old.section_id) != (new.field_id, new.section_id):
        raise Invalid(_("Choose two revisions of the same field; these are of two."))
    workflow = trees.get_seen_workflow(conn, actor, post.workflow_id)
    field = next((field for field in rules.fields(workflow) if field.id == old.field_id), None)
    return RevisionComparison(
        old=_as_writable(actor, field, old),
        new=_as_writable(actor, field, new),
        heading=_headings(conn, workflow, post_id).get(old.section_id or 0, ""),
        segments=_segments(field, old.value or "", new.value or ""),
    )


def _found(revision: PostRevision | None) -> PostRevision:
    if revision is None:
        raise NotFound(_("There is no such revision in this post."))
    return revision


def restore_in_history(
    conn: db.Connection, actor: Actor, post_id: int, revision_id: int, *, base_revision_id: int | None
) -> Revision:
    """An older revision's words as a new one, after the base the editor saw."""
    with conn.transaction():
        posts.get_post(conn, actor, post_id)
        _found(store.find_post_revision(conn, post_id, revision_id, seen(actor)))
        return workflows.restore_revision(conn, actor, revision_id, base_revision_id=base_revision_id)


# --- the post as it was --------------------------------------------------------------------------


def get_snapshot(conn: db.Connection, actor: Actor, post_id: int, at: datetime) -> PostSnapshot:
    """Words, sections and their order as they were at that moment; before its beginning: NotFound."""
    post = posts.get_post(conn, actor, post_id)
    then = store.list_values_at(conn, post_id, at)
    if not then and at < post.created_at:
        raise NotFound(_("This post had not been begun then."))
    section_ids = store.find_section_ids_at(conn, post_id, at) or []
    return PostSnapshot(
        at=at,
        article=_article(conn, actor, post, section_ids, then, as_of=at),
        fields=_fields_then(conn, actor, post, section_ids, then),
    )


def _fields_then(
    conn: db.Connection, actor: Actor, post: Post, section_ids: Sequence[int], then: Sequence[Revision]
) -> list[SnapshotField]:
    """In the order of the workflow, those of sections section by section; cleared ones are left out."""
    workflow = trees.get_seen_workflow(conn, actor, post.workflow_id)
    held = {(revision.section_id, revision.field_id): revision for revision in then}
    now = workspaces.current_values(conn, post.id)
    present = {section.id for section in posts.list_sections(conn, post.id)}
    places = [(None, field) for field in rules.fields(workflow, "post")] + [
        (section_id, field) for section_id in section_ids for field in rules.fields(workflow, "section")
    ]
    return [
        SnapshotField(
            field_name=field.name,
            field_label=field.label,
            kind=field.kind,
            section_id=section_id,
            heading="" if section_id is None else workspaces.heading_of(workflow, section_id, held),
            shown=compare.shown(field, revision.value),
            revision_id=revision.id,
            number=revision.number,
            author_id=revision.author_id,
            author_name=revision.author_name,
            llm_run_id=revision.llm_run_id,
            created_at=revision.created_at,
            current_id=now[section_id, field.id].id,
            is_writable=(section_id is None or section_id in present)
            and may(actor, "edit", field.sub_stage_id),
        )
        for section_id, field in places
        if (revision := held.get((section_id, field.id))) and values.is_filled(revision.value)
    ]
