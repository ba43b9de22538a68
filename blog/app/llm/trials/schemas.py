"""What a client may send about tests."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from blog.app.llm.cases.schemas import CaseInputs, CaseName

MOST = 4


class TrialStart(BaseModel):
    """A test: each version is asked of each model, at most four answers in all.

    The values are those of a post the actor may read (`post_id`, and `section_id` for an action of sections),
    or `values`. `version_ids` empty: the live version. `llm_model_ids` empty: the version's own model.
    `part_version_ids` are sent in place of their parts' live wordings; with `beside_live_wordings` each
    answer is asked for with the live ones too.
    """

    model_config = ConfigDict(extra="forbid")

    post_id: int | None = None
    section_id: int | None = None
    values: CaseInputs | None = None
    version_ids: Annotated[list[int], Field(max_length=2)] = Field(default_factory=list[int])
    llm_model_ids: Annotated[list[int], Field(max_length=MOST)] = Field(default_factory=list[int])
    part_version_ids: list[int] = Field(default_factory=list[int], max_length=40)
    beside_live_wordings: bool = False


class TrialKeep(BaseModel):
    """Keeps a test's input as a case. `run_id`: the run of it whose answer is to be the reference."""

    model_config = ConfigDict(extra="forbid")

    name: CaseName
    run_id: int | None = None
