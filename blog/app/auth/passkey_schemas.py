"""What browsers may send about passkeys."""

from typing import Annotated

from pydantic import Field

from blog.app.auth.schemas import Name, PresentPassword, Sent

# What the device answered, as the browser writes it in JSON; webauthn.py reads it. Empty: no script ran.
Answer = Annotated[str, Field(max_length=20_000)]


class PasskeyAsk(PresentPassword):
    name: Name


class PasskeyAdd(Sent):
    """`present` comes along from the form; it was asked for before the device was."""

    name: Name
    present: str = ""
    answer: Answer = ""


class PasskeySignIn(Sent):
    answer: Answer = ""
    next: str = "/"
