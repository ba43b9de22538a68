"""Applying a plan of sections to a post: creates, describes and orders them, and removes none."""

from dataclasses import dataclass

from pydantic import JsonValue

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Invalid
from blog.app.posts import services as posts
from blog.app.posts.models import Post, Revision, Section
from blog.app.translation import gettext as _
from blog.app.workflow import rules, trees, values, workspaces
from blog.app.workflow import services as workflows
from blog.app.workflow.models import Field, Workflow
from blog.app.workflow.plan import PlanStep, PresentSection, plan_sections, read_plan

# A plan's descriptions go to the section field of this name, where the workflow has one.
DESCRIPTION_FIELD = "section_description"


def apply_section_plan(
    conn: db.Connection, actor: Actor, post_id: int, plan: JsonValue, llm_run_id: int | None = None
) -> list[Section]:
    """Creates and orders sections as the plan says; applied twice, it does nothing the second time.

    A description replaces an empty one or one that a model wrote, never a person's.
    """
    planned = read_plan(plan)
    with conn.transaction():
        post = posts.lock_to_edit(conn, actor, post_id)
        workflow = trees.get_workflow(conn, post.workflow_id)
        fields = _planned_fields(workflow)
        current = workspaces.current_values(conn, post_id)
        present = [
            PresentSection(id=section.id, heading=workspaces.heading_of(workflow, section.id, current))
            for section in posts.list_sections(conn, post_id)
        ]
        made = plan_sections(present, planned)
        ids = [step.section_id or posts.add_section(conn, actor, post_id).id for step in made.steps]
        for section_id, step in zip(ids, made.steps, strict=True):
            for field, text in _planned_texts(fields, step):
                _fill(
                    conn,
                    actor,
                    post,
                    field,
                    section_id=section_id,
                    text=text,
                    current=current.get((section_id, field.id)),
                    llm_run_id=llm_run_id,
                )
        return posts.reorder_sections(conn, actor, post_id, [*ids, *made.kept])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFields:
    """Where a plan's words go. `description` None: the workflow has no such field."""

    heading: Field
    description: Field | None


def _planned_fields(workflow: Workflow) -> PlannedFields:
    heading = next(iter(rules.naming_fields(workflow, "section")), None)
    if heading is None:
        raise Invalid(_("In the workflow “%(workflow)s” no field names a section.", workflow=workflow.label))
    named = (field for field in rules.fields(workflow, "section") if field.name == DESCRIPTION_FIELD)
    return PlannedFields(heading=heading, description=next(named, None))


def _planned_texts(fields: PlannedFields, step: PlanStep) -> list[tuple[Field, str]]:
    texts: list[tuple[Field, str]] = []
    if step.section_id is None:
        texts.append((fields.heading, step.planned.heading))
    if fields.description is not None and step.planned.description:
        texts.append((fields.description, step.planned.description))
    return texts


def _fill(
    conn: db.Connection,
    actor: Actor,
    post: Post,
    field: Field,
    *,
    section_id: int,
    text: str,
    current: Revision | None,
    llm_run_id: int | None,
) -> None:
    if current is not None and values.is_filled(current.value) and current.origin != "run":
        return  # a person's words
    workflows.write_field(
        conn,
        actor,
        post,
        field,
        section_id=section_id,
        value=values.canonical(field, text),
        base_revision_id=current.id if current else None,
        origin="person" if llm_run_id is None else "run",
        llm_run_id=llm_run_id,
    )
