"""The use cases of cases and of their gate. What is changed is a new content; what was found is kept."""

from blog.app import audit, db
from blog.app.auth import permissions
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Invalid, NotFound
from blog.app.llm import assemble
from blog.app.llm.cases import batch_store, gates, store, verdict
from blog.app.llm.cases.checks import parse_checks
from blog.app.llm.cases.gates import CaseStanding, Standing
from blog.app.llm.cases.models import Case, GateRow, GateState, Stand
from blog.app.llm.cases.schemas import CaseChange, CaseContent, GateChange
from blog.app.llm.cases.wordings import wordings
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.going_live import Candidate, Objection
from blog.app.llm.prompts.rules import JUDGE_VOCABULARY
from blog.app.llm.registry import services as registry
from blog.app.text import clean
from blog.app.translation import gettext as _

MAX_CASES = 500


def list_cases(
    conn: db.Connection, actor: Actor, action_id: int, *, with_archived: bool = False
) -> list[Case]:
    prompts.get_action_head(conn, action_id)
    return store.list_cases(conn, actor, action_id, with_archived=with_archived)


def get_case(conn: db.Connection, actor: Actor, case_id: int) -> Case:
    case = store.find_case(conn, actor, case_id)
    if case is None:
        raise NotFound(_("There is no such case."))
    return case


def create_case(
    conn: db.Connection, actor: Actor, action_id: int, new: CaseContent, *, post_id: int | None = None
) -> Case:
    """`post_id`: the post that its values were read from, by somebody who may; None: they were typed."""
    permissions.check(actor, LLM_CONFIGURE)
    prompts.get_action_head(conn, action_id)
    _check(conn, action_id, new)
    if store.count_cases(conn, action_id) >= MAX_CASES:
        raise Invalid(
            _("An action has at most %(max_cases)s cases. Put one away first.", max_cases=MAX_CASES)
        )
    with conn.transaction(), db.constraints(llm_case_name_key=_taken(new)):
        case_id = store.insert_case(
            conn, action_id, name=new.name, is_required=new.is_required, post_id=post_id
        )
        _append(conn, actor, case_id, new, base_version_id=None)
        audit.record(conn, actor, "llm_case.created", "llm_case", case_id, action_id=action_id)
        return get_case(conn, actor, case_id)


def update_case(conn: db.Connection, actor: Actor, case_id: int, change: CaseChange) -> Case:
    """Conflict: somebody changed it meanwhile. The same content again makes no new one."""
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction(), db.constraints(llm_case_name_key=_taken(change)):
        store.lock_case(conn, case_id)
        before = get_case(conn, actor, case_id)
        _check(conn, before.action_id, change)
        if before.version_id != change.base_version_id:
            raise _moved_on(before)
        store.update_case(conn, case_id, name=change.name, is_required=change.is_required)
        if _content(before) != _columns(change):
            _append(conn, actor, case_id, change, base_version_id=change.base_version_id)
        after = store.find_case(conn, actor, case_id)
        if after is None:
            raise Invalid(
                _("The input names a field that you may not see. Take it out, or ask somebody who may."),
                field="inputs",
            )
        details = {"number": after.number, "is_required": after.is_required}
        audit.record(conn, actor, "llm_case.changed", "llm_case", case_id, **details)
        return after


def archive_case(conn: db.Connection, actor: Actor, case_id: int) -> None:
    """Put away, it is not run and no gate asks for it; what was found with it stays."""
    permissions.check(actor, LLM_CONFIGURE)
    get_case(conn, actor, case_id)
    with conn.transaction():
        db.must_touch(store.archive_case(conn, case_id), _("There is no such case."))
        audit.record(conn, actor, "llm_case.archived", "llm_case", case_id)


def bring_back_case(conn: db.Connection, actor: Actor, case_id: int) -> Case:
    permissions.check(actor, LLM_CONFIGURE)
    get_case(conn, actor, case_id)
    with conn.transaction():
        db.must_touch(store.bring_back_case(conn, case_id), _("There is no such case."))
        audit.record(conn, actor, "llm_case.brought_back", "llm_case", case_id)
        return get_case(conn, actor, case_id)


def _check(conn: db.Connection, action_id: int, new: CaseContent) -> None:
    parse_checks(new.checks, has_reference=bool(new.reference.strip()))
    if new.judge_action_id is None:
        if new.judge_model_id is not None or new.judge_least is not None or new.judge_criteria.strip():
            raise Invalid(_("Choose who judges, or leave out what a judge is told."), field="judge_action_id")
        return
    if new.judge_least is None:
        raise Invalid(_("Say which score of the judge an answer needs."), field="judge_least")
    if new.judge_action_id == action_id:
        raise Invalid(_("An action cannot judge its own answers."), field="judge_action_id")
    judge = prompts.get_live_action(conn, new.judge_action_id)
    verdict.check_judge(judge.label, judge.version.output_kind, judge.version.output_schema)
    for part in prompts.load_parts(conn, judge.version.id):
        assemble.parse_part(part, JUDGE_VOCABULARY)
    if new.judge_model_id is not None and registry.find_model(conn, new.judge_model_id) is None:
        raise Invalid(_("There is no such model."), field="judge_model_id")


def _columns(new: CaseContent) -> dict[str, object]:
    return {
        "inputs": new.inputs.model_dump(),
        "checks": new.checks,
        "reference": clean(new.reference),
        "judge_action_id": new.judge_action_id,
        "judge_model_id": new.judge_model_id,
        "judge_criteria": clean(new.judge_criteria),
        "judge_least": new.judge_least,
    }


def _content(case: Case) -> dict[str, object]:
    return {name: getattr(case, name) for name in _columns(CaseContent(name=case.name))}


def _append(
    conn: db.Connection, actor: Actor, case_id: int, new: CaseContent, *, base_version_id: int | None
) -> None:
    version_id = store.insert_case_version(
        conn,
        case_id,
        base_version_id=base_version_id,
        inputs=new.inputs.model_dump(),
        checks=new.checks,
        reference=clean(new.reference),
        judge_action_id=new.judge_action_id,
        judge_model_id=new.judge_model_id,
        judge_criteria=clean(new.judge_criteria),
        judge_least=new.judge_least,
        user_id=actor.user_id,
    )
    if version_id is None:
        raise _moved_on(get_case(conn, actor, case_id))


def _moved_on(case: Case) -> Conflict:
    return Conflict(
        _(
            "Somebody changed “%(name)s” meanwhile. Nothing was overwritten; look at it and save again.",
            name=case.name,
        ),
        current_version_id=case.version_id,
    )


def _taken(new: CaseContent) -> Conflict:
    return Conflict(
        _(
            "The action has a case named “%(name)s” already, perhaps one that was put away. "
            "Choose another name.",
            name=new.name,
        ),
        field="name",
    )


# --- the gate ------------------------------------------------------------------------------------


def get_gate(conn: db.Connection, action_id: int) -> GateRow:
    gate = store.find_gate(conn, action_id)
    if gate is None:
        raise NotFound(_("There is no such action."))
    return gate


def update_gate(conn: db.Connection, actor: Actor, action_id: int, change: GateChange) -> GateRow:
    permissions.check(actor, LLM_CONFIGURE)
    with conn.transaction():
        get_gate(conn, action_id)
        if change.least_percent is None:
            store.delete_gate(conn, action_id)
        else:
            store.upsert_gate(conn, action_id, least_percent=change.least_percent, user_id=actor.user_id)
        details = {"least_percent": change.least_percent}
        audit.record(conn, actor, "llm_gate.changed", "llm_action", action_id, **details)
        return get_gate(conn, action_id)


def get_gate_state(
    conn: db.Connection,
    action_id: int,
    version_id: int,
    *,
    model_id: int | None = None,
    part_version_ids: tuple[int, ...] = (),
) -> GateState:
    """How a version stands before its gate. `model_id` None: its own model, which going live asks."""
    gate = get_gate(conn, action_id)
    version = prompts.get_action(conn, action_id, version_id).version
    model = prompts.choose_model(conn, version, model_id)
    sent = wordings(prompts.load_parts(conn, version_id, part_version_ids))
    stands = batch_store.list_stands(conn, action_id, version_id=version_id, model_id=model.id, wordings=sent)
    standings = [_standing(stand) for stand in stands]
    return GateState(
        action_id=action_id,
        version_id=version_id,
        model_id=model.id,
        least_percent=gate.least_percent,
        objections=gates.objections(standings, gate.least_percent) if gate.is_set else [],
    )


def object_to(conn: db.Connection, candidate: Candidate) -> list[Objection]:
    """The gate as going live asks it: see prompts/going_live.py. Reads what is known and runs nothing."""
    gate = get_gate(conn, candidate.action_id)
    if not gate.is_set:
        return []
    try:
        state = get_gate_state(
            conn,
            candidate.action_id,
            candidate.version_id,
            part_version_ids=candidate.part_version_ids,
        )
    except Invalid as refusal:  # no model to be asked: then nothing can have been run with it
        return [_objection(conn, candidate, refusal.message)]
    return [_objection(conn, candidate, message) for message in state.objections]


def _objection(conn: db.Connection, candidate: Candidate, message: str) -> Objection:
    head = prompts.get_action_head(conn, candidate.action_id)
    return Objection(action_id=candidate.action_id, title=head.label, message=message)


def _standing(stand: Stand) -> CaseStanding:
    return CaseStanding(
        case_id=stand.case_id,
        name=stand.name,
        is_required=stand.is_required,
        standing=_STANDINGS.get(stand.state or "", "not_run"),
    )


_STANDINGS: dict[str, Standing] = {"passed": "passed", "failed": "failed", "not_judged": "not_judged"}
