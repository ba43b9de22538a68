"""The page that says how long runs are kept, and lets an administrator decide it."""

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.errors import Invalid
from blog.app.insight import retention
from blog.app.insight.retention_models import END_STATUSES, WHATS
from blog.app.insight.schemas import RetentionChange
from blog.app.llm.permissions import LLM_READ, LLM_RETAIN
from blog.app.translation import gettext as _

bp = Blueprint("retention", __name__, url_prefix="/llm/retention")


@bp.get("")
@requires(LLM_READ)
def show_retention() -> Response:
    return _page({})


def _page(typed: dict[str, str], error: Invalid | None = None) -> Response:
    actor = current_actor()
    rules = retention.list_rules(web.conn(), actor)
    return web.render(
        "insight/retention.html",
        rules=rules,
        days=typed or {f"{rule.what}_{rule.status}": rule.days for rule in rules},
        latest=max(rules, key=lambda rule: rule.updated_at, default=None),
        whats=WHATS,
        statuses=END_STATUSES,
        may_change=actor.may(LLM_RETAIN),
        error=error,
        is_saved="saved" in request.args,
        status=200 if error is None else error.status,
    )


@bp.post("")
@requires(LLM_RETAIN)
def change_retention() -> Response:
    typed = {name: text.strip() for name, text in request.form.items() if name != "csrf_token"}
    try:
        retention.change_rules(web.conn(), current_actor(), _change(typed))
    except Invalid as error:
        return _page(typed, error)
    return web.see_other("/llm/retention?saved=1")


def _change(typed: dict[str, str]) -> RetentionChange:
    """The grid of the form, a number of days for each part of runs in each status."""
    rules = [
        {"what": what, "status": status, "days": days}
        for what in WHATS
        for status in END_STATUSES
        if (days := typed.get(f"{what}_{status}", ""))
    ]
    if rules and "understood" not in typed:
        raise Invalid(_("Tick that you know it: what is let go cannot be brought back."))
    return web.validated(RetentionChange, {"rules": rules})
