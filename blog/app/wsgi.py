"""The application as a WSGI server finds it: `blog.app.wsgi:app`."""

import os

from blog.app import create_app, db, garbage, logs, tracing
from blog.app.config import load_config
from blog.app.errors import Unavailable
from blog.app.llm.runs.events import Wakeups

config = load_config(os.environ)
logs.configure("web", config.log)
if config.is_traced:
    tracing.configure("web")
if config.database_url is None:
    raise Unavailable("BLOG_DATABASE_URL names no database; `blogforge serve` starts the embedded one.")

app = create_app(
    config,
    db.open_pool(config.database_url, max_size=16, name="blogforge-web"),
    Wakeups(config.database_url),
)
garbage.pass_over_loaded()
