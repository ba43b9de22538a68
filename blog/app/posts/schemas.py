"""What a client may send about posts and their sections."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[int, Field(ge=1, lt=2**63)]
Limit = Annotated[int, Field(ge=1, le=200)]


class SectionQuery(BaseModel):
    """Which sections to list."""

    model_config = ConfigDict(extra="forbid")

    removed: bool = False


class SectionCreate(BaseModel):
    """Where a new section goes."""

    model_config = ConfigDict(extra="forbid")

    after_section_id: Id | None = Field(None, description="The section to add behind. null: at the end.")


class SectionOrder(BaseModel):
    """All sections of a post, each once, in the order wanted."""

    model_config = ConfigDict(extra="forbid")

    section_ids: list[Id] = Field(max_length=10_000)
