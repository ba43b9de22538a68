"""What the page of a refused form shows: what was typed, and what is wrong with it. Keeps no key."""

from typing import cast

from flask import request

from blog.app.errors import AppError


def typed(*secrets: str) -> dict[str, str]:
    """What was typed into a form that was refused, so that nothing is lost; a key is typed again."""
    return {name: value for name, value in request.form.items() if name not in {"csrf_token", *secrets}}


def problems(error: AppError | None) -> dict[str, str]:
    """Field to sentence, and under "" all of it: a field may be folded away or not on the page at all."""
    if error is None:
        return {}
    found = cast("list[dict[str, str]]", error.details.get("problems", []))
    by_field = {each["field"].split(".")[0]: f"{each['message']}." for each in found}
    return {str(error.details.get("field", "")): error.message, **by_field, "": error.message}


def status(error: AppError | None) -> int:
    return error.status if error else 200
