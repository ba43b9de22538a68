"""What can go wrong in a way a person can act on: AppError and its eight kinds. Knows no web framework."""

from typing import ClassVar


class AppError(Exception):
    """An expected failure. `message` is for the person who reads it, `details` are the facts."""

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Unauthenticated(AppError):
    """Nobody is signed in, or the token is not known."""

    status = 401
    code = "unauthenticated"


class Forbidden(AppError):
    """Somebody is signed in, but may not do this."""

    status = 403
    code = "forbidden"


class NotFound(AppError):
    """There is no such thing, or not for this actor."""

    status = 404
    code = "not_found"


class Conflict(AppError):
    """Somebody else was first; nothing was overwritten."""

    status = 409
    code = "conflict"


class Invalid(AppError):
    """What was sent cannot be accepted; the message says what to do."""

    status = 422
    code = "invalid"


class TooMany(AppError):
    """Too many requests; `retry_after` in details says when to come back, in seconds."""

    status = 429
    code = "too_many"


class Upstream(AppError):
    """A provider failed us."""

    status = 502
    code = "upstream"


class Unavailable(AppError):
    """Something we need, such as the database, cannot be reached just now."""

    status = 503
    code = "unavailable"
