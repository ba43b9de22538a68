"""What the form of the audit trail sends."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from blog.app import web
from blog.app.llm.registry.forms import Maybe
from blog.app.trail.schemas import AuditRetentionChange


class RetentionForm(BaseModel):
    """An empty box: for ever."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[int | None, Maybe] = None
    understood: bool = False

    def as_change(self) -> AuditRetentionChange:
        return web.validated(AuditRetentionChange, {"days": self.days})
