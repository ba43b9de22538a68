"""Every edge says who may use it, and what changes something is closed unless it is listed here."""

from collections.abc import Iterator
from typing import Any

from flask import Flask

from blog.app.auth.permissions import PERMISSIONS

# Without being signed in: signing in, asking for a link, and using one.
OPEN_TO_ALL = {
    ("POST", "/sign-in"),
    ("POST", "/sign-in/forgotten"),
    ("POST", "/sign-in/code"),
    ("POST", "/sign-in/code/challenge"),
    ("POST", "/sign-in/code/passkey"),
    ("POST", "/sign-in/passkey"),
    ("POST", "/sign-in/passkey/challenge"),
    ("POST", "/sign-up"),
    ("POST", "/setup/<token>"),
    ("POST", "/invitations/<token>"),
    ("POST", "/password-resets/<token>"),
    ("POST", "/email-changes/<token>"),
}


def edges(app: Flask) -> Iterator[tuple[str, str, Any]]:
    """Method, rule and view function of every route, files aside."""
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.endswith("static"):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield method, rule.rule, app.view_functions[rule.endpoint]


def access(view: Any) -> str | None:
    return getattr(view, "access", None)


def test_every_edge_declares_who_may_use_it(wired: Flask) -> None:
    known = {"public", "signed-in", *PERMISSIONS}
    assert [(method, rule) for method, rule, view in edges(wired) if access(view) not in known] == []


def test_nothing_is_changed_by_a_stranger(wired: Flask) -> None:
    public = {(m, rule) for m, rule, view in edges(wired) if m != "GET" and access(view) == "public"}
    assert public == OPEN_TO_ALL


def test_the_api_shows_a_stranger_nothing_but_its_description(wired: Flask) -> None:
    public = {
        rule for _, rule, view in edges(wired) if rule.startswith("/api/v1/") and access(view) == "public"
    }
    assert public == {"/api/v1/openapi.json"}


def test_an_edge_is_named_as_its_function(wired: Flask) -> None:
    """Else url_for and the name in a log would say something else than the code."""
    wrong = [
        rule.endpoint
        for rule in wired.url_map.iter_rules()
        if not rule.endpoint.endswith("static")
        and rule.endpoint.rpartition(".")[2] != wired.view_functions[rule.endpoint].__name__
    ]
    assert wrong == []


def test_addresses_are_plural_nouns_with_whole_numbers_as_ids(wired: Flask) -> None:
    wrong = [
        rule.rule
        for rule in wired.url_map.iter_rules()
        for argument, converter in rule._converters.items()
        if argument.endswith("_id") and type(converter).__name__ != "IntegerConverter"
    ]
    assert wrong == []


def test_the_page_and_the_json_of_a_thing_ask_for_the_same_permission(wired: Flask) -> None:
    """Or the page asks for no more than being signed in, because the service below it checks."""
    by_name: dict[str, set[str | None]] = {}
    for rule in wired.url_map.iter_rules():
        name = rule.endpoint.replace("_api.", ".")
        by_name.setdefault(name, set()).add(access(wired.view_functions[rule.endpoint]))
    assert {name: found for name, found in by_name.items() if len(found - {"signed-in"}) > 1} == {}
