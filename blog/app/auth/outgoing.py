"""The one way in which accounts call out: a JSON document from a service that says who somebody is.

Refuses redirects, what is larger than such documents are, and http but on this machine.
"""

import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import requests

from blog.app.errors import Upstream
from blog.app.translation import gettext as _

PATIENCE = (5, 10)  # seconds to connect, and between two pieces of the answer
LARGEST = 1024 * 1024
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def fetch(
    url: str, *, form: Mapping[str, str] | None = None, credentials: tuple[str, str] | None = None
) -> dict[str, Any]:
    """GETs a JSON object, or POSTs a form for one."""
    check_address(url)
    try:
        with requests.request(
            "GET" if form is None else "POST",
            url,
            data=form,
            auth=credentials,
            headers={"Accept": "application/json"},
            timeout=PATIENCE,
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = answer.raw.read(LARGEST + 1, decode_content=True)
    except (requests.RequestException, OSError) as exc:
        raise Upstream(
            _("%(hostname)s cannot be reached just now.", hostname=urlsplit(url).hostname)
        ) from exc
    return _object(url, answer.status_code, body)


def check_address(url: str) -> None:
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not is_safe or not parts.hostname or parts.username:
        raise Upstream(_("The service names an address that is not https."))


def _object(url: str, status: int, body: bytes) -> dict[str, Any]:
    host = urlsplit(url).hostname
    if len(body) > LARGEST:
        raise Upstream(_("%(host)s answered with more than it should.", host=host))
    try:
        found = json.loads(body)
    except ValueError as exc:
        raise Upstream(
            _("%(host)s answered %(status)s with something that is not JSON.", host=host, status=status)
        ) from exc
    if status != 200 or not isinstance(found, dict):
        error = cast(dict[str, Any], found).get("error", "") if isinstance(found, dict) else ""
        raise Upstream(f"{host} refused with {status} {str(error)[:100]}".strip() + ".")
    return cast(dict[str, Any], found)
