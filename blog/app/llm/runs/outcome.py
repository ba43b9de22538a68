"""How a run ended, as values: what the model said is checked here, nothing is stored or called. Pure."""

from dataclasses import dataclass, replace
from decimal import Decimal

from blog.app.llm.check import Failed, check
from blog.app.llm.inputs import Inputs
from blog.app.llm.output_type import OutputType
from blog.app.llm.providers.base import Done, ProviderError, Usage
from blog.app.llm.runs.models import RunStatus
from blog.app.text import clean, joined

NOTHING_SAID = Usage()
UNANSWERED = frozenset({"refusal", "content_filter"})
UNFINISHED = frozenset({"pause", "pending", "tool_call", "load", "unload", "error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came from the provider, whole or not."""

    text: str = ""
    reasoning: str = ""
    raw: bytes = b""
    first_text_s: float | None = None
    done: Done | None = None
    error: ProviderError | None = None

    @property
    def is_shown(self) -> bool:
        """Somebody may have read something of it already."""
        return bool(self.text or self.reasoning)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of a run: one field per column it fills."""

    status: RunStatus
    output: str = ""
    reasoning: str = ""
    checked_output: str | None = None
    check_problems: tuple[str, ...] = ()
    check_repairs: tuple[str, ...] = ()
    has_replaced_chars: bool = False
    raw_reply: bytes | None = None
    finish: str | None = None
    finish_raw: str | None = None
    usage: Usage = NOTHING_SAID
    cost: Decimal | None = None
    cost_currency: str | None = None
    error_kind: str | None = None
    error_message: str | None = None
    error_retryable: bool | None = None
    first_text_s: float | None = None


def judge(heard: Heard, output_type: OutputType, inputs: Inputs) -> Outcome:
    """succeeded, invalid (the reply fails its type), cancelled, or failed with the provider's words."""
    output = clean(heard.text)
    came = Outcome(
        status="failed",
        output=output,
        reasoning=clean(heard.reasoning),
        has_replaced_chars=output != joined(heard.text),
        raw_reply=heard.raw or None,
        first_text_s=heard.first_text_s,
    )
    if heard.error is not None:
        return _broken(came, heard.error)
    if heard.done is None:
        raise ValueError("A stream ended with neither Done nor an error.")
    return _answered(came, heard.done, output_type, inputs)


def refused(kind: str, message: str, *, retryable: bool = False) -> Outcome:
    """A run that failed before a provider was asked."""
    return Outcome(status="failed", error_kind=kind, error_message=message, error_retryable=retryable)


def _broken(came: Outcome, error: ProviderError) -> Outcome:
    if error.kind == "cancelled":
        return replace(came, status="cancelled")
    return replace(
        came, error_kind=error.kind, error_message=clean(error.message), error_retryable=error.retryable
    )


def _answered(came: Outcome, done: Done, output_type: OutputType, inputs: Inputs) -> Outcome:
    raw = clean(done.finish_raw or "")
    said = replace(came, finish=done.finish, finish_raw=raw or None, usage=done.usage)
    if done.finish in UNANSWERED:
        message = said.output.strip() or "The model refused to answer and gave no reason."
        return replace(said, error_kind=done.finish, error_message=message[:600], error_retryable=False)
    if done.finish in UNFINISHED:
        message = f"The model stopped without finishing its answer ({done.finish_raw or done.finish})."
        return replace(said, error_kind="bad_response", error_message=message, error_retryable=True)
    match check(said.output, output_type, inputs):
        case Failed(problems=problems):
            return replace(said, status="invalid", check_problems=(*_cut_off(done), *problems))
        case checked:
            return replace(
                said, status="succeeded", checked_output=checked.text, check_repairs=checked.repaired
            )


def _cut_off(done: Done) -> tuple[str, ...]:
    if done.finish != "length":
        return ()
    return ("The answer was cut off at the limit of tokens; raise the action's maximum.",)
