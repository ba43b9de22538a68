"""What the form of a test shows: a post, or values typed by hand. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.desk import typed_inputs
from blog.app.desk.typed_inputs import TypedInput
from blog.app.errors import AppError, Invalid
from blog.app.llm import assemble
from blog.app.llm.inputs import Inputs
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.models import Action, ActionVersion, PromptPart
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Model
from blog.app.llm.runs import snapshot
from blog.app.llm.trials import services as trials
from blog.app.llm.trials.models import Trial, TrialListItem
from blog.app.posts import services as posts
from blog.app.posts.models import PostListItem
from blog.app.translation import gettext as _
from blog.app.workflow import trees, workspaces
from blog.app.workflow.models import SectionState

VERSIONS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the form stands at. `by_hand`: the values are typed, beginning with those of the post or test.

    `part_version_ids` None: nobody chose yet, so every draft of a part is tried.
    """

    post_id: int | None = None
    section_id: int | None = None
    trial_id: int | None = None
    by_hand: bool = False
    version_ids: Sequence[int] = ()
    model_ids: Sequence[int] = ()
    part_version_ids: Sequence[int] | None = None
    beside_live_wordings: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialForm:
    """`problem`: why the values of the post cannot be shown, such as a post that is gone.

    `drafts`: its parts that have one; `part_version_ids`: those of them that are tried.
    """

    action: Action
    live_number: int
    posts: list[PostListItem]
    sections: list[SectionState]
    post_id: int | None
    section_id: int | None
    by_hand: bool
    typed: list[TypedInput]
    versions: list[ActionVersion]
    version_ids: list[int]
    models: list[Model]
    model_ids: list[int]
    drafts: list[PromptPart]
    part_version_ids: list[int]
    beside_live_wordings: bool
    problem: str
    latest: list[TrialListItem]


def get_form(
    conn: db.Connection, actor: Actor, action_id: int, choice: Choice, typed: Mapping[str, str] | None = None
) -> TrialForm:
    """By default the newest version with the latest post. `typed`: what was sent and refused."""
    action = prompts.get_newest_action(conn, action_id)
    trial = None if choice.trial_id is None else _trial(conn, actor, action_id, choice.trial_id)
    choices = posts.list_latest(conn, actor, limit=50)
    by_hand = choice.by_hand or not choices or _is_typed(conn, action, trial)
    post_id = choice.post_id or (trial.post_id if trial else None) or (choices[0].id if choices else None)
    sections, section_id, problem = _sections(conn, actor, action_id, post_id, choice.section_id)
    asked = choice if trial is None else _as_tried(trial, choice)
    versions = prompts.list_action_versions(conn, action_id)
    version_ids = list(asked.version_ids) or [action.version.id]
    inputs = _inputs(conn, actor, post_id if not problem else None, section_id, trial)
    drafts = prompts.list_draft_parts(conn, action)
    newest = [part.draft_version_id for part in drafts if part.draft_version_id is not None]
    return TrialForm(
        action=action,
        live_number=next(each.number for each in versions if each.id == action.live_version_id),
        posts=choices,
        sections=sections,
        post_id=post_id,
        section_id=section_id,
        by_hand=by_hand,
        typed=typed_inputs.list_inputs(conn, version_ids, inputs, typed) if by_hand else [],
        versions=[each for n, each in enumerate(versions) if n < VERSIONS or each.id in version_ids],
        version_ids=version_ids,
        models=registry.list_usable_models(conn),
        model_ids=list(asked.model_ids),
        drafts=drafts,
        part_version_ids=list(newest if asked.part_version_ids is None else asked.part_version_ids),
        beside_live_wordings=asked.beside_live_wordings,
        problem=problem,
        latest=trials.list_trials(conn, actor, action_id)[:5],
    )


def _trial(conn: db.Connection, actor: Actor, action_id: int, trial_id: int) -> Trial:
    trial = trials.get_trial(conn, actor, trial_id)
    if trial.action_id != action_id:
        raise Invalid(_("This test is one of another action."))
    return trial


def _is_typed(conn: db.Connection, action: Action, trial: Trial | None) -> bool:
    """It was, or must be: no post has what is handed in, as to a judge, or what an editor has selected."""
    if trial is not None:
        return trial.post_id is None
    parts = prompts.load_parts(conn, action.version.id)
    required = assemble.required_inputs(parts, trees.vocabulary(conn))
    return any(reference.scope in {"input", "selection"} for reference in required)


def _as_tried(trial: Trial, choice: Choice) -> Choice:
    """The same again, unless something else was chosen."""
    return Choice(
        version_ids=choice.version_ids or list(dict.fromkeys(run.action_version_id for run in trial.runs)),
        model_ids=choice.model_ids or list(dict.fromkeys(run.model_id for run in trial.runs)),
        part_version_ids=choice.part_version_ids if any(trial.drafts) else choice.part_version_ids or (),
        beside_live_wordings=choice.beside_live_wordings or (any(trial.drafts) and not all(trial.drafts)),
    )


def _sections(
    conn: db.Connection, actor: Actor, action_id: int, post_id: int | None, section_id: int | None
) -> tuple[list[SectionState], int | None, str]:
    """The sections to choose from, for an action of sections only; the chosen one, and what is wrong."""
    if post_id is None:
        return [], None, ""
    try:
        workspace = workspaces.get_workspace(conn, actor, post_id)
    except AppError as refusal:
        return [], None, refusal.message
    scopes = {place.field_scope for place in prompts.list_action_places(conn, action_id)}
    sections = workspace.sections if scopes == {"section"} or section_id is not None else []
    ids = [section.section.id for section in sections]
    chosen = section_id if section_id in ids else None
    return sections, chosen or (ids[0] if ids else None), ""


def _inputs(
    conn: db.Connection, actor: Actor, post_id: int | None, section_id: int | None, trial: Trial | None
) -> Inputs:
    if trial is not None and trial.post_id is None:
        return snapshot.restore(trial.inputs)
    if post_id is None:
        return Inputs()
    return snapshot.restore(snapshot.whole(workspaces.gather_inputs(conn, actor, post_id, section_id)))
