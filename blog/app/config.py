"""The configuration, read once from the environment by load_config; what an editor changes is in rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from blog.app import translation
from blog.app.errors import AppError

T = TypeVar("T")
Network = IPv4Network | IPv6Network

# The customary names under which people keep their provider keys.
PROVIDER_KEY_VARIABLES = (
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "MISTRAL_API_KEY",
    "GROQ_API_KEY",
    "DEEPSEEK_API_KEY",
    "OPENROUTER_API_KEY",
)

# OpenTelemetry's own names; its exporter reads them by itself.
TRACES_TO = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

SHORTEST_SECRET = 16


class ConfigError(AppError):
    """The environment cannot be used as it is; all problems are named at once."""

    status = 500
    code = "config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The server that takes our e-mail. `user` None: it asks for no name."""

    host: str
    port: int
    tls: Literal["implicit", "starttls", "none"]
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Where things are and what was found in the environment.

    `secret` holds one a line, newest first; None: keys/secret does. `secret_file`: where it was read from.
    `database_url` None: the embedded one. `smtp` None: what would be sent is printed on the console.
    `is_traced`: an endpoint for OpenTelemetry is named.
    """

    data_dir: Path
    database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    secret: str | None = field(default=None, repr=False)
    secret_file: Path | None = None
    model_path: Path | None = None
    ollama_host: str | None = None
    language: str = translation.SOURCE
    log: Literal["text", "json"] = "text"
    is_traced: bool = False
    provider_keys: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    worker_concurrency: int = 24
    web_threads: int = 96
    url: str | None = None
    smtp: Smtp | None = None
    trusted_proxies: tuple[Network, ...] = ()

    @property
    def local_url(self) -> str:
        """Where this process can be reached on its own machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
        return f"http://{host}:{self.port}"

    @property
    def public_url(self) -> str:
        """How links in e-mails begin; never taken from a request, whose Host header anybody can write."""
        return self.url or self.local_url

    @property
    def models_dir(self) -> Path:
        return self.data_dir / "models"

    @property
    def keys_dir(self) -> Path:
        return self.data_dir / "keys"


def load_config(env: Mapping[str, str]) -> Config:
    """Reads BLOG_* and the customary provider variables. Raises ConfigError naming every problem."""
    problems: list[str] = []

    def read(name: str, parse: Callable[[str], T], default: T) -> T:
        text = env.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as exc:
            problems.append(f"{name}={text!r}: {exc}.")
            return default

    def secret(name: str) -> str | None:
        try:
            return _secret(env, name)
        except (OSError, ValueError) as exc:
            problems.append(f"{name}_FILE={env.get(f'{name}_FILE')!r}: {exc}.")
            return None

    def smtp() -> Smtp | None:
        address = secret("BLOG_SMTP_URL")
        if address is None:
            return None
        try:
            return _smtp(address, env.get("BLOG_MAIL_FROM", "").strip())
        except ValueError as exc:  # without the address itself: it holds a password
            problems.append(f"BLOG_SMTP_URL: {exc}.")
            return None

    keys = {name: value for name in PROVIDER_KEY_VARIABLES if (value := secret(name))}
    config = Config(
        data_dir=read("BLOG_DATA", _path, Path("var").resolve()),
        database_url=secret("BLOG_DATABASE_URL"),
        host=read("BLOG_HOST", str, "127.0.0.1"),
        port=read("BLOG_PORT", _port, 8000),
        secret=secret("BLOG_SECRET"),
        secret_file=_secret_file(env),
        model_path=read("BLOG_MODEL", _optional_path, None),
        ollama_host=env.get("OLLAMA_HOST", "").strip() or None,
        language=read("BLOG_LANGUAGE", _language, translation.SOURCE),
        log=read("BLOG_LOG", _log, "text"),
        is_traced=any(env.get(name, "").strip() for name in TRACES_TO),
        provider_keys=keys,
        worker_concurrency=read("BLOG_WORKER_CONCURRENCY", _positive, 24),
        web_threads=read("BLOG_WEB_THREADS", _positive, 96),
        url=read("BLOG_URL", _url, None),
        smtp=smtp(),
        trusted_proxies=read("BLOG_TRUSTED_PROXIES", _networks, ()),
    )
    if problems := [*problems, *_secret_problems(env), *_contradictions(config)]:
        raise ConfigError("The environment cannot be used: " + " ".join(problems))
    return config


def _contradictions(config: Config) -> list[str]:
    found: list[str] = []
    if config.secret is not None:
        try:
            secret_lines(config.secret)
        except ValueError as exc:
            found.append(f"BLOG_SECRET: {exc}; use long random ones.")
    if config.database_url and not config.database_url.startswith(("postgresql://", "postgres://")):
        found.append("BLOG_DATABASE_URL must start with postgresql://.")
    if config.smtp and not config.url:
        found.append("BLOG_SMTP_URL needs BLOG_URL too: the address that links in e-mails begin with.")
    return found


def _secret_problems(env: Mapping[str, str]) -> list[str]:
    """What would otherwise quietly put another secret in the place of the one that was meant."""
    if "BLOG_SECRET" in env and not env["BLOG_SECRET"].strip():
        return ["BLOG_SECRET is empty: set it, or unset it for the one in BLOG_DATA/keys."]
    if "BLOG_SECRET" in env and env.get("BLOG_SECRET_FILE", "").strip():
        return ["BLOG_SECRET and BLOG_SECRET_FILE are both set; keep one."]
    if "BLOG_SECRET_FILE" in env and not env["BLOG_SECRET_FILE"].strip():
        return ["BLOG_SECRET_FILE is empty: set it, or unset it for the one in BLOG_DATA/keys."]
    return []


def _secret_file(env: Mapping[str, str]) -> Path | None:
    name = env.get("BLOG_SECRET_FILE", "").strip()
    return Path(name).resolve() if name else None


def secret_lines(text: str) -> tuple[str, ...]:
    """The secrets of the installation, newest first, one a line."""
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not lines:
        raise ValueError("it holds no secret")
    if min(map(len, lines)) < SHORTEST_SECRET:
        raise ValueError(f"it holds a secret shorter than {SHORTEST_SECRET} characters")
    return lines


def _secret(env: Mapping[str, str], name: str) -> str | None:
    if file_name := env.get(f"{name}_FILE", "").strip():
        if text := Path(file_name).read_text().strip():
            return text
        raise ValueError("the file is empty")
    return env.get(name, "").strip() or None


def _smtp(address: str, sender: str) -> Smtp:
    """smtps://user:password@host:465, smtp://host:587 (with STARTTLS) or smtp://host:25?tls=none."""
    parts = urlsplit(address)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("must be like smtps://user:password@mail.example.org or smtp://mail.example.org:587")
    if "@" not in sender:
        raise ValueError("needs BLOG_MAIL_FROM too, the address that e-mails come from")
    is_bare = parse_qs(parts.query).get("tls") == ["none"]
    tls = "implicit" if parts.scheme == "smtps" else "none" if is_bare else "starttls"
    usual = {"implicit": 465, "starttls": 587, "none": 25}[tls]
    return Smtp(
        host=parts.hostname,
        port=parts.port or usual,
        tls=tls,
        sender=sender,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _url(text: str) -> str | None:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be like https://blog.example.org, with nothing after the host")
    return f"{parts.scheme}://{parts.netloc}"


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _path(text: str) -> Path:
    return Path(text).expanduser().resolve()


def _optional_path(text: str) -> Path | None:
    return _path(text)


def _language(text: str) -> str:
    translation.catalogue(text)
    return text


def _log(text: str) -> Literal["text", "json"]:
    if text in {"text", "json"}:
        return "json" if text == "json" else "text"
    raise ValueError("must be text or json")


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise ValueError("must be a whole number from 1 to 65535")


def _positive(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise ValueError("must be a whole number above 0")
