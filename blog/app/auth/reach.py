"""What somebody may do in which sub-stage: permissions and the matrix together. Pure; no right without a row.

Whoever may not see a place may do nothing else there. Sub-stages are asked about rather than stages,
because that is where posts stand and fields are; a sub-stage has the rights of its stage.
"""

from collections.abc import Collection, Mapping

from blog.app.auth.models import Actor, Reach, Verb
from blog.app.auth.permissions import permission
from blog.app.translation import N_

POST_READ = permission("post.read", N_("Read posts"))

VERBS: Mapping[Verb, str] = {
    "see": N_("See"),
    "edit": N_("Edit"),
    "run": N_("Run an action"),
    "accept": N_("Accept"),
    "move": N_("Move on"),
    "publish": N_("Publish"),
}


def made(places: Mapping[Verb, Collection[int]] | None, sub_stages: int) -> Reach:
    """Of what the database says. `places` None: everywhere. `sub_stages`: how many there are."""
    if places is None:
        return Reach(is_everywhere=True, sees_all=True)
    by_verb: dict[Verb, frozenset[int]] = {verb: frozenset(ids) for verb, ids in places.items()}
    return Reach(sees_all=len(by_verb.get("see", ())) == sub_stages, places=by_verb)


def may(actor: Actor, verb: Verb, sub_stage_id: int) -> bool:
    return may_see(actor, sub_stage_id) and _is_in(actor.reach, verb, sub_stage_id)


def may_see(actor: Actor, sub_stage_id: int) -> bool:
    return actor.may(POST_READ) and _is_in(actor.reach, "see", sub_stage_id)


def _is_in(reach: Reach, verb: Verb, sub_stage_id: int) -> bool:
    return reach.is_everywhere or sub_stage_id in reach.places.get(verb, ())


def seen(actor: Actor) -> list[int] | None:
    """The sub-stages whose posts and fields a question is narrowed to; None: all of them, so to none."""
    if not actor.may(POST_READ):
        return []
    return None if actor.reach.sees_all else sorted(actor.reach.places.get("see", ()))
