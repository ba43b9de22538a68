"""The permissions there are: declared next to each feature, granted to roles as rows, denied by default."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import g

from blog.app.auth.models import Actor
from blog.app.errors import Forbidden, Unauthenticated
from blog.app.translation import N_
from blog.app.translation import gettext as _

P = ParamSpec("P")
R = TypeVar("R")

PERMISSIONS: dict[str, str] = {}


def permission(name: str, description: str) -> str:
    """Declares a permission and returns its name."""
    if name in PERMISSIONS:
        raise ValueError(f"There are two permissions named {name}.")
    PERMISSIONS[name] = description
    return name


PEOPLE_MANAGE = permission("people.manage", N_("Add people, change their roles, deactivate them"))
ROLES_MANAGE = permission("roles.manage", N_("Make roles and change what they may do"))
OUTGOING_MANAGE = permission("outgoing.manage", N_("Allow calls to hosts that are no public addresses"))
TOKENS_CREATE = permission("tokens.create", N_("Create API tokens for oneself"))

SYSTEM = Actor(user_id=None, name="BlogForge", permissions=frozenset())


def current_actor() -> Actor:
    """The actor of this request, for edges only; services get it as a parameter."""
    actor = cast(Actor | None, g.get("actor"))
    if actor is None:
        raise Unauthenticated(_("Sign in first."))
    return actor


def check(actor: Actor, permission_name: str) -> None:
    """Refuses what was not granted, in words."""
    if not actor.may(permission_name):
        what = _(PERMISSIONS[permission_name])
        raise Forbidden(
            _("You may not do this: %(what)s. Ask an administrator.", what=what[:1].lower() + what[1:])
        )


def unattended(view: Callable[P, R]) -> Callable[P, R]:
    """Declares what pages ask for by themselves: it does not keep anybody signed in."""
    view.__dict__["is_unattended"] = True
    return view


def requires(permission_name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declares at an edge what its caller must be granted."""
    if permission_name not in PERMISSIONS:
        raise ValueError(f"No permission is named {permission_name}.")

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            check(current_actor(), permission_name)
            return view(*args, **kwargs)

        checked.__dict__["access"] = permission_name
        return checked

    return decorate


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Declares an edge for anyone who is signed in, whatever they may do."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        current_actor()
        return view(*args, **kwargs)

    checked.__dict__["access"] = "signed-in"
    return checked


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Declares an edge for everybody: sign-in, health, the first administrator's link."""
    view.__dict__["access"] = "public"
    return view
