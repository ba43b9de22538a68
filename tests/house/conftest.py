"""What the rules of the house look at: the wired application, without any database behind it."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask import Flask

from blog.app import create_app, db
from blog.app.config import Config


class NoPool:
    """A pool for tests that must not need one."""

    def connection(self) -> AbstractContextManager[db.Connection]:
        raise AssertionError("This test was not to reach a database.")


@pytest.fixture(scope="session")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application as it is wired, for looking at."""
    data_dir: Path = tmp_path_factory.mktemp("data")
    return create_app(Config(data_dir=data_dir, secret="a secret for the tests only"), NoPool())
