"""A real SMTP server on loopback that keeps what it is given, or refuses it."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from blog.app.config import Smtp


@dataclass(kw_only=True)
class Mailbox:
    """What came, and what to answer to the next recipients instead of taking them."""

    messages: list[EmailMessage] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    smtp: Smtp

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))  # pyright: ignore[reportArgumentType]
        return "250 OK"


@contextmanager
def mailbox(port: int) -> Generator[Mailbox]:
    smtp = Smtp(host="127.0.0.1", port=port, tls="none", sender="BlogForge <forge@example.org>")
    box = Mailbox(smtp=smtp)
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
