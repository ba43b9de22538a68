"""The cases of an action over its versions: what passed where. Reads only."""

from collections.abc import Mapping

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Invalid
from blog.app.llm.cases import batch_store, services, store
from blog.app.llm.cases.models import CaseRow, Cell, Column, ColumnRow, GateState, NewestResult, Overview
from blog.app.llm.cases.wordings import wordings
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.models import ActionHead
from blog.app.translation import gettext as _

SHOWN = 8

Places = Mapping[tuple[int, int, int], NewestResult]


def get_overview(conn: db.Connection, actor: Actor, action_id: int) -> Overview:
    """The draft and the live version with their own models, and the latest others that cases were run on."""
    head = prompts.get_action_head(conn, action_id)
    rows = _columns(conn, head)
    newest = {
        (result.case_id, result.version_id, result.model_id): result
        for result in batch_store.list_newest_results(conn, action_id)
    }
    sent = {row.version_id: _wordings(conn, row.version_id) for row in rows}
    return Overview(
        gate=services.get_gate(conn, action_id),
        columns=[_column(conn, head, row) for row in rows],
        rows=[
            CaseRow(case=case, cells=[_cell(newest, case.id, row, sent) for row in rows])
            for case in services.list_cases(conn, actor, action_id)
        ],
        hidden=store.list_hidden(conn, actor, action_id),
    )


def _columns(conn: db.Connection, head: ActionHead) -> list[ColumnRow]:
    found = batch_store.list_columns(conn, head.id)
    own = [
        column
        for version_id in (head.draft_version_id, head.live_version_id)
        if version_id is not None and (column := _own(conn, version_id)) is not None
    ]
    known = {(row.version_id, row.model_id): row for row in [*found[:SHOWN], *own]}
    return sorted(known.values(), key=lambda row: -row.version_number)


def _own(conn: db.Connection, version_id: int) -> ColumnRow | None:
    """None: no model is connected, or the version's own is switched off."""
    version = prompts.get_action_version(conn, version_id)
    try:
        model = prompts.choose_model(conn, version, None)
    except Invalid:
        return None
    return ColumnRow(
        version_id=version.id, version_number=version.number, model_id=model.id, model_label=model.label
    )


def _column(conn: db.Connection, head: ActionHead, row: ColumnRow) -> Column:
    marks = {head.live_version_id: _("live"), head.draft_version_id: _("draft")}
    return Column(
        version_id=row.version_id,
        version_number=row.version_number,
        model_id=row.model_id,
        model_label=row.model_label,
        mark=marks.get(row.version_id, ""),
        gate=_gate(conn, head.id, row),
    )


def _gate(conn: db.Connection, action_id: int, row: ColumnRow) -> GateState | None:
    if not services.get_gate(conn, action_id).is_set:
        return None
    try:
        return services.get_gate_state(conn, action_id, row.version_id, model_id=row.model_id)
    except Invalid:  # its model was switched off: nothing can be asked of it now
        return None


def _wordings(conn: db.Connection, version_id: int) -> str:
    return wordings(prompts.load_parts(conn, version_id))


def _cell(newest: Places, case_id: int, row: ColumnRow, sent: Mapping[int, str]) -> Cell | None:
    result = newest.get((case_id, row.version_id, row.model_id))
    if result is None:
        return None
    return Cell(
        state=result.state,
        is_current=result.is_newest_content and result.wordings == sent[row.version_id],
        batch_id=result.batch_id,
    )
