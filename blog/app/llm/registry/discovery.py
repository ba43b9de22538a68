"""Finds what there is to ask at each start: Ollama, keys in the environment, model files.

It registers and adds, and never changes what a person edited, removes a row or stops a start: whatever
does not answer within a moment is noted on its row.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from blog.app import db, reach, security
from blog.app.auth import places
from blog.app.config import Config
from blog.app.embedded import llama
from blog.app.errors import AppError
from blog.app.installation_secret import Secrets
from blog.app.llm.providers.base import Endpoint, ModelListing, ProviderError
from blog.app.llm.registry import known, services, store
from blog.app.llm.registry.models import Provider

WAIT_SECONDS = 2.0
REHEARSAL_FILE = "rehearsal.gguf"
REHEARSAL_CONTEXT = llama.CONTEXT

Answer = list[ModelListing] | ProviderError


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One line of what a start tells: a provider, how many models it has, or what is wrong with it."""

    provider_id: int
    label: str
    models: int
    error: str | None
    is_rehearsal: bool

    def __str__(self) -> str:
        if self.is_rehearsal:
            return (
                f"{self.label}: only proves the wiring, writes nonsense. Connect a model: {services.CONNECT}"
            )
        if self.error is not None:
            return f"{self.label}: {self.error}"
        return f"{self.label}: {self.models} model{'' if self.models == 1 else 's'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A provider there may be. `is_certain` False: it is registered only if it answers. `is_operators`: its
    address is the operator's choice, so calls may go there wherever it is."""

    name: str
    label: str
    protocol: str
    base_url: str
    key: str | None = field(default=None, repr=False)
    options: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    is_certain: bool = True
    is_operators: bool = False


def discover(conn: db.Connection, config: Config, keys: Secrets) -> list[Found]:
    """Registers what is found and answers what to tell whoever started us."""
    candidates = [_ollama(config), *_keyed(config)]
    answers = _ask_all({each.name: _endpoint(conn, keys, each) for each in candidates}, candidates)
    with conn.transaction():
        db.run(conn, "SELECT pg_advisory_xact_lock(hashtext('blogforge discovery'))")
        found = [_settle(conn, keys, each, answers[each.name]) for each in candidates]
        found.append(_settle_local(conn, keys, config))
        found.append(_settle_rehearsal(conn, keys, config))
        services.choose_first_default(conn)
    return [each for each in found if each is not None]


# --- what may be there ---------------------------------------------------------------------------


def _ollama(config: Config) -> Candidate:
    return Candidate(
        name="ollama",
        label="Ollama",
        protocol="ollama",
        base_url=ollama_address(config.ollama_host or ""),
        is_certain=config.ollama_host is not None,
        is_operators=True,
    )


def ollama_address(host: str) -> str:
    """OLLAMA_HOST as people write it: a host, host:port or an address, or what a server listens on."""
    usual = urlsplit(known.ollama_address())
    parts = urlsplit(host if "://" in host else f"{usual.scheme}://{host}")
    name = parts.hostname or usual.hostname
    if name in {"0.0.0.0", "::"}:  # noqa: S104 - nothing is bound here
        name = usual.hostname
    name = f"[{name}]" if name and ":" in name else name
    port = parts.port or (None if "://" in host else usual.port)
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def _keyed(config: Config) -> list[Candidate]:
    return [
        Candidate(
            name=each.name,
            label=each.label,
            protocol=each.protocol,
            base_url=each.base_url,
            key=key,
            options=each.options,
        )
        for each in known.known_providers()
        if (key := _first_key(config, each.variables))
    ]


def _first_key(config: Config, variables: Sequence[str]) -> str | None:
    return next((key for name in variables if (key := config.provider_keys.get(name))), None)


# --- asking --------------------------------------------------------------------------------------


def _endpoint(conn: db.Connection, keys: Secrets, candidate: Candidate) -> Endpoint | ProviderError | None:
    """Where to ask: a person's own row counts for more than what was found; None: it is switched off."""
    row = store.find_provider_by_name(conn, candidate.name)
    if row is not None and not row.is_enabled:
        return None
    if row is not None and row.origin == "person":
        try:
            return services.endpoint(conn, keys, row)
        except AppError as exc:
            return ProviderError("auth", exc.message)
    own = {reach.place_of(candidate.base_url)} if candidate.is_operators else set[reach.Place]()
    return Endpoint(
        base_url=candidate.base_url,
        api_key=candidate.key,
        options=candidate.options,
        allowed=places.allowed(conn) | own,
    )


def _ask_all(
    endpoints: Mapping[str, Endpoint | ProviderError | None], candidates: Sequence[Candidate]
) -> dict[str, Answer | None]:
    """Asks all at once and waits a moment; whoever is slower can be asked again from its page."""
    answers: dict[str, Answer | None] = {each.name: None for each in candidates}
    arrived: SimpleQueue[tuple[str, Answer]] = SimpleQueue()
    waiting: set[str] = set()
    for each in candidates:
        match endpoints[each.name]:
            case Endpoint() as where:
                waiting.add(each.name)
                # A thread that hangs on the network must not keep us from ending either.
                threading.Thread(target=_ask, args=(arrived, each, where), daemon=True).start()
            case ProviderError() as error:
                answers[each.name] = error
            case None:
                pass
    for name, answer in _arrivals(arrived, len(waiting)):
        answers[name] = answer
        waiting.discard(name)
    return answers | {name: _too_slow() for name in waiting}


def _ask(arrived: SimpleQueue[tuple[str, Answer]], candidate: Candidate, where: Endpoint) -> None:
    arrived.put((candidate.name, services.ask_for_models(candidate.protocol, where)))


def _arrivals(arrived: SimpleQueue[tuple[str, Answer]], count: int) -> list[tuple[str, Answer]]:
    until = time.monotonic() + WAIT_SECONDS
    got: list[tuple[str, Answer]] = []
    while len(got) < count:
        try:
            got.append(arrived.get(timeout=max(until - time.monotonic(), 0.001)))
        except Empty:
            break
    return got


def _too_slow() -> ProviderError:
    return ProviderError(
        "timeout", f"It did not list its models within {WAIT_SECONDS:g} seconds at the start."
    )


# --- keeping what was found ----------------------------------------------------------------------


def _settle(conn: db.Connection, keys: Secrets, candidate: Candidate, answer: Answer | None) -> Found | None:
    row = store.find_provider_by_name(conn, candidate.name)
    absent = row is None and not candidate.is_certain
    if answer is None or (absent and isinstance(answer, ProviderError)):
        return None
    provider = _register(conn, keys, candidate, row)
    services.merge_models(conn, provider, answer)
    return _found(conn, provider)


def _register(
    conn: db.Connection,
    keys: Secrets,
    candidate: Candidate,
    row: Provider | None,
    *,
    is_rehearsal: bool = False,
) -> Provider:
    sealed = None if candidate.key is None else security.seal(keys, candidate.key)
    if candidate.is_operators and (row is None or row.origin == "found"):
        places.allow_found(conn, reach.place_of(candidate.base_url), candidate.label)
    if row is None:
        provider_id = store.insert_provider(
            conn,
            name=candidate.name,
            label=candidate.label,
            protocol=candidate.protocol,
            base_url=candidate.base_url,
            sealed_key=sealed,
            options=candidate.options,
            origin="found",
            is_enabled=True,
            is_rehearsal=is_rehearsal,
        )
        return services.get_provider(conn, provider_id)
    if row.origin == "found":
        store.update_found_provider(
            conn,
            row.id,
            protocol=candidate.protocol,
            base_url=candidate.base_url,
            sealed_key=sealed,
            options=candidate.options,
        )
    return services.get_provider(conn, row.id)


def _settle_local(conn: db.Connection, keys: Secrets, config: Config) -> Found | None:
    """Model files of the data folder by their names, and the one that was named itself by its path."""
    row = store.find_provider_by_name(conn, "local")
    listings = _files(config)
    missing = _missing(conn, row, listings, config)
    if (row is None and not listings and not missing) or (row is not None and not row.is_enabled):
        return None
    candidate = Candidate(
        name="local",
        label="Model files",
        protocol="llama_cpp",
        base_url=config.models_dir.as_uri(),
        options={"strict_turns": True},
    )
    provider = _register(conn, keys, candidate, row)
    services.merge_models(conn, provider, listings)
    if missing:
        store.update_provider_check(conn, provider.id, f"These files are gone: {', '.join(missing)}.")
    return _found(conn, provider)


def _files(config: Config) -> list[ModelListing]:
    listings = _files_in(config.models_dir)
    named = config.model_path
    if named is None or named.parent == config.models_dir:
        return listings
    own = (replace(each, name=str(named)) for each in _files_in(named.parent) if each.name == named.name)
    return [*own, *listings]


def _files_in(folder: Path) -> list[ModelListing]:
    match services.ask_for_models("llama_cpp", Endpoint(base_url=folder.as_uri())):
        case ProviderError():
            return []  # no such folder: nothing was put there yet
        case listings:
            return listings


def _missing(
    conn: db.Connection, row: Provider | None, listings: Sequence[ModelListing], config: Config
) -> list[str]:
    """What was there at an earlier start or is named by BLOG_MODEL, and is not to be found."""
    present = {listing.name for listing in listings}
    before = [] if row is None else [model.name for model in store.list_models(conn, provider_id=row.id)]
    named = config.model_path
    wanted = [] if named is None or named.is_file() else [str(named)]
    return sorted({name for name in (*before, *wanted) if name not in present and not Path(name).is_file()})


def _settle_rehearsal(conn: db.Connection, keys: Secrets, config: Config) -> Found | None:
    """Without any real model there is one that proves the wiring. Its file is kept apart from real ones."""
    if store.find_first_real_model(conn) is not None:
        return None
    folder = config.data_dir / "rehearsal"
    # Each time: an older version's file would go on rehearsing as that version did.
    llama.write_rehearsal_model(folder / REHEARSAL_FILE)
    candidate = Candidate(name="rehearsal", label="Rehearsal", protocol="llama_cpp", base_url=folder.as_uri())
    row = store.find_provider_by_name(conn, candidate.name)
    provider = _register(conn, keys, candidate, row, is_rehearsal=True)
    # With a schema its nonsense has the shape that was asked for, so that lists and plans can be tried.
    listing = ModelListing(
        name=REHEARSAL_FILE, context_window=REHEARSAL_CONTEXT, capabilities=frozenset({"schema"})
    )
    services.merge_models(conn, provider, [listing])
    return _found(conn, provider)


def _found(conn: db.Connection, provider: Provider) -> Found:
    row = services.get_provider(conn, provider.id)
    return Found(
        provider_id=row.id,
        label=row.label,
        models=len(store.list_models(conn, provider_id=row.id)),
        error=row.check_error,
        is_rehearsal=row.is_rehearsal,
    )
