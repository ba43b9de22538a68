"""Measures what a run costs beyond its provider, against the bounds of docs/operations.md. `make bench`.

Starts the whole product on a database of its own, with a provider on loopback that answers at once with
16 tokens. Everything is stored as always.
"""

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests

from bench import assembly, streams
from bench.client import Timing, ask_directly, post_and_follow
from bench.figures import Figure, show
from bench.product import PASSWORD, ROOT, Product, running_product, setup_link

ONE_AT_A_TIME = 200
AT_ONCE = 16
RUNS_AT_ONCE = 960


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="blogforge-bench-") as data, _provider() as provider_port:
        # The database's own user must be able to reach its folder when root runs this.
        Path(data).chmod(0o755)
        with running_product(Path(data)) as first:
            token = _first_administrator(first)
            path = _action(first, token, provider_port)
            figures = [*_delay(first, token, path, provider_port), _throughput(first, token, path)]
            figures.append(_memory(first))
        with running_product(Path(data)) as second:
            figures.append(Figure(name="Warm start", value=second.started_s, unit="s", bound=5))
    sys.exit(show([*figures, *assembly.measure(), *streams.measure()]))


def _delay(product: Product, token: str, path: str, provider_port: int) -> list[Figure]:
    address = ("127.0.0.1", product.port)
    body = b'{"post": {"basic_idea": "An idea of a few words"}}'
    question = b'{"model": "bench", "stream": true, "messages": []}'
    for _ in range(20):
        post_and_follow(address, token, path, body)
    own = statistics.median(ask_directly(("127.0.0.1", provider_port), question) for _ in range(50))
    beyond = sorted(
        post_and_follow(address, token, path, body).first_text_ms - own for _ in range(ONE_AT_A_TIME)
    )
    p50, p95 = beyond[len(beyond) // 2], beyond[int(len(beyond) * 0.95)]
    name = "POST to first text beyond the provider's own, one at a time"
    return [
        Figure(name=f"{name}, p50", value=p50, unit="ms", bound=20),
        Figure(name=f"{name}, p95", value=p95, unit="ms", bound=50),
    ]


def _throughput(product: Product, token: str, path: str) -> Figure:
    address = ("127.0.0.1", product.port)
    body = b'{"post": {"basic_idea": "An idea of a few words"}}'

    def one(_: int) -> Timing:
        return post_and_follow(address, token, path, body)

    with ThreadPoolExecutor(AT_ONCE) as clients:
        list(clients.map(one, range(AT_ONCE * 4)))
        started = time.perf_counter()
        list(clients.map(one, range(RUNS_AT_ONCE)))
        seconds = time.perf_counter() - started
    return Figure(
        name=f"Streamed runs completed at {AT_ONCE} at once",
        value=RUNS_AT_ONCE / seconds,
        unit="/s",
        bound=60,
        at_least=True,
    )


def _memory(product: Product) -> Figure:
    """Web and worker together, without the database; shared pages counted in every process that maps them."""
    family = [
        product.process.pid,
        *(child.pid for child in psutil.Process(product.process.pid).children(True)),
    ]
    ours = [psutil.Process(pid) for pid in family]
    python = [process for process in ours if "postgres" not in process.name()]
    resident = sum(process.memory_info().rss for process in python) / 1024 / 1024
    return Figure(name="Resident memory of supervisor, web and worker", value=resident, unit="MB", bound=300)


# --- the product and its provider ----------------------------------------------------------------


@contextmanager
def _provider() -> Generator[int]:
    process = subprocess.Popen([sys.executable, "-m", "bench.provider"], stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None  # noqa: S101 - for the type checker: it was asked for
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def _first_administrator(product: Product) -> str:
    """Signs in through the link on the console and answers an API token."""
    browser = requests.Session()
    _send(browser, setup_link(product), name="Bench", email="bench@example.org", password=PASSWORD)
    _send(browser, f"{product.url}/access/limits", token="", person="")  # it asks for all it can get
    shown = _send(browser, f"{product.url}/account/tokens", name="bench")
    token = re.search(r"bf_[\w-]{20,}", shown)
    if token is None:
        sys.exit(f"No token on the page:\n{shown}")
    return token[0]


def _send(browser: requests.Session, url: str, **form: str) -> str:
    page = browser.get(url if "/setup/" in url else url.rsplit("/", 1)[0], timeout=10).text
    csrf = re.search(r'name="csrf_token" value="(\w+)"', page)
    answer = browser.post(url, data={**form, "csrf_token": csrf[1] if csrf else ""}, timeout=10)
    answer.raise_for_status()
    return answer.text


def _action(product: Product, token: str, provider_port: int) -> str:
    """Registers the provider, a model and an action of two parts; answers where its runs are created."""

    def create(path: str, **body: Any) -> int:
        answer = requests.post(
            f"{product.url}/api/v1/llm/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
        if not answer.ok:
            sys.exit(f"POST {path}: {answer.status_code} {answer.text}")
        return int(json.loads(answer.text)["id"])

    provider = create(
        "providers",
        name="bench",
        label="Bench",
        protocol="openai",
        base_url=f"http://127.0.0.1:{provider_port}",
    )
    model = create(f"providers/{provider}/models", name="bench", label="Bench")
    parts = [
        create("parts", name="Bench role", role="system", kind="role", template="You are an editor."),
        create("parts", name="Bench task", role="user", kind="task", template="Write: {{ post.basic_idea }}"),
    ]
    action = create(
        "actions", name="bench", label="Bench", model_id=model, output_kind="text", part_ids=parts, params={}
    )
    return f"/api/v1/llm/actions/{action}/runs"


if __name__ == "__main__":
    main()
