"""A post as its workflow shows it: its words by field and section, as prompts and pages read them."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from blog.app import db
from blog.app.auth import reach
from blog.app.auth.models import Actor
from blog.app.errors import NotFound
from blog.app.llm.inputs import Inputs, Reference
from blog.app.posts import services as posts
from blog.app.posts.models import Post, Revision, Section
from blog.app.posts.permissions import may_edit
from blog.app.translation import gettext as _
from blog.app.workflow import rules, trees, values
from blog.app.workflow.models import Field, FieldState, Material, Scope, SectionState, Workflow, Workspace

# Current values by section id and field id.
Values = Mapping[tuple[int | None, int], Revision]


def gather_inputs(conn: db.Connection, actor: Actor, post_id: int, section_id: int | None) -> Inputs:
    """What a prompt may read of this post as it is now, if it is the actor who asks."""
    return inputs_of(gather_material(conn, actor, post_id), section_id)


def gather_material(conn: db.Connection, actor: Actor, post_id: int) -> Material:
    """Four statements, whatever the size of the post."""
    post = posts.get_post(conn, actor, post_id)
    whole = trees.get_workflow(conn, post.workflow_id)
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
        field.name: values.parsed(field.kind, text_of(current, section_id, field))
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
    field = trees.find_field(conn, actor, post.workflow_id, field_name)
    trees.check_scope(conn, post_id, field, section_id)
    revision = posts.find_current(conn, post_id=post_id, section_id=section_id, field_id=field.id)
    return _field_state(field, section_id, revision)


def current_values(conn: db.Connection, post_id: int) -> dict[tuple[int | None, int], Revision]:
    """By section and field; the post's own under None."""
    return {
        (revision.section_id, revision.field_id): revision for revision in posts.current_values(conn, post_id)
    }


def text_of(current: Values, section_id: int | None, field: Field) -> str:
    revision = current.get((section_id, field.id))
    return revision.value if revision else ""


def texts_of(fields: Sequence[Field], section_id: int | None, current: Values) -> dict[int, str]:
    return {field.id: text_of(current, section_id, field) for field in fields}


def heading_of(workflow: Workflow, section_id: int, current: Values) -> str:
    naming = rules.naming_fields(workflow, "section")
    return rules.title(naming, texts_of(naming, section_id, current))
