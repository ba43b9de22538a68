"""Rows for tests: plain functions that take only what matters to the test at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.auth.permissions import PERMISSIONS

_numbers = count(1)


def make_user(conn: db.Connection, name: str = "alice", *roles: str) -> int:
    """A person with roles by name. Nobody can sign in as them with a password: the hash is of nothing."""
    user_id = db.scalar(
        conn,
        "INSERT INTO app_user (email, name, password_hash) VALUES (%s, %s, '!') RETURNING id",
        (f"{name}{next(_numbers)}@example.org", name),
    )
    db.run(
        conn,
        "INSERT INTO user_role SELECT %s, id FROM role WHERE name = ANY(%s)",
        (user_id, list(roles)),
    )
    return user_id


def make_actor(conn: db.Connection, name: str = "alice", *roles: str) -> Actor:
    """A signed-in person with what their roles grant."""
    return auth.actor_of_user(conn, make_user(conn, name, *roles))


def all_powerful(conn: db.Connection, name: str = "carol") -> Actor:
    """A person who may do everything, for tests about something else than permissions."""
    return replace(make_actor(conn, name, "administrator"), permissions=frozenset(PERMISSIONS))


# --- the registry --------------------------------------------------------------------------------


def make_model(
    conn: db.Connection,
    base_url: str = "http://127.0.0.1:9",
    protocol: str = "openai",
    *,
    is_rehearsal: bool = False,
) -> int:
    """A model of a provider of its own, at an address where by default nobody listens."""
    number = next(_numbers)
    provider_id = db.scalar(
        conn,
        """
        INSERT INTO llm_provider (name, label, protocol, base_url, is_rehearsal)
        VALUES (%s, %s, %s, %s, %s) RETURNING id
        """,
        (f"provider-{number}", f"Provider {number}", protocol, base_url, is_rehearsal),
    )
    return db.scalar(
        conn,
        "INSERT INTO llm_model (llm_provider_id, name, label) VALUES (%s, %s, %s) RETURNING id",
        (provider_id, f"model-{number}", f"Model {number}"),
    )


Part = tuple[str, str, str]
"""role, kind, template"""


def make_action(
    conn: db.Connection,
    parts: Sequence[Part],
    *,
    model_id: int | None = None,
    output_kind: str = "text",
    output_schema: Mapping[str, Any] | None = None,
    validators: Sequence[Mapping[str, Any]] = (),
    params: Mapping[str, Any] | None = None,
    deadline_seconds: int = 60,
    max_retries: int = 0,
    fallback_model_id: int | None = None,
    repair: str | None = None,
    takes_selection: bool = False,
    wish_label: str | None = None,
    wish_choices: Sequence[str] = (),
) -> int:
    """A live action of parts made for it. `repair`: what is said, once, when a reply fails its checks."""
    number = next(_numbers)
    with conn.transaction():
        action_id = db.scalar(
            conn,
            "INSERT INTO llm_action (name, label) VALUES (%s, %s) RETURNING id",
            (f"action_{number}", f"Action {number}"),
        )
        version_id = db.scalar(
            conn,
            """
            INSERT INTO llm_action_version
                (llm_action_id, number, llm_model_id, params, output_kind, output_schema, validators,
                 deadline_seconds, max_retries, fallback_model_id, max_repairs, repair_part_id,
                 takes_selection, wish_label, wish_choices)
            VALUES (%s, 1, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
            """,
            (
                action_id,
                model_id,
                db.jsonb(dict(params or {})),
                output_kind,
                None if output_schema is None else db.jsonb(output_schema),
                db.jsonb(list(validators)),
                deadline_seconds,
                max_retries,
                fallback_model_id,
                0 if repair is None else 1,
                None if repair is None else make_part(conn, "user", "task", repair),
                takes_selection,
                wish_label,
                list(wish_choices),
            ),
        )
        db.run(conn, "UPDATE llm_action SET live_version_id = %s WHERE id = %s", (version_id, action_id))
        for position, part in enumerate(parts, 1):
            db.run(
                conn,
                """
                INSERT INTO llm_action_part (llm_action_version_id, position, llm_prompt_part_id)
                VALUES (%s, %s, %s)
                """,
                (version_id, position, make_part(conn, *part)),
            )
    return action_id


def make_part(conn: db.Connection, role: str, kind: str, template: str) -> int:
    number = next(_numbers)
    with conn.transaction():
        part_id = db.scalar(
            conn, "INSERT INTO llm_prompt_part (name) VALUES (%s) RETURNING id", (f"Part {number}",)
        )
        version_id = db.scalar(
            conn,
            """
            INSERT INTO llm_prompt_part_version (llm_prompt_part_id, number, role, kind, template)
            VALUES (%s, 1, %s, %s, %s) RETURNING id
            """,
            (part_id, role, kind, template),
        )
        db.run(conn, "UPDATE llm_prompt_part SET live_version_id = %s WHERE id = %s", (version_id, part_id))
    return part_id


# --- the workflow and posts ----------------------------------------------------------------------


def open_workflow(conn: db.Connection, workflow_id: int) -> None:
    """To everybody, with what the starter rows grant the roles in each stage."""
    db.run(
        conn,
        """
        INSERT INTO user_group_workflow (user_group_id, workflow_id)
        SELECT id, %s FROM user_group WHERE is_everyone
        """,
        (workflow_id,),
    )
    db.run(
        conn,
        """
        INSERT INTO stage_grant (role_id, workflow_stage_id, verb)
        SELECT DISTINCT granted.role_id, stage.id, granted.verb FROM stage_grant AS granted
        CROSS JOIN workflow_stage AS stage WHERE stage.workflow_id = %s
        """,
        (workflow_id,),
    )


def make_field(
    conn: db.Connection, name: str, *, scope: str = "post", kind: str = "markdown", **columns: Any
) -> int:
    """A field at the end of the first sub-stage of the default workflow."""
    return db.scalar(
        conn,
        """
        INSERT INTO workflow_field (workflow_id, workflow_sub_stage_id, name, label, kind, scope, position,
                                    max_chars, on_accept)
        SELECT sub.workflow_id, sub.id, %(name)s, initcap(replace(%(name)s, '_', ' ')), %(kind)s, %(scope)s,
               1000 + coalesce((SELECT max(position) FROM workflow_field), 0), %(max_chars)s, %(on_accept)s
        FROM workflow_sub_stage AS sub ORDER BY sub.id LIMIT 1 RETURNING id
        """,
        {
            "name": name,
            "kind": kind,
            "scope": scope,
            "max_chars": columns.get("max_chars"),
            "on_accept": columns.get("on_accept", "save"),
        },
    )


def bind(conn: db.Connection, field_id: int, action_id: int) -> None:
    """Lets a field offer an action, after those it offers already."""
    db.run(
        conn,
        """
        INSERT INTO workflow_field_action (workflow_field_id, llm_action_id, position)
        SELECT %(field)s, %(action)s, 1 + count(*)
        FROM workflow_field_action WHERE workflow_field_id = %(field)s
        """,
        {"field": field_id, "action": action_id},
    )


def make_post(conn: db.Connection, actor: Actor, **values: str) -> int:
    """A post of the default workflow by `actor`, with post fields filled by name."""
    from blog.app.workflow import services as workflow

    post = workflow.create_post_with_idea(conn, actor, values.pop("idea", "An idea"))
    for name, text in values.items():
        workflow.save_field(
            conn, actor, post_id=post.id, field_name=name, section_id=None, text=text, base_revision_id=None
        )
    return post.id
