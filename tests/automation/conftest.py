"""A desk to try automations on."""

from collections.abc import Callable

import pytest

from blog.app import db
from tests.automation.desk import Desk
from tests.conftest import OneConnection
from tests.factories import all_powerful, bind, make_action, make_field, make_model, make_post


@pytest.fixture
def desk(conn: db.Connection, pool: OneConnection) -> Callable[..., Desk]:
    def make(base_url: str = "http://127.0.0.1:9", **action: object) -> Desk:
        actor = all_powerful(conn)
        make_field(conn, "question")
        field_id = make_field(conn, "answer", kind=str(action.pop("field_kind", "markdown")))
        action_id = make_action(
            conn,
            [("system", "task", "Answer."), ("user", "data", "{{ post.question }}")],
            model_id=make_model(conn, base_url),
            **action,  # pyright: ignore[reportArgumentType]
        )
        bind(conn, field_id, action_id)
        post_id = make_post(conn, actor, question="Why kilts?")
        return Desk(conn, pool, actor, post_id, field_id, action_id)

    return make
