"""BlogForge. create_app wires the packages together and reads as a table of contents."""

from flask import Flask
from jinja2 import StrictUndefined

from blog.app import db, health, openapi, security, web
from blog.app.auth import api as auth_api
from blog.app.auth import views as auth_views
from blog.app.config import Config
from blog.app.llm.registry import api as registry_api
from blog.app.llm.registry import views as registry_views
from blog.app.llm.runs import api as runs_api
from blog.app.llm.runs import views as runs_views
from blog.app.llm.runs.events import Wakeups
from blog.app.posts import api as posts_api
from blog.app.posts import views as posts_views
from blog.app.workflow import api as workflow_api
from blog.app.workflow import automation_api
from blog.app.workflow import services as workflow
from blog.app.workflow import views as workflow_views

MAX_REQUEST_BYTES = 4 * 1024 * 1024

BLUEPRINTS = (
    health.bp,
    auth_views.bp,
    auth_api.bp,
    posts_views.bp,
    posts_api.bp,
    workflow_views.bp,
    workflow_api.bp,
    automation_api.bp,
    registry_views.bp,
    registry_api.bp,
    runs_views.bp,
    runs_api.bp,
)


def create_app(config: Config, pool: db.Pool, wakeups: Wakeups | None = None) -> Flask:
    """The web application. `wakeups` None: watchers of runs look for news by themselves."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_REQUEST_BYTES
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["blogforge"] = web.Site(
        config=config,
        pool=pool,
        secrets=security.load_secrets(config),
        vocabulary=workflow.vocabulary,
        wakeups=wakeups,
    )
    web.register(app)
    auth_views.register(app)
    security.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    openapi.register(app)
    return app
