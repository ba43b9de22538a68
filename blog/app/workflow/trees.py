"""The trees of stages and fields there are, as far as somebody may see them, and the fields in them."""

from blog.app import db
from blog.app.auth import reach
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Invalid, NotFound
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.prompts.rules import JUDGE_VOCABULARY, REPAIR_VOCABULARY, WISH
from blog.app.posts import services as posts
from blog.app.posts.models import Revision
from blog.app.translation import gettext as _
from blog.app.workflow import rules, store
from blog.app.workflow.models import Field, Workflow


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


def named_workflow(conn: db.Connection, actor: Actor, name: str) -> Workflow:
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


def field_of(conn: db.Connection, revision: Revision) -> Field:
    """Also an archived field."""
    field = store.find_field_by_id(conn, revision.field_id)
    if field is None:
        raise NotFound(_("There is no such field."))
    return field
