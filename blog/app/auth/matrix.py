"""The matrix: what roles may do in which stages. Refuses in words what it does not grant."""

from collections.abc import Mapping

from blog.app import db
from blog.app.auth import matrix_store as store
from blog.app.auth import reach
from blog.app.auth.models import Actor, Verb
from blog.app.errors import Forbidden, NotFound
from blog.app.translation import N_
from blog.app.translation import gettext as _

REFUSED: Mapping[Verb, str] = {
    "see": N_("You may not see what is in %(stage)s. Ask an administrator."),
    "edit": N_("You may not edit in %(stage)s. Ask an administrator."),
    "run": N_("You may not run actions in %(stage)s. Ask an administrator."),
    "accept": N_("You may not accept in %(stage)s what a model wrote. Ask somebody who may."),
    "move": N_("You may not move a post on from %(stage)s. Ask somebody who may."),
    "publish": N_("You may not publish from %(stage)s. Ask somebody who may."),
}


def check(conn: db.Connection, actor: Actor, verb: Verb, sub_stage_id: int) -> None:
    """Refuses what the actor's roles do not grant in the stage of this sub-stage, and names the stage."""
    if not reach.may(actor, verb, sub_stage_id):
        stage = store.find_stage_label(conn, sub_stage_id)
        if stage is None:
            raise NotFound(_("There is no such stage in this workflow."))
        raise Forbidden(_(REFUSED[verb], stage=stage), verb=verb, stage=stage)
