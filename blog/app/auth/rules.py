"""What a password and a way back must be like. Pure: hashes nothing, looks nothing up."""

from typing import cast
from urllib.parse import urlsplit

from blog.app.errors import AppError, Invalid
from blog.app.translation import gettext as _

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000  # hashing a longer one is only good for keeping us busy


def password_rules() -> str:
    return _(
        "At least %(shortest)s characters, any you like; not your name, not your e-mail address, "
        "not one character over and over.",
        shortest=SHORTEST_PASSWORD,
    )


def check_password(password: str, *, email: str, name: str) -> None:
    """Refuses what can be guessed at once; length is the only other rule."""
    if problem := _problem(password, {email, email.partition("@")[0], name}):
        raise invalid("password", problem)


def _problem(password: str, known: set[str]) -> str | None:
    if len(password) < SHORTEST_PASSWORD:
        return _(
            "At least %(shortest)s characters; this has %(length)s.",
            shortest=SHORTEST_PASSWORD,
            length=len(password),
        )
    if len(password) > LONGEST_PASSWORD:
        return _(
            "At most %(longest)s characters; this has %(length)s.",
            longest=f"{LONGEST_PASSWORD:,}",
            length=f"{len(password):,}",
        )
    if password.casefold() in {word.casefold() for word in known}:
        return _("Your name or your e-mail address is the first thing anybody would try.")
    if len(set(password)) < 4:
        return _("Too few different characters.")
    return None


def invalid(field: str, message: str) -> Invalid:
    """An Invalid that a form can show at its field."""
    return Invalid(message, problems=[{"field": field, "message": message}])


def problems_of(error: AppError) -> dict[str, str]:
    """Field to sentence, for a form that is shown again; "" is about the whole form."""
    problems = cast(list[dict[str, str]], error.details.get("problems", []))
    return {problem["field"]: f"{problem['message'].rstrip('.')}." for problem in problems} or {
        "": error.message
    }


def local_path(text: str) -> str:
    """`text` if it is a path on this site, else the start page.

    Browsers drop tabs and line ends and read a backslash as a slash, so those could hide another host.
    """
    is_plain = "\\" not in text and all(character > " " for character in text)
    if is_plain and text.startswith("/") and not text.startswith("//") and not urlsplit(text).netloc:
        return text
    return "/"
