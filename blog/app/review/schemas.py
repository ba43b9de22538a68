"""What a client may send about the stages of a post, comments and notifications."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from blog.app.posts.schemas import Id, Limit
from blog.app.review.comment_models import Shown
from blog.app.review.models import Status


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


Day = Annotated[date | None, BeforeValidator(_blank_is_none)]
Person = Annotated[Id | None, BeforeValidator(_blank_is_none)]
Seen = Annotated[Status | None, BeforeValidator(_blank_is_none)]


class Sent(BaseModel):
    """Unknown fields are refused: a misspelled one must not be taken for an absent one."""

    model_config = ConfigDict(extra="forbid")


# --- stages --------------------------------------------------------------------------------------


class StatusChange(Sent):
    """How far a sub-stage is from now on."""

    status: Status
    note: str = Field("", description="Why, when it is blocked; shown until the status changes again.")
    seen: Seen = Field(None, description="The status the client was looking at: 409 if it is another now.")


class HandOver(Sent):
    """Gives work to somebody."""

    person_id: Id
    to: Annotated[str | None, BeforeValidator(_blank_is_none)] = Field(
        None, description="A later sub-stage, when this one is done with it. null: this one."
    )
    note: str = ""


class SendBack(Sent):
    """Asks for more work in an earlier sub-stage."""

    to: str = Field(description="The name of an earlier sub-stage.")
    reason: str


class Assignment(Sent):
    """Who has a sub-stage."""

    person_id: Person = Field(description="null: nobody in particular.")


class DueDate(Sent):
    """Until when a sub-stage is to be done."""

    due_on: Day = Field(description="null: without a due date.")


class PlanChange(Sent):
    """When a post is to appear."""

    planned_on: Day = Field(description="The day it is meant to appear; null: no plan.")
    scheduled_for: Day = Field(description="The day it is set to appear; null: not set.")


class EventQuery(Sent):
    """From where the changes are listed."""

    after: Id | None = None
    limit: Limit = 50


class StatePageQuery(Sent):
    """From where the changes of a sub-stage are shown on its page."""

    after: Annotated[Id | None, BeforeValidator(_blank_is_none)] = None


# --- comments ------------------------------------------------------------------------------------


class CommentQuery(Sent):
    """Which threads to list, and from where."""

    field: str | None = Field(None, description="Only those about this field.")
    section_id: Id | None = None
    shown: Shown = "all"
    after: Id | None = None
    limit: Limit = 50


class CommentCreate(Sent):
    """A comment that begins a thread."""

    body: str
    field: str | None = Field(None, description="The name of a field. null: about the post as a whole.")
    section_id: Id | None = Field(None, description="Which section's field; null for a field of the post.")
    quote: str = Field("", description="The passage it is about, word for word. Empty: the whole field.")


class CommentText(Sent):
    """The words of a reply, or the new words of a comment."""

    body: str


class ConversationQuery(Sent):
    """Which of a field's threads are shown on its page; what was just done and can be undone."""

    shown: Shown = "open"
    after: Annotated[Id | None, BeforeValidator(_blank_is_none)] = None
    removed: Annotated[Id | None, BeforeValidator(_blank_is_none)] = None
    resolved: Annotated[Id | None, BeforeValidator(_blank_is_none)] = None


class CommentForm(Sent):
    """A comment from the page of a field, or of the post."""

    body: str = ""
    quote: str = ""


# --- notifications -------------------------------------------------------------------------------


class NotificationQuery(Sent):
    """Which notifications to list, and from where."""

    unread: bool = False
    after: Annotated[Id | None, BeforeValidator(_blank_is_none)] = None
    limit: Limit = 50


class AllRead(Sent):
    """Up to which notification all are read."""

    up_to: Annotated[Id | None, BeforeValidator(_blank_is_none)] = Field(
        None, description="The newest one seen, so that a later one stays unread. null: all."
    )
