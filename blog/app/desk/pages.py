"""The page of a post: its desk, and the panel beside it."""

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.desk import panel as panels
from blog.app.desk.models import Page
from blog.app.desk.panel import Asked
from blog.app.desk.services import find_card, get_desk, get_field_desk
from blog.app.installation_secret import Secrets


def get_page(conn: db.Connection, actor: Actor, keys: Secrets, post_id: int, sub_stage_name: str) -> Page:
    """A sub-stage, with the panel for the field it is most likely wanted for."""
    desk = get_desk(conn, actor, post_id, sub_stage_name)
    panel = panels.default_panel(conn, actor, keys, desk)
    if panel and panel.is_behind:  # a run ends only once, so looking again is enough
        return get_page(conn, actor, keys, post_id, sub_stage_name)
    return Page(desk=desk, panel=panel)


def get_field_page(
    conn: db.Connection,
    actor: Actor,
    keys: Secrets,
    *,
    post_id: int,
    field_name: str,
    section_id: int | None,
    action_id: int | None = None,
    model_id: int | None = None,
    own_model_id: int | None = None,
    run_id: int | None = None,
    wish: str = "",
) -> Page:
    """A field's sub-stage, with the panel for it. `own_model_id` was another action's: nobody chose it."""
    chosen_id = None if model_id == own_model_id else model_id
    asked: Asked = {"action_id": action_id, "model_id": chosen_id, "run_id": run_id, "wish": wish}
    desk = get_field_desk(conn, actor, post_id, field_name)
    panel = panels.get_panel(conn, actor, keys, desk, find_card(desk, field_name, section_id), **asked)
    if panel.is_behind:
        return get_field_page(
            conn, actor, keys, post_id=post_id, field_name=field_name, section_id=section_id, **asked
        )
    return Page(desk=desk, panel=panel)
