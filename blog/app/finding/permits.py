"""What somebody may do with a post that was found, as the services will decide it when it is tried. Pure."""

from typing import Protocol

from blog.app.auth import reach
from blog.app.auth.models import Actor
from blog.app.posts.permissions import POST_REMOVE, Authored, may_edit


class Placed(Authored, Protocol):
    """Something about a post that says where it stands."""

    @property
    def sub_stage_id(self) -> int: ...


class Dated(Placed, Protocol):
    """A post on a day, which may be the one it is set to appear on."""

    @property
    def is_scheduled(self) -> bool: ...


def may_move(actor: Actor, post: Placed) -> bool:
    """To another stage."""
    return may_edit(actor, post) and reach.may(actor, "move", post.sub_stage_id)


def may_remove(actor: Actor, post: Placed) -> bool:
    """And bring it back."""
    return actor.may(POST_REMOVE) and may_edit(actor, post) and reach.may(actor, "edit", post.sub_stage_id)


def may_move_day(actor: Actor, entry: Dated) -> bool:
    """To another day: the one it is set to appear on where that is what the entry is about."""
    verb = "publish" if entry.is_scheduled else "edit"
    return may_edit(actor, entry) and reach.may(actor, verb, entry.sub_stage_id)
