"""The whole product on a database of its own, started and stopped for a measurement."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import requests

from blog.app import supervisor

ROOT = Path(__file__).parents[1]
PASSWORD = "a password for the benchmark"  # noqa: S105 - of a database that lives for a minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """The running product, and how long it took from the command to a healthy answer."""

    port: int
    console: Path
    started_s: float
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running_product(data: Path) -> Generator[Product]:
    port = _free_port()
    console = data / "console"
    environment = {**os.environ, "BLOG_DATA": str(data / "var"), "BLOG_PORT": str(port)}
    environment.pop("BLOG_DATABASE_URL", None)
    started = time.perf_counter()
    with console.open("wb") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("blogforge")), "serve"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/healthz", process, console)
        took = time.perf_counter() - started
        _allow_this_machine(data / "var")
        yield Product(port=port, console=console, started_s=took, process=process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _allow_this_machine(data: Path) -> None:
    """The provider of a measurement is on loopback, where no call goes unless it is allowed."""
    holder = supervisor.holder_of(data)
    if holder is None or holder.database_url is None:
        sys.exit("The product ended.")
    with psycopg.connect(holder.database_url, autocommit=True) as conn:
        conn.execute("INSERT INTO outgoing_place (host) VALUES ('127.0.0.1') ON CONFLICT DO NOTHING")


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], console: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            sys.exit(f"The product did not start:\n{console.read_text()}")
        try:
            if requests.get(url, timeout=1).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            pass
        time.sleep(0.05)
    sys.exit(f"The product was not healthy within 30 s:\n{console.read_text()}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def setup_link(product: Product) -> str:
    """Where the first administrator is made, as the console says it."""
    for _ in range(100):
        if link := re.search(r"http\S+/setup/\S+", product.console.read_text()):
            return link[0]
        time.sleep(0.1)
    sys.exit(f"No link for the first administrator:\n{product.console.read_text()}")
