"""What is secret is in no dump, no log, no backup and no export: each of them is made and searched."""

import base64
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import requests

from blog.app import db, installation_secret, supervisor
from blog.app.auth import factor_store, links, oidc_store, passwords, services, store, totp
from blog.app.config import Config
from blog.app.embedded import postgres
from blog.app.security import SESSION_COOKIE, seal
from tests.factories import all_powerful, bind, make_action, make_field, make_post
from tests.llm.providers.scripted import Received, Reply, json_reply, serve
from tests.product import BLOGFORGE, Site, environment, own_directory, serving, wait_for

pytestmark = pytest.mark.slow

KEY = "sk-live-abroad-0123456789abcdefghij"
CLIENT_SECRET = "client-secret-abroad-0123456789"
PASSWORD = "correct horse battery abroad"
EXPORTS = (
    "/api/v1/registry",
    "/api/v1/llm/providers",
    "/api/v1/llm/runs",
    "/api/v1/tokens",
    "/api/v1/me",
    "/api/v1/users",
    "/api/v1/invitations",
    "/api/v1/outgoing-places",
    "/llm/registry/file",
    "/llm/runs/export",
    "/llm/usage/export",
    "/audit/export",
    "/posts/{post}/export/json",
    "/posts/{post}/export/markdown",
    "/posts/{post}/export/html",
)


def tell_tale(received: Received) -> Reply:
    """Repeats the key it was given in its error, as several do."""
    return json_reply({"error": {"message": f"Incorrect API key provided: {KEY}."}}, 401)


@dataclass(frozen=True)
class Abroad:
    """A site that had every kind of secret to do with; what they are, and what it left."""

    site: Site
    url: str
    post_id: int
    secrets: dict[str, str]


def url_of(site: Site) -> str:
    holder = supervisor.holder_of(site.data)
    assert holder is not None
    assert holder.database_url is not None
    return holder.database_url


@pytest.fixture(scope="module")
def abroad() -> Iterator[Abroad]:
    with (
        own_directory() as directory,
        serving(directory) as site,
        serve(tell_tale) as server,
        psycopg.connect(url_of(site), autocommit=True) as conn,
    ):
        yield _used(conn, site, server.url)


def _used(conn: db.Connection, site: Site, server: str) -> Abroad:
    actor = services.actor_of_user(conn, all_powerful(conn).user_id or 0)
    token = services.create_token(conn, actor, "program").token
    headers = {"Authorization": f"Bearer {token}"}
    base = f"http://127.0.0.1:{site.port}/api/v1"

    def send(path: str, body: object) -> int:
        answer = requests.post(f"{base}/{path}", json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json()["id"]

    about = {"name": "told", "label": "Told", "protocol": "openai", "base_url": server, "api_key": KEY}
    provider_id = send("llm/providers", about)
    requests.post(f"{base}/llm/providers/{provider_id}/checks", headers=headers, timeout=30)
    model_id = send(f"llm/providers/{provider_id}/models", {"name": "m", "max_output": 100})
    action_id = make_action(conn, [("user", "task", "Write.")], model_id=model_id)
    bind(conn, make_field(conn, "answer"), action_id)
    post_id = make_post(conn, actor, idea="Why lighthouses went dark")
    run_id = send(f"posts/{post_id}/fields/answer/runs", {})
    ended = "SELECT status FROM llm_run WHERE id = %s"
    wait_for(lambda: db.scalar(conn, ended, (run_id,)) == "failed", within=20)

    keys = tuple(installation_secret.SecretFile(site.data / "keys/secret"))
    oidc_store.insert_provider(
        conn,
        label="Lab",
        issuer="https://lab.example",
        client_id="x",
        sealed_secret=seal(keys, CLIENT_SECRET),
    )
    factor = totp.new_secret()
    factor_store.put_factor(conn, actor.user_id or 0, seal(keys, factor))
    store.update_password(conn, actor.user_id or 0, passwords.hashed(PASSWORD))
    session = services.open_session(conn, actor.user_id or 0)
    invitation = links.invite(
        conn,
        actor,
        Config(data_dir=site.data),
        email="new@example.org",
        role_names=["viewer"],
        days=1,
        is_by_mail=False,
    )
    return Abroad(
        site=site,
        url=url_of(site),
        post_id=post_id,
        secrets={
            "the provider's key": KEY,
            "the client secret": CLIENT_SECRET,
            "the API token": token,
            "the session": session,
            "the invitation": str(invitation.link).rpartition("/")[2],
            "the authenticator's secret": factor,
            "the password": PASSWORD,
            "the installation's secret": keys[0],
        },
    )


def found_in(secrets: dict[str, str], text: str) -> list[str]:
    """Which of them a text holds, as they are, as hexadecimal bytes or in base64."""
    wrong: list[str] = []
    for name, secret in secrets.items():
        forms = {secret, secret.encode().hex(), base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]}
        wrong += [name] if any(form in text for form in forms) else []
    return wrong


def test_the_search_would_find_them(abroad: Abroad) -> None:
    for name, secret in abroad.secrets.items():
        for form in (secret, secret.encode().hex(), base64.b64encode(f"{secret}abc".encode()).decode()):
            assert name in found_in(abroad.secrets, f"before {form} after"), name


def test_a_dump_and_a_backup_hold_none_in_clear(abroad: Abroad, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    command = [BLOGFORGE, "backup", str(file)]
    env = environment(abroad.site.data, abroad.site.port)
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=60)
    with tarfile.open(file) as tar:
        names = sorted(tar.getnames())
        tar.extractall(tmp_path / "there", filter="data")
    assert names == ["database.dump", "keys/secret", "manifest.json"]
    restore = [postgres.binary("pg_restore"), "--file", "-", str(tmp_path / "there/database.dump")]
    words = subprocess.run(restore, check=True, capture_output=True, timeout=60).stdout.decode()
    assert "COPY public.llm_provider" in words
    assert found_in(abroad.secrets, words) == []
    assert found_in(abroad.secrets, (tmp_path / "there/manifest.json").read_text()) == []
    assert found_in(abroad.secrets, (tmp_path / "there/keys/secret").read_text()) == [
        "the installation's secret"
    ], "a backup is kept as safe as the keys in it"


def test_no_log_holds_any(abroad: Abroad) -> None:
    logs = [abroad.site.log, *abroad.site.data.glob("**/*.log")]
    assert len(logs) >= 2
    for log in logs:
        assert found_in(abroad.secrets, log.read_text(errors="replace")) == [], log


def test_no_export_holds_any(abroad: Abroad) -> None:
    base = f"http://127.0.0.1:{abroad.site.port}"
    session, token = abroad.secrets["the session"], abroad.secrets["the API token"]
    for path in EXPORTS:
        answer = requests.get(
            base + path.format(post=abroad.post_id),
            headers={"Authorization": f"Bearer {token}"},
            cookies={SESSION_COOKIE: session},
            allow_redirects=False,
            timeout=30,
        )
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        assert found_in(abroad.secrets, answer.text) == [], path
