"""The use cases of a post in its workflow: reading the tree, writing a field, moving on, the workspace.

A value is checked against its field here, and only here; what is stored is always in the field's form.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import JsonValue

from blog.app import db
from blog.app.auth import matrix, reach
from blog.app.auth.models import Actor, Verb
from blog.app.errors import Conflict, Invalid, NotFound
from blog.app.llm.inputs import Inputs, Reference, Vocabulary
from blog.app.llm.prompts.rules import JUDGE_VOCABULARY, REPAIR_VOCABULARY, WISH
from blog.app.posts import services as posts
from blog.app.posts.models import Origin, Post, Revision, Section
from blog.app.posts.permissions import may_edit
from blog.app.translation import gettext as _
from blog.app.workflow import rules, store, values
from blog.app.workflow.models import (
    Field,
    FieldState,
    Material,
    Scope,
    SectionState,
    Workflow,
    Workspace,
)

# Current values by section id and field id.
Values = Mapping[tuple[int | None, int], Revision]


# --- the registry --------------------------------------------------------------------------------


def get_workflow(conn: db.Connection, workflow_id: int) -> Workflow:
    workflow = store.find_workflow(conn, workflow_id)
    if workflow is None:
        raise NotFound(_("There is no such workflow."))
    return workflow


def get_seen_workflow(conn: db.Connection, actor: Actor, workflow_id: int) -> Workflow:
    """Without the fields the actor may not see; one of which they see nothing is not found."""
    seen = reach.seen(actor)
    workflow = get_workflow(conn, workflow_id)
    if seen is not None and not any(sub_stage.id in seen for sub_stage in rules.sub_stages(workflow)):
        raise NotFound(_("There is no such workflow."))
    return rules.narrowed(workflow, seen)


def default_workflow(conn: db.Connection, actor: Actor) -> Workflow:
    """The one new posts follow unless another is named: the oldest that is open to the actor."""
    return get_seen_workflow(conn, actor, default_workflow_id(conn, actor))


def default_workflow_id(conn: db.Connection, actor: Actor) -> int:
    workflow_id = store.find_default_workflow_id(conn, reach.seen(actor))
    if workflow_id is None:
        raise NotFound(_("No workflow is open to you. Ask an administrator."))
    return workflow_id


def oldest_workflow(conn: db.Connection) -> Workflow:
    """For what it calls its fields, whoever asks."""
    workflow_id = store.find_default_workflow_id(conn, None)
    if workflow_id is None:
        raise NotFound(_("This installation has no workflow. Load sql/starter.sql or add one."))
    return get_workflow(conn, workflow_id)


def _named_workflow(conn: db.Connection, actor: Actor, name: str) -> Workflow:
    missing = Invalid(_("There is no workflow named “%(name)s”.", name=name), field="workflow")
    workflow_id = store.find_workflow_id(conn, name)
    if workflow_id is None:
        raise missing
    try:
        return get_seen_workflow(conn, actor, workflow_id)
    except NotFound as closed:
        raise missing from closed


def find_field(conn: db.Connection, actor: Actor, workflow_id: int, name: str) -> Field:
    """One in a stage the actor may not see is not found."""
    field = store.find_field(conn, workflow_id, name)
    if field is None or not reach.may_see(actor, field.sub_stage_id):
        raise NotFound(_("There is no field “%(name)s” in this workflow.", name=name))
    return field


def check_scope(conn: db.Connection, post_id: int, field: Field, section_id: int | None) -> None:
    """A field of sections needs a section of this post that is there; a field of the post needs none."""
    if field.scope == "post" and section_id is not None:
        raise Invalid(
            _("%(field)s belongs to the post, not to a section.", field=field.label), field=field.name
        )
    if field.scope == "section":
        if section_id is None:
            raise Invalid(
                _("%(field)s belongs to a section: say which.", field=field.label), field=field.name
            )
        if posts.get_section(conn, post_id, section_id).removed_at is not None:
            raise Conflict(_("This section was removed. Bring it back first."), section_id=section_id)


def vocabulary(conn: db.Connection) -> Vocabulary:
    """What prompts may read, over all workflows; most inputs only where a reply is sent back or judged."""
    names = store.list_field_names(conn)
    return Vocabulary(
        post=frozenset(name for scope, name in names if scope == "post"),
        section=frozenset(name for scope, name in names if scope == "section"),
        input=REPAIR_VOCABULARY.input | JUDGE_VOCABULARY.input | {WISH.field},
    )


# --- writing -------------------------------------------------------------------------------------


def create_post_with_idea(
    conn: db.Connection, actor: Actor, idea: str, workflow_name: str | None = None
) -> Post:
    """A new post at the first sub-stage, its idea written in the workflow's first field."""
    if not idea.strip():
        raise Invalid(_("Write down the idea first; one line is enough."), field="idea")
    with conn.transaction():
        workflow = (
            _named_workflow(conn, actor, workflow_name) if workflow_name else default_workflow(conn, actor)
        )
        matrix.check(conn, actor, "edit", rules.sub_stages(workflow)[0].id)
        field = rules.first_field(workflow)
        post = posts.create_post(conn, actor, workflow.id, rules.sub_stages(workflow)[0].id)
        save_field(
            conn,
            actor,
            post_id=post.id,
            field_name=field.name,
            section_id=None,
            text=idea,
            base_revision_id=None,
        )
        return posts.get_post(conn, actor, post.id)


def save_field(
    conn: db.Connection,
    actor: Actor,
    *,
    post_id: int,
    field_name: str,
    section_id: int | None,
    text: str,
    base_revision_id: int | None,
    origin: Origin = "person",
    llm_run_id: int | None = None,
    verb: Verb = "edit",
) -> Revision:
    """Checks the text against its field and appends it; a Conflict carries the value that is there now.

    `verb`: what the actor must be allowed to do in the field's stage for it.
    """
    with conn.transaction():
        post = posts.get_post(conn, actor, post_id)
        field = find_field(conn, actor, post.workflow_id, field_name)
        return write_field(
            conn,
            actor,
            post,
            field,
            section_id=section_id,
            value=values.canonical(field, text),
            base_revision_id=base_revision_id,
            origin=origin,
            llm_run_id=llm_run_id,
            verb=verb,
        )


def restore_revision(
    conn: db.Connection, actor: Actor, revision_id: int, *, base_revision_id: int | None
) -> Revision:
    """The words of an older revision as a new one, after the base the editor saw."""
    with conn.transaction():
        old = posts.get_revision(conn, actor, revision_id)
        return write_field(
            conn,
            actor,
            posts.get_post(conn, actor, old.post_id),
            field_of(conn, old),
            section_id=old.section_id,
            value=old.value,
            base_revision_id=base_revision_id,
            origin="restore",
            restored_from_id=old.id,
        )


def field_of(conn: db.Connection, revision: Revision) -> Field:
    """Also an archived field."""
    field = store.find_field_by_id(conn, revision.field_id)
    if field is None:
        raise NotFound(_("There is no such field."))
    return field


def write_field(
    conn: db.Connection,
    actor: Actor,
    post: Post,
    field: Field,
    *,
    section_id: int | None,
    value: str,
    base_revision_id: int | None,
    origin: Origin = "person",
    llm_run_id: int | None = None,
    restored_from_id: int | None = None,
    verb: Verb = "edit",
) -> Revision:
    """Appends a value that is in the field's stored form already, keeping the post's title and day by it."""
    check_scope(conn, post.id, field, section_id)
    matrix.check(conn, actor, verb, field.sub_stage_id)
    if rules.is_date(field):
        matrix.check(conn, actor, "publish", post.sub_stage_id)
    try:
        revision = posts.revise(
            conn,
            actor,
            post_id=post.id,
            section_id=section_id,
            field_id=field.id,
            value=value,
            base_revision_id=base_revision_id,
            origin=origin,
            llm_run_id=llm_run_id,
            restored_from_id=restored_from_id,
        )
    except posts.Superseded as exc:
        raise _conflict(field, exc) from exc
    if field.scope == "post" and field.title_rank is not None:
        _rename(conn, post)
    if rules.is_date(field):
        _schedule(conn, post)
    return revision


def _conflict(field: Field, conflict: posts.Superseded) -> Conflict:
    """With what a program needs to merge: the current revision's id and its value as JSON."""
    current = conflict.current
    return Conflict(
        _("%(field)s: %(message)s", field=field.label, message=conflict.message),
        field=field.name,
        current_revision_id=current.id if current else None,
        current_value=values.parsed(field.kind, current.value) if current else None,
    )


def _rename(conn: db.Connection, post: Post) -> None:
    naming = rules.naming_fields(get_workflow(conn, post.workflow_id), "post")
    current = current_values(conn, post.id)
    posts.rename(conn, post.id, rules.title(naming, _texts(naming, None, current)))


def _schedule(conn: db.Connection, post: Post) -> None:
    current = current_values(conn, post.id)
    fields = rules.date_fields(get_workflow(conn, post.workflow_id))
    days = [_text(current, None, field) for field in fields]
    posts.schedule(conn, post.id, next((date.fromisoformat(day) for day in days if day), None))


def move_post(conn: db.Connection, actor: Actor, post_id: int, sub_stage: int | str) -> Post:
    """To any sub-stage of its workflow, by id or name, forward or back."""
    post = posts.get_post(conn, actor, post_id)
    place = rules.place(get_workflow(conn, post.workflow_id), sub_stage)
    return posts.move_to_sub_stage(conn, actor, post_id, place.sub_stage.id)


# --- reading -------------------------------------------------------------------------------------


def gather_inputs(conn: db.Connection, actor: Actor, post_id: int, section_id: int | None) -> Inputs:
    """What a prompt may read of this post as it is now, if it is the actor who asks."""
    return inputs_of(gather_material(conn, actor, post_id), section_id)


def gather_material(conn: db.Connection, actor: Actor, post_id: int) -> Material:
    """Four statements, whatever the size of the post."""
    post = posts.get_post(conn, actor, post_id)
    whole = get_workflow(conn, post.workflow_id)
    return Material(
        post=post,
        whole=whole,
        workflow=rules.narrowed(whole, reach.seen(actor)),
        sections=posts.list_sections(conn, post_id),
        current=current_values(conn, post_id),
    )


def inputs_of(material: Material, section_id: int | None) -> Inputs:
    workflow, current = material.workflow, material.current
    read = [
        _section_inputs(workflow, section.id, number, current)
        for number, section in enumerate(material.sections, start=1)
    ]
    ids = [section.id for section in material.sections]
    if section_id is not None and section_id not in ids:
        raise NotFound(_("There is no such section in this post."))
    return Inputs(
        post={**_parsed(workflow, "post", None, current), "title": material.post.title},
        sections=read,
        section=None if section_id is None else read[ids.index(section_id)],
        withheld=_withheld(material.whole, workflow),
    )


def _withheld(whole: Workflow, narrowed: Workflow) -> frozenset[Reference]:
    """What a prompt might read and the actor may not; a heading is that of the fields that name sections."""
    hidden = rules.hidden_names(whole, narrowed)
    of_sections = hidden["section"]
    if rules.naming_fields(whole, "section") != rules.naming_fields(narrowed, "section"):
        of_sections |= {"heading"}
    return frozenset(
        {Reference(scope="post", field=name) for name in hidden["post"]}
        | {Reference(scope="section", field=name) for name in of_sections}
        | {Reference(scope="sections", field=name) for name in of_sections}
    )


def _section_inputs(
    workflow: Workflow, section_id: int, position: int, current: Values
) -> dict[str, JsonValue]:
    return {
        **_parsed(workflow, "section", section_id, current),
        "heading": heading_of(workflow, section_id, current),
        "position": position,
    }


def _parsed(
    workflow: Workflow, scope: Scope, section_id: int | None, current: Values
) -> dict[str, JsonValue]:
    return {
        field.name: values.parsed(field.kind, _text(current, section_id, field))
        for field in rules.fields(workflow, scope)
    }


def get_workspace(
    conn: db.Connection, actor: Actor, post_id: int, sub_stage_name: str | None = None
) -> Workspace:
    """`sub_stage_name` None: where the post stands."""
    return workspace_of(actor, gather_material(conn, actor, post_id), sub_stage_name)


def workspace_of(actor: Actor, material: Material, sub_stage_name: str | None = None) -> Workspace:
    post, workflow = material.post, material.workflow
    sections, current = material.sections, material.current
    place = rules.place(workflow, sub_stage_name or post.sub_stage_id)
    if not reach.may_see(actor, place.sub_stage.id):
        raise NotFound(_("There is no such stage in this workflow."))
    filled = {key for key, revision in current.items() if values.is_filled(revision.value)}
    return Workspace(
        post=post,
        workflow=workflow,
        stage=place.stage,
        sub_stage=place.sub_stage,
        previous=place.previous,
        next=place.next,
        fields=_field_states(place.sub_stage.fields, "post", None, current),
        sections=[_section_state(workflow, place, section, current) for section in sections],
        progress=rules.progress(workflow, [section.id for section in sections], filled),
        may_edit=may_edit(actor, post) and reach.may(actor, "edit", place.sub_stage.id),
        may_move=may_edit(actor, post) and reach.may(actor, "move", post.sub_stage_id),
        may_run=may_edit(actor, post) and reach.may(actor, "run", place.sub_stage.id),
        may_accept=may_edit(actor, post) and reach.may(actor, "accept", place.sub_stage.id),
        may_arrange=may_edit(actor, post) and _may_arrange(workflow, actor, post),
        seen=frozenset(
            sub_stage.id for sub_stage in rules.sub_stages(workflow) if reach.may_see(actor, sub_stage.id)
        ),
    )


def _may_arrange(workflow: Workflow, actor: Actor, post: Post) -> bool:
    """Sections as such belong to the stage of the field that names them; see posts."""
    first = next(iter([*rules.naming_fields(workflow, "section"), *rules.fields(workflow, "section")]), None)
    return reach.may(actor, "edit", first.sub_stage_id if first else post.sub_stage_id)


def _section_state(workflow: Workflow, place: rules.Place, section: Section, current: Values) -> SectionState:
    return SectionState(
        section=section,
        heading=heading_of(workflow, section.id, current),
        fields=_field_states(place.sub_stage.fields, "section", section.id, current),
    )


def _field_states(
    fields: Sequence[Field], scope: Scope, section_id: int | None, current: Values
) -> list[FieldState]:
    return [
        _field_state(field, section_id, current.get((section_id, field.id)))
        for field in fields
        if field.scope == scope
    ]


def _field_state(field: Field, section_id: int | None, revision: Revision | None) -> FieldState:
    return FieldState(
        field=field,
        section_id=section_id,
        revision=revision,
        shown=values.shown(field.kind, revision.value) if revision else "",
        revisions=revision.number if revision else 0,  # numbers have no gaps
    )


def get_field_state(
    conn: db.Connection, actor: Actor, post_id: int, field_name: str, section_id: int | None
) -> FieldState:
    """One field of a post or section, as the workspace has it."""
    post = posts.get_post(conn, actor, post_id)
    field = find_field(conn, actor, post.workflow_id, field_name)
    check_scope(conn, post_id, field, section_id)
    revision = posts.find_current(conn, post_id=post_id, section_id=section_id, field_id=field.id)
    return _field_state(field, section_id, revision)


def current_values(conn: db.Connection, post_id: int) -> dict[tuple[int | None, int], Revision]:
    """By section and field; the post's own under None."""
    return {
        (revision.section_id, revision.field_id): revision for revision in posts.current_values(conn, post_id)
    }


def _text(current: Values, section_id: int | None, field: Field) -> str:
    revision = current.get((section_id, field.id))
    return revision.value if revision else ""


def _texts(fields: Sequence[Field], section_id: int | None, current: Values) -> dict[int, str]:
    return {field.id: _text(current, section_id, field) for field in fields}


def heading_of(workflow: Workflow, section_id: int, current: Values) -> str:
    naming = rules.naming_fields(workflow, "section")
    return rules.title(naming, _texts(naming, section_id, current))
