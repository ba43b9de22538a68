"""E-mail: composed from templates of plain text, handed to the server in the environment by the worker.

Refuses to put a link into the queue: a job names a row, and the token is made when the e-mail is sent.
Where no server is set, the message goes to the console and nowhere else.
"""

import smtplib
import ssl
import sys
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from functools import cache
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from procrastinate import RetryStrategy

from blog.app import translation
from blog.app.config import Config, Smtp
from blog.app.errors import AppError

TEMPLATES = Path(__file__).parent / "templates" / "mail"
PATIENCE = 20.0  # seconds for each answer of the server
ATTEMPTS = 8


class NotSent(AppError):
    """The server did not take a message. `is_permanent`: it would not take it later either."""

    status = 502
    code = "mail"

    def __init__(self, message: str, *, is_permanent: bool) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent


class Delayed(NotSent):
    """Worth another attempt."""

    def __init__(self, message: str) -> None:
        super().__init__(message, is_permanent=False)


# 4, 16, 64 s, 4 min, 17 min, 68 min, 4.5 h: a server that is away for a night gets its mail in the morning.
RETRY = RetryStrategy(max_attempts=ATTEMPTS, exponential_wait=4, retry_exceptions={Delayed})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    to: str
    subject: str
    text: str


def compose(template: str, to: str, *, language: str, **values: object) -> Message:
    """The template's first line is the subject, what follows a blank line the text."""
    written = _templates(language).get_template(f"{template}.txt").render(**values)
    subject, _, text = written.partition("\n\n")
    return Message(to=to, subject=" ".join(subject.split()), text=text.strip() + "\n")


@cache
def _templates(language: str) -> Environment:
    env = Environment(  # noqa: S701  plain text, in which &amp; would be shown as it is
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    env.policies["ext.i18n.trimmed"] = True
    said = translation.catalogue(language)
    cast(Any, env).install_gettext_callables(said.gettext, said.ngettext, newstyle=True)
    return env


def deliver(config: Config, message: Message) -> None:
    """Sends it, or prints it where there is nobody to send it."""
    if config.smtp is None:
        sys.stderr.write(f"\n--- E-mail to {message.to}: {message.subject}\n{message.text}---\n")
        sys.stderr.flush()
    else:
        _send(config.smtp, message)


def _send(smtp: Smtp, message: Message) -> None:
    try:
        with _connected(smtp) as server:
            if smtp.user:
                server.login(smtp.user, smtp.password or "")
            server.send_message(_mime(smtp, message))
    except smtplib.SMTPRecipientsRefused as exc:
        code, words = next(iter(exc.recipients.values()))
        raise _refused(code, words) from exc
    except smtplib.SMTPResponseException as exc:
        raise _refused(exc.smtp_code, exc.smtp_error) from exc
    except smtplib.SMTPNotSupportedError as exc:
        raise NotSent(f"The mail server cannot do what this needs: {exc}", is_permanent=True) from exc
    except (
        OSError
    ) as exc:  # refused, timed out, hung up, no certificate to trust: smtplib's own are these too
        raise Delayed(f"The mail server at {smtp.host}:{smtp.port} cannot be used: {exc}") from exc


def _connected(smtp: Smtp) -> smtplib.SMTP:
    if smtp.tls == "implicit":
        return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=PATIENCE, context=ssl.create_default_context())
    server = smtplib.SMTP(smtp.host, smtp.port, timeout=PATIENCE)
    if smtp.tls == "starttls":
        server.starttls(context=ssl.create_default_context())
    return server


def _mime(smtp: Smtp, message: Message) -> EmailMessage:
    """Refuses a line end in a header, as its library does: no address can smuggle in another one."""
    mime = EmailMessage(policy=SMTP)
    mime["From"] = smtp.sender
    mime["To"] = message.to
    mime["Subject"] = message.subject
    mime["Date"] = formatdate()
    mime["Message-ID"] = make_msgid(domain=smtp.sender.rpartition("@")[2].rstrip("> "))
    mime["Auto-Submitted"] = "auto-generated"
    mime.set_content(message.text)
    return mime


def _refused(code: int, words: bytes | str) -> NotSent:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    said = f"The mail server answered {code}: {' '.join(text.split())[:300]}"
    return Delayed(said) if 400 <= code < 500 else NotSent(said, is_permanent=True)
