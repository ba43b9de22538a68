"""Joining, lost passwords, other addresses: each link from the form through a real SMTP server and back."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from procrastinate import jobs as queue

from blog.app import create_app, db, jobs, mail
from blog.app.auth import links, people, services, tasks
from blog.app.auth.models import Actor
from blog.app.config import Config
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from tests.auth.conftest import PASSWORD, Send
from tests.conftest import OneConnection
from tests.factories import make_actor, make_user
from tests.mailbox import Mailbox, mailbox
from tests.product import free_port

AsUser = Callable[[FlaskClient, int], FlaskClient]
LINK = re.compile(r"https://forge\.example\S+/(\S+)")
LINK_IN_TEXT = re.compile(r"https?://\S+/(?:invitations|password-resets|email-changes)/\S+")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox(free_port()) as opened:
        yield opened


class Post:
    """A worker that does what is queued, in the test's own transaction."""

    def __init__(self, pool: OneConnection, conn: db.Connection, config: Config, box: Mailbox) -> None:
        self.pool, self.conn, self.box = pool, conn, box
        self.config = replace(config, smtp=box.smtp, url="https://forge.example")
        self.context = jobs.Context(pool=pool, attempt=1, secrets=(), config=self.config)

    def work(self) -> list[str]:
        """Does every queued job once and answers the subjects of what came of it."""
        before = len(self.box.messages)
        for name, arguments in self.queued():
            jobs.TASKS[name](self.context, **arguments)
        return [str(message["Subject"]) for message in self.box.messages[before:]]

    def queued(self) -> list[tuple[str, dict[str, object]]]:
        return self.conn.execute(
            "DELETE FROM procrastinate_jobs WHERE status = 'todo' RETURNING task_name, args"
        ).fetchall()

    def token(self) -> str:
        """The one in the newest e-mail."""
        text = self.box.messages[-1].get_content()
        found = LINK.search(text)
        assert found, text
        return found[1]


@pytest.fixture
def post(pool: OneConnection, conn: db.Connection, config: Config, box: Mailbox) -> Post:
    return Post(pool, conn, config, box)


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return make_actor(conn, "carol", "administrator")


def invite(
    post: Post, actor: Actor, email: str = "eve@example.org", **options: object
) -> links.NewInvitation:
    wanted = {"role_names": ["author"], "days": 7, "is_by_mail": True} | options
    return links.invite(post.conn, actor, post.config, email=email, **wanted)  # pyright: ignore[reportArgumentType]


# --- invitations ---------------------------------------------------------------------------------


def test_an_invitation_by_e_mail_is_accepted_once(post: Post, carol: Actor) -> None:
    assert invite(post, carol).link is None
    assert post.work() == ["You are invited to BlogForge"]
    assert "carol invites you" in post.box.messages[0].get_content()
    token = post.token()
    user_id = links.accept(post.conn, token, name="Eve", password=PASSWORD)
    eve = services.get_user(post.conn, user_id)
    assert (eve.email, eve.roles) == ("eve@example.org", ["author"])
    assert eve.email_confirmed_at
    with pytest.raises(NotFound):
        links.accept(post.conn, token, name="Mallory", password=PASSWORD)


def test_a_link_that_was_shown_proves_no_address(post: Post, carol: Actor) -> None:
    new = invite(post, carol, is_by_mail=False)
    assert new.link
    assert new.link.startswith("https://forge.example/invitations/")
    assert post.queued() == []
    user_id = links.accept(post.conn, new.link.rpartition("/")[2], name="Eve", password=PASSWORD)
    assert services.get_user(post.conn, user_id).email_confirmed_at is None


def test_the_link_is_nowhere_in_the_database(post: Post, carol: Actor) -> None:
    invite(post, carol)
    (job,) = post.queued()
    assert job[1].keys() == {"link_id"}
    tasks.send_link(post.context, **job[1])  # pyright: ignore[reportArgumentType]
    rows = post.conn.execute("SELECT t::text FROM account_link AS t").fetchall()
    rows += post.conn.execute("SELECT t::text FROM audit_event AS t").fetchall()
    assert post.token() not in repr(rows)


def test_a_newer_invitation_and_a_taken_back_one_close_the_link(post: Post, carol: Actor) -> None:
    first, second = invite(post, carol, is_by_mail=False), invite(post, carol, is_by_mail=False)
    for number, new in enumerate([first, second]):
        assert new.link
        token = new.link.rpartition("/")[2]
        if number == 1:
            links.get_open(post.conn, token, "invitation")
            links.revoke_invitation(post.conn, carol, new.id)
        with pytest.raises(NotFound):
            links.accept(post.conn, token, name="Eve", password=PASSWORD)
    with pytest.raises(NotFound):
        links.revoke_invitation(post.conn, carol, second.id)


def test_an_expired_invitation_is_refused(post: Post, carol: Actor) -> None:
    new = invite(post, carol, is_by_mail=False)
    db.run(post.conn, "UPDATE account_link SET expires_at = clock_timestamp()")
    assert new.link
    with pytest.raises(NotFound, match="its time is over"):
        links.accept(post.conn, new.link.rpartition("/")[2], name="Eve", password=PASSWORD)


def test_nobody_invites_with_more_than_they_have(post: Post, conn: db.Connection) -> None:
    helper = Actor(user_id=make_user(conn, "h"), name="h", permissions=frozenset({"people.manage"}))
    with pytest.raises(Forbidden):
        invite(post, helper, role_names=["administrator"])
    with pytest.raises(Forbidden):
        links.change_policy(conn, helper, is_sign_up_open=True, sign_up_role="editor")
    with pytest.raises(Forbidden):
        invite(post, make_actor(conn, "bob", "editor"))


def test_the_invitations_of_somebody_deactivated_are_void(
    post: Post, carol: Actor, conn: db.Connection
) -> None:
    erin = make_actor(conn, "erin", "administrator")
    new = invite(post, erin, is_by_mail=False)
    assert erin.user_id
    people.update_user(conn, carol, erin.user_id, is_active=False)
    assert new.link
    with pytest.raises(NotFound):
        links.get_open(conn, new.link.rpartition("/")[2], "invitation")


def test_without_a_mail_server_the_link_is_shown_and_printed(
    post: Post, carol: Actor, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    post.config = config
    new = invite(post, carol, is_by_mail=False)
    assert new.link
    assert new.link.startswith("http://127.0.0.1:8000/")
    assert new.link in capsys.readouterr().err
    with pytest.raises(Invalid, match="BLOG_SMTP_URL"):
        invite(post, carol, email="f@example.org", is_by_mail=True)


# --- signing up ----------------------------------------------------------------------------------


def test_nobody_signs_up_until_it_is_opened(post: Post, carol: Actor, conn: db.Connection) -> None:
    with pytest.raises(NotFound, match="without an invitation"):
        links.ask_to_join(conn, "eve@example.org", address="10.0.0.1")
    links.change_policy(conn, carol, is_sign_up_open=True, sign_up_role="viewer")
    links.ask_to_join(conn, "eve@example.org", address="10.0.0.1")
    assert post.work() == ["Finish signing up at BlogForge"]
    token = post.token()
    links.change_policy(conn, carol, is_sign_up_open=False, sign_up_role="viewer")
    with pytest.raises(NotFound, match="any more"):
        links.accept(conn, token, name="Eve", password=PASSWORD)
    links.change_policy(conn, carol, is_sign_up_open=True, sign_up_role=None)
    user_id = links.accept(conn, token, name="Eve", password=PASSWORD)
    assert services.get_user(conn, user_id).roles == ["viewer"]


def test_who_is_here_already_is_told_by_e_mail_and_nobody_else_learns_of_it(
    post: Post, carol: Actor, alice: str, conn: db.Connection
) -> None:
    links.change_policy(conn, carol, is_sign_up_open=True, sign_up_role=None)
    links.ask_to_join(conn, alice, address="10.0.0.1")
    assert post.work() == ["You have an account at BlogForge already"]
    assert not LINK.search(post.box.messages[0].get_content().replace("/sign-in", ""))


# --- a lost password -----------------------------------------------------------------------------


def test_a_reset_replaces_the_password_once_and_ends_the_sessions(
    post: Post, alice: str, conn: db.Connection
) -> None:
    session = services.sign_in(conn, alice, PASSWORD, address="10.0.0.1").session
    for _ in range(2):
        links.ask_for_reset(conn, alice, address="10.0.0.1")
    assert post.work() == ["A new password for BlogForge"] * 2
    first, second = (LINK.findall(message.get_content())[0] for message in post.box.messages)
    with pytest.raises(Invalid):
        links.reset_password(conn, second, "short")
    links.reset_password(conn, second, "a new horse battery")
    assert services.recognise_session(conn, session) is None
    assert services.sign_in(conn, alice, "a new horse battery", address="10.0.0.1")
    for token in (first, second):
        with pytest.raises(NotFound):
            links.reset_password(conn, token, "an attacker's password")
    assert post.work() == ["Your password at BlogForge was changed"]


def test_an_address_of_nobody_leaves_the_same_traces_but_no_e_mail(
    post: Post, alice: str, conn: db.Connection
) -> None:
    for email in (alice, "nobody@example.org"):
        links.ask_for_reset(conn, email, address="10.0.0.1")
    jobs_queued = post.queued()
    assert [name for name, _ in jobs_queued] == [links.SEND_LINK] * 2
    for _, arguments in jobs_queued:
        tasks.send_link(post.context, **arguments)  # pyright: ignore[reportArgumentType]
    assert [message["To"] for message in post.box.messages] == [alice]


def test_asking_often_sends_no_more_and_from_one_place_is_refused(
    post: Post, alice: str, conn: db.Connection
) -> None:
    for _ in range(5):
        links.ask_for_reset(conn, alice, address="10.0.0.1")
    assert len(post.work()) == links.ASKED_PER_EMAIL
    for number in range(15):
        links.ask_for_reset(conn, f"n{number}@example.org", address="10.0.0.1")
    with pytest.raises(TooMany):
        links.ask_for_reset(conn, "other@example.org", address="10.0.0.1")
    links.ask_for_reset(conn, "other@example.org", address="10.0.0.2")


def test_somebody_deactivated_gets_no_link_and_an_older_one_is_void(
    post: Post, carol: Actor, alice: str, conn: db.Connection
) -> None:
    links.ask_for_reset(conn, alice, address="10.0.0.1")
    post.work()
    user = services.find_user_by_email(conn, alice)
    assert user
    people.update_user(conn, carol, user.id, is_active=False)
    with pytest.raises(NotFound):
        links.reset_password(conn, post.token(), "a new horse battery")
    links.ask_for_reset(conn, alice, address="10.0.0.1")
    assert post.work() == []


# --- another address -----------------------------------------------------------------------------


def test_an_address_changes_when_its_link_is_opened_and_the_old_one_is_told(
    post: Post, alice: str, conn: db.Connection
) -> None:
    user = services.find_user_by_email(conn, alice)
    assert user
    actor = services.actor_of_user(conn, user.id)
    with pytest.raises(Invalid, match="present password"):
        links.ask_to_change_email(conn, actor, "wrong", "new@example.org", address="10.0.0.1")
    links.ask_to_change_email(conn, actor, PASSWORD, "new@example.org", address="10.0.0.1")
    assert post.work() == ["Is this your e-mail address?"]
    assert services.get_user(conn, user.id).email == alice
    assert links.confirm_email(conn, post.token()) == "new@example.org"
    changed = services.get_user(conn, user.id)
    assert changed.email == "new@example.org"
    assert changed.email_confirmed_at
    assert post.work() == ["Your account at BlogForge has another e-mail address"]
    assert post.box.messages[-1]["To"] == alice
    assert "new@example.org" in post.box.messages[-1].get_content()


def test_an_address_that_somebody_took_meanwhile_is_refused(
    post: Post, alice: str, conn: db.Connection
) -> None:
    user = services.find_user_by_email(conn, alice)
    assert user
    actor = services.actor_of_user(conn, user.id)
    links.ask_to_change_email(conn, actor, PASSWORD, "new@example.org", address="10.0.0.1")
    post.work()
    db.run(conn, "UPDATE app_user SET email = 'new@example.org' WHERE id = %s", (make_user(conn, "eve"),))
    with pytest.raises(Conflict, match="by now"):
        links.confirm_email(conn, post.token())
    assert services.get_user(conn, user.id).email == alice


# --- when it cannot be sent ----------------------------------------------------------------------


def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(
    post: Post, carol: Actor, conn: db.Connection
) -> None:
    invite(post, carol)
    post.box.refusals = ["451 Try again later", "550 No such mailbox"]
    (job,) = post.queued()
    with pytest.raises(mail.Delayed, match="451"):
        tasks.send_link(post.context, **job[1])  # pyright: ignore[reportArgumentType]
    (shown,) = links.list_invitations(conn, carol)
    assert shown.send_error
    assert "451" in shown.send_error
    tasks.send_link(post.context, **job[1])  # pyright: ignore[reportArgumentType]
    (shown,) = links.list_invitations(conn, carol)
    assert "550" in (shown.send_error or "")
    tasks.send_link(post.context, **job[1])  # pyright: ignore[reportArgumentType]
    (shown,) = links.list_invitations(conn, carol)
    assert (shown.send_error, shown.sent_at is None) == (None, False)


def test_the_queue_tries_again_for_hours() -> None:
    strategy = jobs.RETRIES[links.SEND_LINK]
    busy = mail.Delayed("busy")
    assert all(strategy.get_retry_decision(exception=busy, job=_job(attempts)) for attempts in (0, 6))
    assert strategy.get_retry_decision(exception=busy, job=_job(mail.ATTEMPTS)) is None
    assert strategy.get_retry_decision(exception=KeyError(), job=_job(0)) is None


def _job(attempts: int) -> queue.Job:
    return queue.Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="x", attempts=attempts)


def test_a_server_nobody_runs_is_worth_another_attempt(config: Config, box: Mailbox) -> None:
    away = replace(config, smtp=replace(box.smtp, port=free_port()))
    with pytest.raises(mail.Delayed, match="cannot be used"):
        mail.deliver(away, mail.Message(to="a@example.org", subject="x", text="x"))


# --- pages ---------------------------------------------------------------------------------------


@pytest.fixture
def site(post: Post, pool: OneConnection) -> FlaskClient:
    app = create_app(post.config, pool)
    app.testing = True
    return app.test_client()


def test_carol_invites_eve_who_joins_by_the_pages_alone(
    site: FlaskClient, post: Post, as_user: AsUser, send: Send, conn: db.Connection
) -> None:
    as_user(site, make_user(conn, "carol", "administrator"))
    sent = send(site, "/invitations", email="eve@example.org", roles=["author"], days="3", way="mail")
    assert sent.status_code == 201
    assert "is being sent" in sent.text
    post.work()
    assert "is being sent" not in site.get("/invitations").text
    eve = site.application.test_client()
    path = f"/invitations/{post.token()}"
    assert "carol invites you" in eve.get(path).text
    weak = send(eve, path, name="Eve", password="short")
    assert weak.status_code == 422
    assert 'value="Eve"' in weak.text
    assert send(eve, path, name="Eve", password=PASSWORD).status_code == 303
    assert "eve@example.org" in eve.get("/account").text
    assert eve.get(path).status_code == 404
    assert eve.get("/invitations").status_code == 403
    again = send(site, "/invitations", email="eve@example.org", days="99")
    assert again.status_code == 422
    assert 'value="eve@example.org"' in again.text


def test_the_page_for_lost_passwords_answers_alike(
    site: FlaskClient, post: Post, send: Send, alice: str
) -> None:
    answers = [send(site, "/sign-in/forgotten", email=email) for email in (alice, "nobody@example.org")]
    assert {(answer.status_code, answer.location) for answer in answers} == {
        (303, "/sign-in/forgotten?done=asked")
    }
    post.work()
    path = f"/password-resets/{post.token()}"
    assert alice in site.get(path).text
    assert send(site, path, password="a new horse battery").location == "/sign-in?done=reset"
    assert send(site, "/sign-in", email=alice, password="a new horse battery").status_code == 303
    assert send(site, "/sign-in/forgotten", email="no address").status_code == 422


def test_a_link_in_an_e_mail_does_not_begin_with_the_host_of_a_request(
    site: FlaskClient, post: Post, send: Send, alice: str
) -> None:
    token = re.search(r'csrf_token" value="(\w+)"', site.get("/sign-in", base_url="http://evil.example").text)
    assert token
    fields = {"csrf_token": token[1], "email": alice}
    site.post("/sign-in/forgotten", data=fields, base_url="http://evil.example")
    post.work()
    assert "evil.example" not in post.box.messages[0].as_string()


def test_looking_at_a_link_to_confirm_an_address_changes_nothing(
    site: FlaskClient, post: Post, send: Send, alice: str, conn: db.Connection
) -> None:
    send(site, "/sign-in", email=alice, password=PASSWORD)
    assert send(site, "/account/email", email="new@example.org", present="wrong").status_code == 422
    assert send(site, "/account/email", email="new@example.org", present=PASSWORD).status_code == 303
    post.work()
    path = f"/email-changes/{post.token()}"
    assert "Yes, it is mine" in site.get(path).text
    assert services.find_user_by_email(conn, alice)
    assert send(site, path).location == "/account?done=email"
    assert "new@example.org" in site.get("/account").text


def test_invitations_over_rest(site: FlaskClient, post: Post, carol: Actor, conn: db.Connection) -> None:
    headers = {"Authorization": f"Bearer {services.create_token(conn, carol, 'x').token}"}
    made = site.post(
        "/api/v1/invitations", headers=headers, json={"email": "eve@example.org", "roles": ["viewer"]}
    )
    assert made.status_code == 201
    assert made.json
    listed = site.get("/api/v1/invitations", headers=headers)
    assert [each["email"] for each in listed.json or []] == ["eve@example.org"]
    assert made.json["link"].rpartition("/")[2] not in listed.text
    path = f"/api/v1/invitations/{made.json['id']}"
    assert site.delete(path, headers=headers).status_code == 204
    assert site.delete(path, headers=headers).status_code == 404
    wrong = site.post("/api/v1/invitations", headers=headers, json={"email": "e@x.org", "roles": ["owner"]})
    assert wrong.status_code == 422


def test_tokens_of_somebody_deactivated_do_not_come_back(
    carol: Actor, alice: str, conn: db.Connection
) -> None:
    user = services.find_user_by_email(conn, alice)
    assert user
    token = services.create_token(conn, services.actor_of_user(conn, user.id), "x").token
    people.update_user(conn, carol, user.id, is_active=False)
    people.update_user(conn, carol, user.id, is_active=True)
    with pytest.raises(Unauthenticated):
        services.recognise_bearer(conn, token)
