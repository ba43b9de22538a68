"""Registry files for tests: taken from here, changed, written again; and a registry with nothing in it."""

import json
from typing import Any, LiteralString

from psycopg import sql

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.llm.prompts.going_live import no_gate
from blog.app.transfer import services
from blog.app.transfer.models import MissingModels, Plan

TABLES = (
    *("workflow_field_action", "workflow_requirement", "workflow_field", "workflow_sub_stage"),
    *("workflow_stage", "workflow", "llm_action_part", "llm_action_release", "llm_prompt_part_release"),
)


def taken(conn: db.Connection, actor: Actor) -> dict[str, Any]:
    return json.loads(services.export(conn, actor, "json"))


def source(data: dict[str, Any]) -> bytes:
    return json.dumps(data).encode()


def planned(
    conn: db.Connection, actor: Actor, data: dict[str, Any], missing_models: MissingModels = "refuse"
) -> Plan:
    return services.plan_import(conn, actor, source(data), missing_models, no_gate)


def imported(
    conn: db.Connection, actor: Actor, data: dict[str, Any], missing_models: MissingModels = "refuse"
) -> Plan:
    return services.import_file(conn, actor, source(data), missing_models, no_gate)


def part_of(data: dict[str, Any], name: str) -> dict[str, Any]:
    return next(part for part in data["parts"] if part["name"] == name)


def action_of(data: dict[str, Any], name: str) -> dict[str, Any]:
    return next(action for action in data["actions"] if action["name"] == name)


def sub_stage_of(data: dict[str, Any], name: str) -> dict[str, Any]:
    stages = data["workflows"][0]["stages"]
    return next(each for stage in stages for each in stage["sub_stages"] if each["name"] == name)


def field_of(data: dict[str, Any], sub_stage: str, name: str) -> dict[str, Any]:
    return next(field for field in sub_stage_of(data, sub_stage)["fields"] if field["name"] == name)


def empty(conn: db.Connection) -> None:
    """Nothing of a registry is left; people and their roles are."""
    heads = ("llm_action", "llm_prompt_part")
    for table in heads:
        _run(conn, "UPDATE {} SET live_version_id = NULL, draft_version_id = NULL", table)
    for table in (*TABLES, *(f"{head}_version" for head in heads), *heads):
        _run(conn, "DELETE FROM {}", table)


def _run(conn: db.Connection, statement: LiteralString, table: str) -> None:
    conn.execute(sql.SQL(statement).format(sql.Identifier(table)))
