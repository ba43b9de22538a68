"""Codes of an authenticator app (RFC 6238): does one fit, and what the app reads the secret from. Pure."""

import hmac
import io
import re
from time import time

import pyotp
import segno
from pyotp.totp import TOTP

STEP_SECONDS = 30
ISSUER = "BlogForge"


def new_secret() -> str:
    return pyotp.random_base32()


def matching_step(secret: str, code: str, at: float | None = None) -> int | None:
    """The 30 seconds a code belongs to: these, the ones before or the next, since clocks differ."""
    if not re.fullmatch(r"\d{6}", code):
        return None
    now = int((time() if at is None else at) // STEP_SECONDS)
    totp = TOTP(secret)
    fitting = [step for step in (now, now - 1, now + 1) if hmac.compare_digest(totp.generate_otp(step), code)]
    return fitting[0] if fitting else None


def address(secret: str, email: str) -> str:
    """What an app is told, as a link or as a picture."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def picture(text: str) -> str:
    """A QR code as SVG, dark on light whatever the theme, for apps read nothing else; no style, no script."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", scale=5, light="white", xmldecl=False, omitsize=True, svgclass="qr", lineclass=None
    )
    return out.getvalue().decode()


def in_groups(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
