"""How much a model is asked to think, in levels it knows. Pure; each adapter has its own field for it."""

from dataclasses import dataclass

from blog.app.llm.providers.base import ChatRequest, Dropped
from blog.app.llm.providers.profile import refused, said, words

Wish = bool | str | None

ORDER = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
# For models that are told a number of tokens instead of a level.
BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16_384, "xhigh": 32_768, "max": 65_536}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """`level` None: nothing is to be said about thinking."""

    level: str | None
    dropped: tuple[Dropped, ...] = ()


NOTHING = Effort(level=None)


def wish(request: ChatRequest) -> Wish:
    """True and a level are on, False is off, None is whatever the model does by itself."""
    match request.params.get("think"):
        case "none" | "off" | "":
            return False
        case bool() | str() as wanted:
            return wanted
        case _:
            return None


def can_think(request: ChatRequest) -> bool:
    return "thinking" in request.traits.capabilities and "think" not in refused(request)


def will_think(request: ChatRequest) -> bool:
    wanted = wish(request)
    return can_think(request) and bool(
        said(request, "thinks_by_default") if wanted is None else wanted or "none" not in _known(request)
    )


def _known(request: ChatRequest) -> tuple[str, ...]:
    return words(request, "think_levels") or ORDER


def effort(request: ChatRequest, *, usual: tuple[str, ...] = ORDER) -> Effort:
    """The wish as a level out of the model's own list, or out of the protocol's usual ones."""
    wanted = wish(request)
    if not can_think(request):
        reason = "the model is not known to take a wish about thinking"
        return Effort(level=None, dropped=(Dropped(name="think", reason=reason),)) if wanted else NOTHING
    match wanted:
        case None:
            return NOTHING
        case True:
            # Any level is a fair answer to plain "on", so none of them is worth a report.
            nearest = _nearest("medium", words(request, "think_levels") or usual)
            return nearest if nearest.level is None else Effort(level=nearest.level)
        case False:
            return _nearest("none", words(request, "think_levels") or usual)
        case level:
            return _nearest(level, words(request, "think_levels") or usual)


def _nearest(wanted: str, known: tuple[str, ...]) -> Effort:
    if wanted in known:
        return Effort(level=wanted)
    if wanted not in ORDER:
        reason = f"the model knows no level “{wanted}”, only {', '.join(known)}"
        return Effort(level=None, dropped=(Dropped(name="think", reason=reason),))
    level = min(
        (each for each in known if each != "none"), key=lambda each: _distance(each, wanted), default=None
    )
    if level is None:
        reason = "the model cannot be made to think"
        return Effort(level=None, dropped=(Dropped(name="think", reason=reason),))
    reason = f"the model knows {', '.join(known)}: {level} was sent instead of {wanted}"
    return Effort(level=level, dropped=(Dropped(name="think", reason=reason),))


def _distance(level: str, wanted: str) -> int:
    """A server's own word for a level stands as far off as can be: it is the last resort."""
    return abs(ORDER.index(level) - ORDER.index(wanted)) if level in ORDER else len(ORDER)
