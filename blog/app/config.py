"""The configuration, read once from the environment by load_config; what an editor changes is in rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from blog.app import translation
from blog.app.errors import AppError

T = TypeVar("T")

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


class ConfigError(AppError):
    """The environment cannot be used as it is; all problems are named at once."""

    status = 500
    code = "config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Where things are and what was found in the environment. `database_url` None: the embedded one."""

    data_dir: Path
    database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    secret: str | None = field(default=None, repr=False)
    model_path: Path | None = None
    ollama_host: str | None = None
    language: str = translation.SOURCE
    provider_keys: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    worker_concurrency: int = 24
    web_threads: int = 96

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

    keys = {name: value for name in PROVIDER_KEY_VARIABLES if (value := secret(name))}
    config = Config(
        data_dir=read("BLOG_DATA", _path, Path("var").resolve()),
        database_url=secret("BLOG_DATABASE_URL"),
        host=read("BLOG_HOST", str, "127.0.0.1"),
        port=read("BLOG_PORT", _port, 8000),
        secret=secret("BLOG_SECRET"),
        model_path=read("BLOG_MODEL", _optional_path, None),
        ollama_host=env.get("OLLAMA_HOST", "").strip() or None,
        language=read("BLOG_LANGUAGE", _language, translation.SOURCE),
        provider_keys=keys,
        worker_concurrency=read("BLOG_WORKER_CONCURRENCY", _positive, 24),
        web_threads=read("BLOG_WEB_THREADS", _positive, 96),
    )
    if config.secret is not None and len(config.secret) < 16:
        problems.append("BLOG_SECRET is shorter than 16 characters; use a long random one.")
    if config.database_url and not config.database_url.startswith(("postgresql://", "postgres://")):
        problems.append("BLOG_DATABASE_URL must start with postgresql://.")
    if problems:
        raise ConfigError("The environment cannot be used: " + " ".join(problems))
    return config


def _secret(env: Mapping[str, str], name: str) -> str | None:
    if file_name := env.get(f"{name}_FILE", "").strip():
        if text := Path(file_name).read_text().strip():
            return text
        raise ValueError("the file is empty")
    return env.get(name, "").strip() or None


def _path(text: str) -> Path:
    return Path(text).expanduser().resolve()


def _optional_path(text: str) -> Path | None:
    return _path(text)


def _language(text: str) -> str:
    translation.catalogue(text)
    return text


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise ValueError("must be a whole number from 1 to 65535")


def _positive(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise ValueError("must be a whole number above 0")
