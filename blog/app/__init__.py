"""BlogForge. create_app wires the packages together and reads as a table of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from blog.app.config import Config
    from blog.app.db import Pool
    from blog.app.llm.runs.events import Wakeups

MAX_REQUEST_BYTES = 20 * 1024 * 1024  # a field of 2,000,000 letters that a form writes as nine bytes each


def create_app(  # noqa: PLR0915 - its imports are the table of contents
    config: Config, pool: Pool, wakeups: Wakeups | None = None
) -> Flask:
    """The web application. `wakeups` None: watchers of runs look for news by themselves.

    The packages are imported here and not above, so that the worker, the supervisor and the adapters,
    which live below this package too, do not carry the whole web with them.
    """
    from flask import Flask
    from jinja2 import StrictUndefined

    from blog.app import health, installation_secret, metrics, openapi, proxies, security, telemetry, web
    from blog.app.auth import edges as auth_edges
    from blog.app.auth import views as auth_views
    from blog.app.automation import api as automation_api
    from blog.app.automation import batch_api, preview_api, trial_api
    from blog.app.bench import bench_views, compare_api, version_views
    from blog.app.desk import (
        batch_views,
        case_input_views,
        formatted_views,
        panel_views,
        passage_views,
        presence_api,
        presence_views,
        trial_views,
    )
    from blog.app.desk import views as desk_views
    from blog.app.finding import api as finding_api
    from blog.app.finding import views as finding_views
    from blog.app.insight import (
        dashboard_api,
        dashboard_views,
        editors_api,
        editors_views,
        retention_api,
        retention_views,
        usage_api,
        usage_views,
    )
    from blog.app.insight import run_api as run_history_api
    from blog.app.insight import run_views as run_history_views
    from blog.app.llm.cases import api as cases_api
    from blog.app.llm.cases import services as cases
    from blog.app.llm.cases import views as cases_views
    from blog.app.llm.prompts import api as prompts_api
    from blog.app.llm.prompts import version_api
    from blog.app.llm.prompts import views as prompts_views
    from blog.app.llm.registry import api as registry_api
    from blog.app.llm.registry import views as registry_views
    from blog.app.llm.runs import api as runs_api
    from blog.app.llm.runs import views as runs_views
    from blog.app.llm.trials import api as trials_api
    from blog.app.llm.trials import views as trials_views
    from blog.app.posts import api as posts_api
    from blog.app.posts import views as posts_views
    from blog.app.reading import api as reading_api
    from blog.app.reading import views as reading_views
    from blog.app.review import api as review_api
    from blog.app.review import comment_api, comment_views, notification_api, notification_views
    from blog.app.review import views as review_views
    from blog.app.trail import api as trail_api
    from blog.app.trail import views as trail_views
    from blog.app.transfer import api as transfer_api
    from blog.app.transfer import views as transfer_views
    from blog.app.workflow import api as workflow_api
    from blog.app.workflow import binding_api, trees

    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_REQUEST_BYTES
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["blogforge"] = web.Site(
        config=config,
        pool=pool,
        secrets=installation_secret.load(config),
        vocabulary=trees.vocabulary,
        gate=cases.object_to,
        wakeups=wakeups,
    )
    proxies.register(app, config)
    web.register(app)
    telemetry.register(app)
    auth_views.register(app)
    security.register(app)
    for blueprint in (
        health.bp,
        metrics.bp,
        *auth_edges.BLUEPRINTS,
        posts_views.bp,
        posts_api.bp,
        desk_views.bp,
        workflow_api.bp,
        binding_api.bp,
        panel_views.bp,
        passage_views.bp,
        automation_api.bp,
        preview_api.bp,
        presence_views.bp,
        formatted_views.bp,
        presence_api.bp,
        batch_views.bp,
        batch_api.bp,
        trial_api.bp,
        trial_views.bp,
        case_input_views.bp,
        review_views.bp,
        review_api.bp,
        comment_views.bp,
        comment_api.bp,
        notification_views.bp,
        notification_api.bp,
        reading_views.bp,
        reading_api.bp,
        registry_views.bp,
        registry_api.bp,
        prompts_views.bp,
        bench_views.bp,
        version_views.bp,
        compare_api.bp,
        prompts_api.bp,
        version_api.bp,
        run_history_views.bp,
        run_history_api.bp,
        dashboard_views.bp,
        dashboard_api.bp,
        editors_views.bp,
        editors_api.bp,
        retention_views.bp,
        retention_api.bp,
        usage_views.bp,
        usage_api.bp,
        runs_views.bp,
        runs_api.bp,
        cases_views.bp,
        cases_api.bp,
        trials_views.bp,
        trials_api.bp,
        trail_views.bp,
        trail_api.bp,
        transfer_views.bp,
        transfer_api.bp,
        finding_views.bp,
        finding_api.bp,
    ):
        app.register_blueprint(blueprint)
    openapi.register(app)
    return app
