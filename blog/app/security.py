"""Secrets, seals, CSRF and the response headers of every page. Refuses to work without a secret."""

import base64
import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import Flask, Response, g, request

from blog.app import web
from blog.app.config import Config
from blog.app.errors import Forbidden, Unavailable
from blog.app.translation import gettext as _

SESSION_COOKIE = "blog_session"
VISITOR_COOKIE = "blog_visitor"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


# --- the installation's secret -------------------------------------------------------------------


def load_secrets(config: Config) -> tuple[str, ...]:
    """The secrets, newest first: BLOG_SECRET, else the lines of keys/secret, made at the first start."""
    if config.secret:
        return (config.secret,)
    path = config.keys_dir / "secret"
    if not path.exists():
        _write_new_secret(path)
    lines = tuple(line.strip() for line in path.read_text().splitlines() if line.strip())
    if not lines:
        raise Unavailable(
            _("%(path)s is empty: put the secret back, or keys sealed with it are lost.", path=path)
        )
    return lines


def _write_new_secret(path: Path) -> None:
    """Whole or not at all: the processes of a first start all come here, and one of them wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".secret-") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, path)


def seal(keys: tuple[str, ...], text: str) -> bytes:
    """Encrypts a provider's key with the newest secret."""
    return _fernet(keys).encrypt(text.encode())


def unseal(keys: tuple[str, ...], sealed: bytes, *, what: str = "This provider's key") -> str:
    """What was sealed, or Unavailable when no secret of ours opens it."""
    try:
        return _fernet(keys).decrypt(sealed).decode()
    except InvalidToken as exc:
        raise Unavailable(
            _(
                "%(what)s was sealed with another secret. "
                "Put the old BLOG_SECRET back, or enter the key again.",
                what=what,
            )
        ) from exc


def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key)) for key in keys])


def _derive(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"blogforge seal\0" + secret.encode()).digest())


def digest(token: str) -> bytes:
    """What is kept of a random token instead of the token."""
    return hashlib.sha256(token.encode()).digest()


# --- CSRF ----------------------------------------------------------------------------------------


def csrf_token() -> str:
    """The token a form of this browser must send: bound to its session, or to the visitor before sign-in."""
    if "csrf_token" not in g:
        g.csrf_token = _csrf_for(request.cookies.get(SESSION_COOKIE) or _visitor())
    return g.csrf_token


def _visitor() -> str:
    if "visitor" not in g:
        g.visitor = request.cookies.get(VISITOR_COOKIE) or secrets.token_urlsafe(24)
    return g.visitor


def _csrf_for(seed: str) -> str:
    key = web.site().secrets[0].encode()
    return hmac.new(key, b"csrf\0" + seed.encode(), hashlib.sha256).hexdigest()


def check_csrf() -> None:
    """Refuses a form that this browser did not get from us. Programs use bearer tokens instead."""
    if request.method in SAFE_METHODS or request.path.startswith("/api/"):
        return
    origin = request.headers.get("Origin")
    if origin and origin != "null" and urlsplit(origin).netloc != request.host:
        raise Forbidden(_("This form came from another site."))
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not hmac.compare_digest(sent.encode(), csrf_token().encode()):
        raise Forbidden(
            _("This page has expired. Reload it and send the form again; what you typed is still there.")
        )


# --- headers -------------------------------------------------------------------------------------


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.endpoint == "static":
        if request.args.get("v"):
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        headers.setdefault("Cache-Control", "no-store")
    if "visitor" in g and VISITOR_COOKIE not in request.cookies:
        set_cookie(response, VISITOR_COOKIE, g.visitor)
    return response


def set_cookie(response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
    """An HttpOnly, SameSite=Lax cookie; Secure behind TLS."""
    response.set_cookie(name, value, max_age=max_age, httponly=True, samesite="Lax", secure=request.is_secure)


def register(app: Flask) -> None:
    app.before_request(check_csrf)
    app.after_request(_add_headers)
    app.add_template_global(csrf_token)
