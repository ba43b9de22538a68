"""What is known of a place that calls may go to, and how one is named."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from blog.app.auth.schemas import Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingPlace:
    """`port` None: each of them. `allowed_by` None: found at a start."""

    id: int
    host: str
    port: int | None
    note: str
    allowed_by: str | None
    created_at: datetime


Port = Annotated[
    Annotated[int, Field(ge=1, le=65535)] | None,
    BeforeValidator(lambda value: None if value == "" else value),
]


def _host(text: str) -> str:
    host = text.strip().lower().strip("[]")
    if not host or any(sign in host for sign in "/@?# ") or len(host) > 253:
        raise ValueError("a name or an address, such as ollama or 192.168.1.20, with nothing around it")
    return host


class OutgoingPlaceCreate(Sent):
    """One host, by its name or its address; the port, or each of them."""

    host: Annotated[str, AfterValidator(_host)]
    port: Port = None
    note: Annotated[str, Field(max_length=200)] = ""
