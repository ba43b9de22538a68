"""Whom a filter means: oneself, somebody by id, or nobody at all. Pure."""

from typing import Annotated

from pydantic import Field

from blog.app.auth.models import Actor

NOBODY = 0  # no person has this id

Person = Annotated[str, Field(pattern=r"^(me|[1-9][0-9]{0,17})$")]
PersonOrNobody = Annotated[str, Field(pattern=r"^(me|nobody|[1-9][0-9]{0,17})$")]


def meant(actor: Actor, said: str | None) -> int | None:
    """None: whoever. The system itself, which has no account, is nobody too."""
    match said:
        case None:
            return None
        case "me":
            return NOBODY if actor.user_id is None else actor.user_id
        case "nobody":
            return NOBODY
        case number:
            return int(number)
