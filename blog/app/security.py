"""Seals, CSRF and the response headers of every page. Where the secret is: installation_secret.py."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import Flask, Response, g, request

from blog.app import web
from blog.app.errors import Forbidden, Unavailable
from blog.app.installation_secret import Secrets
from blog.app.translation import gettext as _

SESSION_COOKIE = "blog_session"
VISITOR_COOKIE = "blog_visitor"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
YEAR = 31_536_000  # seconds
REFUSED_FEATURES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


# --- seals ---------------------------------------------------------------------------------------


def seal(keys: Secrets, text: str) -> bytes:
    """Encrypts a key with the newest secret."""
    return _fernet(keys).encrypt(text.encode())


def unseal(keys: Secrets, sealed: bytes, *, what: str = "This provider's key") -> str:
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


def _fernet(keys: Secrets) -> MultiFernet:
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
        g.csrf_token = _csrf_for(browser(), web.site().secrets[0])
    return g.csrf_token


def browser() -> str:
    """The cookie that tells this browser from others: its session's, or the visitor's before sign-in."""
    return request.cookies.get(SESSION_COOKIE) or _visitor()


def _visitor() -> str:
    if "visitor" not in g:
        g.visitor = request.cookies.get(VISITOR_COOKIE) or secrets.token_urlsafe(24)
    return g.visitor


def _csrf_for(seed: str, secret: str) -> str:
    return hmac.new(secret.encode(), b"csrf\0" + seed.encode(), hashlib.sha256).hexdigest()


def _is_ours(sent: str) -> bool:
    """By any secret: a form that was open while the newest came is sent all the same."""
    ours = (_csrf_for(browser(), secret).encode() for secret in web.site().secrets)
    return any(hmac.compare_digest(sent.encode(), each) for each in ours)


def check_csrf() -> None:
    """Refuses a form that this browser did not get from us. Programs use bearer tokens instead."""
    if request.method in SAFE_METHODS or request.path.startswith("/api/"):
        return
    origin = request.headers.get("Origin")
    if origin and origin != "null" and urlsplit(origin).netloc != request.host:
        raise Forbidden(_("This form came from another site."))
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not _is_ours(sent):
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
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["X-Frame-Options"] = "DENY"  # says again what frame-ancestors says, for what does not know that
    headers["Permissions-Policy"] = REFUSED_FEATURES
    if request.is_secure:
        headers["Strict-Transport-Security"] = f"max-age={YEAR}"
    if request.endpoint == "static" and response.status_code < 400:
        if request.args.get("v"):
            headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        headers.setdefault("Cache-Control", "no-cache")
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
