"""A post to be read: of the starter workflow, by somebody who may do everything."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.posts import services as posts
from blog.app.posts.models import Revision
from blog.app.workflow import outline, workspaces
from blog.app.workflow import services as workflow
from tests.factories import all_powerful, make_actor, make_post

SignIn = Callable[[FlaskClient, int], FlaskClient]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A post and whoever writes it."""

    conn: db.Connection
    actor: Actor
    post_id: int

    def write(self, name: str, text: str, section_id: int | None = None) -> Revision:
        state = workspaces.get_field_state(self.conn, self.actor, self.post_id, name, section_id)
        return workflow.save_field(
            self.conn,
            self.actor,
            post_id=self.post_id,
            field_name=name,
            section_id=section_id,
            text=text,
            base_revision_id=state.revision.id if state.revision else None,
        )

    def add(self, heading: str, **texts: str) -> int:
        """A section at the end."""
        section_id = outline.add_section(self.conn, self.actor, self.post_id, heading).id
        for name, text in texts.items():
            self.write(name, text, section_id)
        return section_id

    def order(self) -> list[int]:
        return [section.id for section in posts.list_sections(self.conn, self.post_id)]


@pytest.fixture
def desk(conn: db.Connection) -> Desk:
    actor = all_powerful(conn, "nora")
    return Desk(conn=conn, actor=actor, post_id=make_post(conn, actor, idea="Why lighthouses went dark"))


@pytest.fixture
def browser(desk: Desk, client: FlaskClient, conn: db.Connection, as_user: SignIn) -> FlaskClient:
    """An administrator's, in front of the post."""
    return as_user(client, make_actor(conn, "olga", "administrator").user_id or 0)


@pytest.fixture
def bearer(conn: db.Connection) -> dict[str, str]:
    """The headers of an administrator's program."""
    token = auth.create_token(conn, make_actor(conn, "ada", "administrator"), name="a script").token
    return {"Authorization": f"Bearer {token}"}
