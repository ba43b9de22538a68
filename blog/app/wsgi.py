"""The application as a WSGI server finds it: `blog.app.wsgi:app`."""

import logging
import os

from blog.app import create_app, db, garbage
from blog.app.config import load_config
from blog.app.errors import Unavailable
from blog.app.llm.runs.events import Wakeups

config = load_config(os.environ)
logging.basicConfig(level=logging.INFO, format="%(asctime)s web %(levelname)s %(name)s: %(message)s")
logging.getLogger("procrastinate").setLevel(logging.WARNING)
if config.database_url is None:
    raise Unavailable("BLOG_DATABASE_URL names no database; `blogforge serve` starts the embedded one.")

app = create_app(
    config,
    db.open_pool(config.database_url, max_size=16, name="blogforge-web"),
    Wakeups(config.database_url),
)
garbage.pass_over_loaded()
