"""Another secret for what is sealed: all of it anew, nothing lost, and what cannot be opened is named."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from blog.app import create_app, db, installation_secret, key_rotation, security
from blog.app.config import Config
from blog.app.errors import Conflict, Invalid, Unavailable
from blog.app.installation_secret import SecretFile
from tests.conftest import OneConnection
from tests.factories import make_model, make_user

FIRST, SECOND = "a first secret of this test", "a second secret of this test"


@pytest.fixture
def ours(tmp_path: Path) -> Config:
    """An installation whose secret we made ourselves."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/secret").write_text(f"{FIRST}\n")
    return Config(data_dir=tmp_path)


def lines(config: Config) -> list[str]:
    return (config.keys_dir / "secret").read_text().splitlines()


def seal_all(conn: db.Connection, secret: str) -> int:
    """One value in every sealed column; answers the person's number."""
    user_id = make_user(conn, "dora")
    make_model(conn)
    db.run(conn, "UPDATE llm_provider SET sealed_key = %s", (security.seal([secret], "sk-1"),))
    db.run(
        conn,
        "INSERT INTO second_factor (app_user_id, sealed_secret) VALUES (%s, %s)",
        (user_id, security.seal([secret], "totp")),
    )
    service = db.scalar(
        conn,
        """
        INSERT INTO oidc_provider (label, issuer, client_id, sealed_secret)
        VALUES ('Lab', 'https://lab.example', 'x', %s) RETURNING id
        """,
        (security.seal([secret], "client"),),
    )
    for state, sooner in (("on its way", "-1 minute"), ("too late", "1 minute")):
        db.run(
            conn,
            """
            INSERT INTO oidc_sign_in (oidc_provider_id, state_hash, sealed_request, expires_at)
            VALUES (%s, %s, %s, clock_timestamp() - %s::interval)
            """,
            (service, state.encode(), security.seal([secret], "{}"), sooner),
        )
    return user_id


def opened(conn: db.Connection, secret: str) -> list[str]:
    return [
        security.unseal([secret], seal.sealed)
        for each in key_rotation.SEALED
        for seal in key_rotation.list_seals(conn, each)
    ]


@pytest.fixture
def sealed(conn: db.Connection, ours: Config) -> int:
    installation_secret.establish(conn, ours)
    return seal_all(conn, FIRST)


def test_every_sealed_column_is_known(conn: db.Connection) -> None:
    columns = conn.execute(
        """
        SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name LIKE 'sealed\\_%' AND data_type IN ('bytea', 'text')
        ORDER BY 1
        """
    ).fetchall()
    assert [name for (name,) in columns] == sorted(str(each) for each in key_rotation.SEALED)


def test_all_that_is_sealed_opens_with_the_new_secret_alone(
    conn: db.Connection, ours: Config, sealed: int
) -> None:
    done = key_rotation.rotate(conn, ours)
    newest, *older = lines(ours)
    assert older == [FIRST]
    assert opened(conn, newest) == ["sk-1", "totp", "client", "{}"]
    assert sum(done.counts.values()) == 4
    assert (ours.keys_dir / "secret").stat().st_mode & 0o777 == 0o644, "as it was"
    [(name, details)] = conn.execute(
        "SELECT name, details FROM audit_event WHERE name LIKE 'keys.%'"
    ).fetchall()
    assert (name, sum(details["sealed"].values())) == ("keys.rotated", 4)

    key_rotation.drop_old(conn, ours)
    assert lines(ours) == [newest]
    installation_secret.establish(conn, ours)
    with pytest.raises(Conflict, match="no older one"):
        key_rotation.drop_old(conn, ours)


def test_a_process_that_runs_opens_what_was_sealed_since(
    conn: db.Connection, ours: Config, sealed: int
) -> None:
    running = installation_secret.load(ours)
    key_rotation.rotate(conn, ours)
    [key] = key_rotation.list_seals(conn, key_rotation.SEALED[0])
    assert security.unseal(running, key.sealed) == "sk-1"
    assert running[0] != FIRST


def test_what_cannot_be_opened_is_named_and_nothing_changes(
    conn: db.Connection, ours: Config, sealed: int
) -> None:
    lost = security.seal([SECOND], "totp")
    db.run(conn, "UPDATE second_factor SET sealed_secret = %s", (lost,))
    with pytest.raises(Unavailable, match=rf"second factor of dora.*row {sealed}"):
        key_rotation.rotate(conn, ours)
    assert lines(ours) == [FIRST]
    assert bytes(db.scalar(conn, "SELECT sealed_secret FROM second_factor")) == lost
    with pytest.raises(Unavailable):
        key_rotation.drop_old(conn, ours)

    [given_up] = key_rotation.forget_lost(conn, ours)
    assert given_up.startswith("the second factor of dora")
    assert opened(conn, FIRST) == ["sk-1", "client", "{}"]
    assert db.scalar(conn, "SELECT count(*) FROM audit_event WHERE name = 'keys.given_up'") == 1


def test_a_lost_file_can_be_given_up_with_all_it_sealed(
    conn: db.Connection, ours: Config, sealed: int
) -> None:
    (ours.keys_dir / "secret").unlink()
    with pytest.raises(Unavailable, match="is missing"):
        installation_secret.establish(conn, ours)
    assert not (ours.keys_dir / "secret").exists(), "none is made in its place"
    assert len(key_rotation.forget_lost(conn, ours)) == 4
    installation_secret.establish(conn, ours)
    assert opened(conn, lines(ours)[0]) == []
    assert db.scalar(conn, "SELECT is_enabled FROM oidc_provider") is False


def test_a_secret_of_the_operators_is_theirs_to_change(
    conn: db.Connection, ours: Config, sealed: int, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text(FIRST)
    config = replace(ours, secret=FIRST, secret_file=theirs)
    with pytest.raises(Invalid, match="Put a new one above it"):
        key_rotation.rotate(conn, config)
    theirs.write_text(f"{SECOND}\n{FIRST}\n")
    key_rotation.rotate(conn, config)
    assert opened(conn, SECOND) == ["sk-1", "totp", "client", "{}"]
    assert theirs.read_text() == f"{SECOND}\n{FIRST}\n"
    with pytest.raises(Invalid, match="takes the other lines away"):
        key_rotation.drop_old(conn, config)
    theirs.write_text(SECOND)
    installation_secret.establish(conn, config)


@pytest.mark.parametrize("there", [SECOND, f"{SECOND}\n{SECOND} again"])
def test_a_start_with_another_secret_is_refused(
    conn: db.Connection, ours: Config, sealed: int, there: str
) -> None:
    (ours.keys_dir / "secret").write_text(there)
    with pytest.raises(Unavailable, match="does not hold"):
        installation_secret.establish(conn, ours)
    with pytest.raises(Unavailable, match="BLOG_SECRET does not hold"):
        installation_secret.establish(conn, replace(ours, secret=there))


def test_a_secret_that_may_still_be_needed_is_not_left_out(conn: db.Connection, ours: Config) -> None:
    """Two secrets were in use and nobody has sealed anew: both must be there."""
    installation_secret.establish(conn, ours)
    both = replace(ours, secret=f"{SECOND}\n{FIRST}")
    installation_secret.establish(conn, both)
    with pytest.raises(Unavailable):
        installation_secret.establish(conn, replace(ours, secret=SECOND))
    key_rotation.rotate(conn, both)
    installation_secret.establish(conn, replace(ours, secret=SECOND))


@pytest.mark.parametrize(
    ("there", "says"), [("", "no secret"), (" \n", "no secret"), ("too short\n", "shorter than 16")]
)
def test_a_file_that_holds_no_secret_is_refused_at_once_and_later(
    ours: Config, there: str, says: str
) -> None:
    running = installation_secret.load(ours)
    (ours.keys_dir / "secret").write_text(there)
    for use in (lambda: SecretFile(ours.keys_dir / "secret"), lambda: running[0]):
        with pytest.raises(Unavailable, match=says):
            use()


def test_a_file_that_cannot_be_read_is_refused(ours: Config) -> None:
    (ours.keys_dir / "secret").unlink()
    (ours.keys_dir / "secret").mkdir()
    with pytest.raises(Unavailable, match="Is a directory"):
        installation_secret.load(ours)


def test_the_first_start_makes_a_secret_that_only_its_owner_reads(
    conn: db.Connection, tmp_path: Path
) -> None:
    config = Config(data_dir=tmp_path)
    made = installation_secret.establish(conn, config)
    assert len(made[0]) >= 64
    assert (tmp_path / "keys/secret").stat().st_mode & 0o077 == 0
    assert list(installation_secret.establish(conn, config)) == list(made)


def test_a_form_that_was_open_is_still_taken(conn: db.Connection, ours: Config) -> None:
    installation_secret.establish(conn, ours)
    client: FlaskClient = create_app(ours, OneConnection(conn)).test_client()
    page = client.get("/sign-in").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    key_rotation.rotate(conn, ours)
    form = {"email": "nobody@example.org", "password": "not the password", "csrf_token": token}
    assert "This page has expired" not in client.post("/sign-in", data=form).text
    key_rotation.drop_old(conn, ours)
    assert "This page has expired" in client.post("/sign-in", data=form).text
