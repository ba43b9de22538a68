"""A pytest plugin: says in the last lines whether the browser tests ran, and why if they did not.

With BLOG_REQUIRE_BROWSER=1 a run without them fails, even if all else passed.
"""

import os

import pytest

from tests.browser import chromium

RAN = pytest.StashKey[int]()
MISSING = (
    "The browser tests did NOT run: no Chromium was found. Install one (on Debian and Ubuntu: "
    "apt-get install chromium), or name one with BLOG_CHROMIUM."
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if chromium.find() is None:
        without = [item for item in items if item.get_closest_marker("browser") is None]
        config.hook.pytest_deselected(items=[item for item in items if item not in without])
        items[:] = without


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    if item.get_closest_marker("browser") is not None:
        item.user_properties.append(("browser", call.when))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # a worker of xdist, which reports to the one process that has it
        return
    ran = _ran(reporter)
    session.config.stash[RAN] = ran
    if not ran and os.environ.get("BLOG_REQUIRE_BROWSER") == "1":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or RAN not in config.stash:
        return
    if ran := config.stash[RAN]:
        reporter.write_line(f"Browser tests: {ran} ran in {chromium.find()}.")
    elif chromium.find() is None:
        reporter.write_line(MISSING, red=True)
    else:
        reporter.write_line("No browser tests ran: none were selected.", red=True)


def _ran(reporter: pytest.TerminalReporter) -> int:
    reports = [*reporter.getreports("passed"), *reporter.getreports("failed")]
    return sum(report.when == "call" and ("browser", "call") in report.user_properties for report in reports)
