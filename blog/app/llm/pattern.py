"""Regular expressions that editors write and model replies meet; refuses those that could run away."""

import re

from blog.app.errors import Invalid
from blog.app.translation import gettext as _

MAX_PATTERN = 300

_ESCAPED_OR_CLASS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_REPEATED = re.compile(r"[*+]|\{\d*,\d*\}|\{\d{2,}\}")


def check_pattern(pattern: str) -> None:
    """Python's engine has no time limit, and a repeated group that itself repeats or chooses can keep
    it busy for years over one long reply. Such a pattern can always be written flatter."""
    if len(pattern) > MAX_PATTERN:
        raise Invalid(
            _("A pattern may have %(max_pattern)s characters.", max_pattern=MAX_PATTERN), pattern=pattern
        )
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as exc:
        raise Invalid(
            _("“%(pattern)s” is not a regular expression: %(exc)s.", pattern=pattern, exc=exc),
            pattern=pattern,
        ) from exc
    if _runs_away(pattern):
        raise Invalid(
            _(
                "“%(pattern)s” repeats a group that itself repeats or chooses, which can "
                "take for ever; write it without the inner repetition.",
                pattern=pattern,
            ),
            pattern=pattern,
        )


def _runs_away(pattern: str) -> bool:
    plain = _ESCAPED_OR_CLASS.sub("x", pattern)
    if re.search(r"\\[1-9]|\(\?P=", pattern):
        return True
    risky = [False]  # one for each group that is open
    for position, character in enumerate(plain):
        if character == "(":
            risky.append(False)
        elif character == ")" and len(risky) > 1:
            inner = risky.pop()
            if inner and _REPEATED.match(plain, position + 1):
                return True
            risky[-1] = risky[-1] or inner
        elif character == "|" or _REPEATED.match(plain, position):
            risky[-1] = True
    return False
