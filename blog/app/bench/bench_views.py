"""The page of an action. One form holds all of it: each press saves what is typed, then does what it says."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth.permissions import current_actor, requires, unattended
from blog.app.automation import preview as previews
from blog.app.automation.models import Rendering
from blog.app.bench import compare, forms, pages, rows, saving
from blog.app.bench.models import BenchPage, Look, Seen, Typed, VersionComparison, Viewer
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.llm.inputs import Vocabulary
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.llm.prompts import actions, going_live
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.bench import names
from blog.app.llm.prompts.models import Action
from blog.app.llm.prompts.views import KINDS, OUTPUT_KINDS, ROLES
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.refused_form import problems, status
from blog.app.translation import gettext as _
from blog.app.workflow import bindings
from blog.app.workflow.schemas import BindingChange

bp = Blueprint("bench", __name__)

NOTHING_SEEN = Seen(
    preview=None, problem="", posts=(), workspace=None, look=Look(), row_errors={}, excerpts={}
)


@bp.get("/llm/actions/<int:action_id>")
@requires(LLM_READ)
def show_action(action_id: int) -> Response:
    query = web.parse_query(forms.LookQuery)
    action = prompts.get_newest_action(web.conn(), action_id)
    return _page(action, pages.typed_of(web.conn(), action, query.look), query=query)


@bp.post("/llm/actions/<int:action_id>")
@requires(LLM_CONFIGURE)
def update_action(action_id: int) -> Response:
    """What is typed is saved as a draft, if it differs from what is; then the press does what it says."""
    typed, do = forms.read(request.form), request.form.get("do", "save")
    if do == "new":
        return _unsaved(action_id, rows.with_row(typed, forms.new_row(rows.free_key(typed.rows))))
    try:
        with web.conn().transaction():
            typed = _with_added(rows.arranged(typed, do), do)
            action = saving.save(web.conn(), current_actor(), action_id, typed, _vocabulary())
            _follow(action, do)
    except (Invalid, Conflict) as refusal:
        return _refused(action_id, typed, refusal)
    return web.see_other(_address(action_id, typed.look, do))


def _with_added(typed: Typed, do: str) -> Typed:
    """After add-<number of a part>."""
    what, _, number = do.partition("-")
    if what != "add" or not number.isdigit():
        return typed
    part = prompts.get_newest_part(web.conn(), int(number))
    return rows.with_row(typed, forms.row_of(part, rows.free_key(typed.rows)))


def _follow(action: Action, do: str) -> None:
    what, _, number = do.partition("-")
    conn, actor, form = web.conn(), current_actor(), request.form
    match what:
        case "bind":
            field_id = _number(form.get("bind_field", ""), "Choose a field first.", "bind_field")
            bindings.bind(conn, actor, action.id, field_id, _binding(form.get("bind_on_success", "")))
        case "mode":
            field_id = _number(number, "There is no such field.", "bind_field")
            bindings.bind(conn, actor, action.id, field_id, _binding(form.get(f"on_success-{number}", "")))
        case "unbind":
            bindings.unbind(conn, actor, action.id, _number(number, "There is no such field.", "bind_field"))
        case "live":
            ask = forms.go_live(form, action, pages.draft_versions(conn, action, form))
            going_live.make_action_live(conn, actor, action.id, ask, _vocabulary(), gate=web.site().gate)
        case _:
            pass


def _binding(on_success: str) -> BindingChange:
    return web.validated(BindingChange, {"on_success": on_success or "review"})


def _number(text: str, otherwise: str, field: str) -> int:
    if not text.isdigit():
        raise Invalid(otherwise, field=field)
    return int(text)


@bp.post("/llm/actions/<int:action_id>/draft-removal")
@requires(LLM_CONFIGURE)
def set_draft_aside(action_id: int) -> Response:
    form = web.parse_form(forms.DraftForm)
    actions.set_draft_aside(web.conn(), current_actor(), action_id, form.version_id)
    return web.see_other(f"/llm/actions/{action_id}")


# --- while somebody types ------------------------------------------------------------------------


@bp.post("/llm/actions/<int:action_id>/preview")
@requires(LLM_READ)
def preview_action(action_id: int) -> Response:
    """What a run would send if what is typed were saved; and what to say at each place of the form."""
    action = prompts.get_newest_action(web.conn(), action_id)
    typed = forms.read(request.form) if _may_configure() else _untouched(action)
    page = _gather(action, typed)
    return web.render("llm/_bench_typed.html", "llm/_bench_typed.html", **_shown(page, typed))


@bp.get("/llm/actions/<int:action_id>/place")
@requires(LLM_READ)
def show_place(action_id: int) -> Response:
    """One more place for the stack: with a part, or with one to be written."""
    query, conn = web.parse_query(forms.PlaceQuery), web.conn()
    part = None if query.part_id is None else prompts.get_newest_part(conn, query.part_id)
    row = forms.new_row(query.key) if part is None else forms.row_of(part, query.key)
    action = prompts.get_newest_action(conn, action_id)
    typed = Typed(base_version_id=action.version.id, rows=[row], values={}, look=Look())
    [shown] = pages.show_rows(conn, typed, NOTHING_SEEN, None)
    return web.render("llm/_bench_row.html", row=shown, action=action, **_lists())


@bp.get("/llm/actions/<int:action_id>/shelf")
@requires(LLM_READ)
def show_shelf(action_id: int) -> Response:
    query = web.parse_query(forms.LookQuery)
    action = prompts.get_newest_action(web.conn(), action_id)
    found = pages.shelf(web.conn(), query)
    return web.render(
        "llm/_bench_shelf.html", shelf=found, query=query, action=action, may_configure=_may_configure()
    )


@bp.post("/llm/actions/<int:action_id>/preview/state")
@requires(LLM_READ)
@unattended
def check_preview(action_id: int) -> Response:  # noqa: ARG001 - the address is the preview's
    """Nothing (204) while the shown preview is what the post still says."""
    form = web.parse_form(forms.StateForm)
    state = previews.preview_state(
        web.conn(),
        current_actor(),
        post_id=form.post_id,
        section_id=form.section_id,
        field_name=form.field,
        passage=form.passage,
        reads=form.reads.split(),
        inputs_digest=form.inputs_digest,
    )
    if state.is_current:
        return Response(status=204)
    return web.render("llm/_bench_outdated.html")


# --- showing -------------------------------------------------------------------------------------


def _gather(
    action: Action,
    typed: Typed,
    refusal: AppError | None = None,
    query: forms.LookQuery | None = None,
) -> BenchPage:
    return pages.get_page(
        web.conn(),
        _viewer(),
        action,
        typed,
        refusal=refusal,
        search=query,
    )


def _page(
    action: Action,
    typed: Typed,
    refusal: AppError | None = None,
    query: forms.LookQuery | None = None,
    theirs: VersionComparison | None = None,
) -> Response:
    page = _gather(action, typed, refusal, query)
    return web.render(
        "llm/action.html",
        theirs=theirs,
        query=query or forms.LookQuery(search=""),
        errors=problems(refusal),
        refusal=refusal,
        settings_open=refusal is not None and _is_about_settings(refusal),
        status=status(refusal),
        **_shown(page, typed),
    )


def _shown(page: BenchPage, typed: Typed) -> dict[str, Any]:
    return {
        "bench": page,
        "form": typed.values,
        "typed": typed,
        "rendering": _rendering(page, typed),
        "fallback_choices": _fallback_choices(page),
        "repair_choices": _repair_choices(page),
        **_lists(),
    }


def _fallback_choices(page: BenchPage) -> list[tuple[str, str]]:
    """The present one too when it is switched off, or saving anything else would lose it."""
    chosen = [] if page.fallback is None or page.fallback.is_usable else [page.fallback]
    return [
        ("", _("nobody")),
        *((str(model.id), f"{model.label} · {model.provider_label}") for model in page.models),
        *((str(model.id), _("%(model)s (switched off)", model=model.label)) for model in chosen),
    ]


def _repair_choices(page: BenchPage) -> list[tuple[str, str]]:
    """The parts made for it, and the present one, whatever it is."""
    names_of = {str(part.id): part.name for part in page.repair_parts}
    if page.repair_part is not None:
        names_of[str(page.repair_part.part_id)] = page.repair_part.name
    return [("", _("nothing: the run ends")), *names_of.items()]


def _rendering(page: BenchPage, typed: Typed) -> Rendering | str:
    """What a local server's chat template makes of it, or in words why that cannot be told."""
    seen = page.seen
    if seen.look.view != "rendering" or seen.preview is None or not seen.preview.can_render:
        return ""
    of = pages.preview_of(web.conn(), page.action, replace(typed, look=seen.look), seen.pick)
    try:
        return previews.render_template(web.conn(), current_actor(), web.site().secrets, of)
    except AppError as problem:
        return problem.message


def _lists() -> dict[str, Any]:
    return {
        "roles": ROLES,
        "kinds": KINDS,
        "output_kinds": OUTPUT_KINDS,
        "names": names(_vocabulary()),
        "default": registry.find_default_model(web.conn()),
        "may_configure": _may_configure(),
    }


def _unsaved(action_id: int, typed: Typed) -> Response:
    return _page(prompts.get_newest_action(web.conn(), action_id), typed)


def _refused(action_id: int, typed: Typed, refusal: AppError) -> Response:
    """All that was typed stays; after a conflict what others saved is shown, and the next save follows it."""
    action = prompts.get_newest_action(web.conn(), action_id)
    theirs = None
    if refusal.details.get("current_version_id") == action.version.id and "row" not in refusal.details:
        base = prompts.get_action(web.conn(), action_id, typed.base_version_id)
        theirs = compare.compare_wordings(
            compare.described(web.conn(), base), compare.described(web.conn(), action)
        )
        typed = replace(typed, base_version_id=action.version.id)
    return _page(action, typed, refusal, theirs=theirs)


def _is_about_settings(refusal: AppError) -> bool:
    """What is refused elsewhere says so there."""
    elsewhere = {"row", "objections", "current_version_id", "live_version_id"} & refusal.details.keys()
    return not elsewhere and refusal.details.get("field") not in {"bind_field", "reason"}


def _address(action_id: int, look: Look, do: str) -> str:
    """Where one was: the same post, the same view, the part that was moved."""
    form = request.form
    asked = {
        "post_id": look.post_id,
        "section_id": look.section_id,
        "passage": look.passage,
        "llm_model_id": look.model_id,
        "view": "test" if do == "test" else look.view if look.view != "messages" else "",
        **{name: form.get(name, "") for name in ("search", "role", "kind")},
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    what, _, key = do.partition("-")
    place = f"#place-{key}" if what in {"up", "down"} else ""
    return f"/llm/actions/{action_id}{'?' if query else ''}{query}{place}"


def _viewer() -> Viewer:
    return Viewer(actor=current_actor(), keys=web.site().secrets, vocabulary=_vocabulary())


def _vocabulary() -> Vocabulary:
    return web.site().vocabulary(web.conn())


def _untouched(action: Action) -> Typed:
    """For who may not change it: only the look is theirs to choose."""
    asked = {name: request.form.get(name, "") for name in forms.LOOKS}
    look = web.validated(forms.LookQuery, {name: value for name, value in asked.items() if value}).look
    return pages.typed_of(web.conn(), action, look)


def _may_configure() -> bool:
    return current_actor().may(LLM_CONFIGURE)
