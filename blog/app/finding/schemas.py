"""What a client may send to find posts, to move them on a board or calendar, and to keep a view."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from blog.app.auth.whom import Person, PersonOrNobody
from blog.app.finding.models import Due, Place, Sort
from blog.app.posts.schemas import Id, Limit
from blog.app.review.models import Status

Month = Annotated[str, Field(pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$")]


class PostFilter(BaseModel):
    """Which posts. Everything said must hold."""

    model_config = ConfigDict(extra="forbid")

    search: str = Field(default="", max_length=500)
    sub_stage_id: Id | None = None
    status: Status | None = None
    assignee: PersonOrNobody | None = None
    author: Person | None = None
    due: Due | None = None


class PostQuery(PostFilter):
    """Which posts to list, in what order, and from where."""

    removed: bool = False
    sort: Sort = "changed"
    after: str | None = Field(default=None, max_length=1000, description="The `next` of an earlier page.")
    limit: Limit = 50


class PostListQuery(PostQuery):
    """The same for the page, which also says what has just been removed, or went (`left`) out of sight."""

    gone: Id | None = None
    left: bool = False


class BoardQuery(PostFilter):
    """Which posts to put on the board. No workflow: the usual one."""

    workflow_id: Id | None = None


class BoardPageQuery(BoardQuery):
    """The same for the page, which also says what has just been moved, and from where, or out of sight."""

    moved: Id | None = None
    back: str | None = Field(default=None, max_length=100)
    left: bool = False


class ColumnQuery(PostFilter):
    """The posts of a column behind those shown."""

    after: str | None = Field(default=None, max_length=1000)


class CardMoveQuery(BaseModel):
    """Which post is to be moved, and which board it is on."""

    model_config = ConfigDict(extra="forbid")

    post_id: Id
    shown: str = Field(default="", max_length=2000)


class CardMove(CardMoveQuery):
    """Where on the board a post goes."""

    sub_stage: str = Field(max_length=100)


class MonthQuery(BaseModel):
    """Which month; none: the present one."""

    model_config = ConfigDict(extra="forbid")

    month: Month | None = None


class CalendarQuery(MonthQuery):
    """The same for the page, which also says what has just been moved, and from which day."""

    moved: Id | None = None
    which: Literal["planned_on", "scheduled_for"] | None = None
    back: date | None = None


class DayMoveQuery(BaseModel):
    """Which post is to be moved: the day it is planned for, or the one it is scheduled for."""

    model_config = ConfigDict(extra="forbid")

    post_id: Id
    which: Literal["planned_on", "scheduled_for"]


class DayMove(DayMoveQuery):
    """The day it goes to."""

    day: date


class ViewCreate(BaseModel):
    """A question about posts, to be kept under a name."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    place: Place = "list"
    query: str = Field(default="", max_length=2000, description="As in the address of the list or board.")
    is_shared: bool = False


class ViewChange(BaseModel):
    """What to change about a saved view; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, min_length=1, max_length=80)
    is_shared: bool | None = None


class FindQuery(BaseModel):
    """Words to jump to something by, and the post that is open."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(default="", max_length=200)
    post_id: Id | None = None
