"""Tests with the values of a post: the post is read, by somebody who may, and never written."""

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Invalid
from blog.app.llm.inputs import Inputs
from blog.app.llm.runs import snapshot
from blog.app.llm.trials import services as trials
from blog.app.llm.trials.models import Source, Trial
from blog.app.llm.trials.schemas import TrialStart
from blog.app.posts import services as posts
from blog.app.translation import gettext as _
from blog.app.workflow import trees, workspaces


def start(conn: db.Connection, actor: Actor, action_id: int, asked: TrialStart) -> Trial:
    """Of a post or of given values, never of both."""
    if (asked.post_id is None) == (asked.values is None):
        raise Invalid(_("Name a post, or give values: one of the two."), field="post_id")
    return trials.start(
        conn,
        actor,
        action_id,
        inputs=_inputs(conn, actor, asked),
        source=Source(post_id=asked.post_id, section_id=asked.section_id),
        wanted=trials.wanted_by(asked),
        vocabulary=trees.vocabulary(conn),
    )


def _inputs(conn: db.Connection, actor: Actor, asked: TrialStart) -> Inputs:
    if asked.post_id is not None:
        post = posts.get_post(conn, actor, asked.post_id)
        return workspaces.gather_inputs(conn, actor, post.id, asked.section_id)
    if asked.section_id is not None or asked.values is None:
        raise Invalid(_("A section belongs to a post: name both."), field="section_id")
    given = asked.values
    return snapshot.restore(given.model_dump())
