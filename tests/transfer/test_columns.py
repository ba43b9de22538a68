"""Every column of the registry's tables is in the file or left out for a reason, a new one too."""

from blog.app import db
from blog.app.transfer import document, schemas

# The property of the file that holds it. A dash: left out, because it is of this installation alone.
PLACE = "the order of its list"
NAME = "a name in its place"
OWN = "—"  # ids, times, who: of this installation alone
STATE = "— drafts, releases and archived things are not what is live"

COLUMNS = {
    "workflow": {"id": OWN, "name": "name", "label": "label", "created_at": OWN},
    "workflow_stage": {"id": OWN, "workflow_id": PLACE, "name": "name", "label": "label", "position": PLACE},
    "workflow_sub_stage": {
        "id": OWN,
        "workflow_id": PLACE,
        "workflow_stage_id": PLACE,
        "position": PLACE,
        "name": "name",
        "label": "label",
    },
    "workflow_field": {
        "id": OWN,
        "workflow_id": PLACE,
        "workflow_sub_stage_id": PLACE,
        "position": PLACE,
        **{name: name for name in schemas.FieldEntry.model_fields if name not in {"actions", "unreviewed"}},
        "archived_at": STATE,
    },
    "workflow_field_action": {
        "workflow_field_id": "actions",
        "llm_action_id": "actions",
        "position": PLACE,
        "on_success": "unreviewed",
    },
    "workflow_requirement": {
        "id": OWN,
        "workflow_id": PLACE,
        "workflow_sub_stage_id": PLACE,
        "position": PLACE,
        "workflow_field_id": NAME,
        **{name: name for name in schemas.RequirementEntry.model_fields if name != "field"},
    },
    "llm_prompt_part": {
        "id": OWN,
        "created_at": OWN,
        "archived_at": STATE,
        "live_version_id": STATE,
        "draft_version_id": STATE,
        **{name: name for name in ("name", "description", "tags")},
    },
    "llm_prompt_part_version": {
        "id": OWN,
        "llm_prompt_part_id": OWN,
        "number": OWN,
        "app_user_id": OWN,
        "created_at": OWN,
        **{name: name for name in ("role", "kind", "template")},
    },
    "llm_action": {
        "id": OWN,
        "created_at": OWN,
        "archived_at": STATE,
        "live_version_id": STATE,
        "draft_version_id": STATE,
        **{name: name for name in ("name", "label", "description")},
    },
    "llm_action_version": {
        "id": OWN,
        "llm_action_id": OWN,
        "number": OWN,
        "app_user_id": OWN,
        "created_at": OWN,
        "llm_model_id": "model",
        "fallback_model_id": "fallback_model",
        "repair_part_id": "repair_part",
        **{name: name for name in schemas.SETTINGS if name not in {"label", "description", "off_positions"}},
    },
    "llm_action_part": {
        "llm_action_version_id": OWN,
        "position": PLACE,
        "llm_prompt_part_id": "parts",
        "is_off": "off_positions",
    },
}


def test_every_column_is_in_the_file_or_left_out_for_a_reason(conn: db.Connection) -> None:
    rows = conn.execute(
        """
        SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name = ANY (%s) GROUP BY table_name
        """,
        (list(COLUMNS),),
    ).fetchall()
    assert {table: sorted(columns) for table, columns in rows} == {
        table: sorted(columns) for table, columns in COLUMNS.items()
    }


def test_every_property_of_the_file_is_a_column() -> None:
    held = {told for columns in COLUMNS.values() for told in columns.values()}
    entries = [schemas.PartEntry, schemas.FieldEntry, schemas.RequirementEntry, schemas.ActionReferences]
    said = {name for entry in entries for name in entry.model_fields} | {*schemas.SETTINGS}
    assert said - held == {"field"}
    assert document.SECTIONS == ("workflows", "parts", "actions")
