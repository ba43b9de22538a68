"""Where things may stand: who reads the environment, who calls out, how a module is named and begins."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import APP, ROOT, imported, modules, name_of, nodes

EDGES = re.compile(r"(views|api|health|openapi)\.py$|_(views|api)\.py$")
VAGUE = {"utils", "helpers", "common", "manager", "handler", "data", "info"}
LEFTOVER = re.compile(r"(_new|_v2|_old|_deprecated|\.backup|\.bak|\.orig)$")

WEBLESS = {"store.py", "services.py", "rules.py", "models.py", "values.py", "diff.py", "tasks.py"}

# The environment is read by config; these hand it over whole: to load_config, or to a process they start.
HOLD_ENVIRONMENT = {
    "blog/app/wsgi.py",
    "blog/app/worker.py",
    "blog/app/cli.py",
    "blog/app/supervisor.py",
    "blog/app/greeting.py",
    "blog/app/backup.py",
    "blog/app/embedded/postgres.py",
}


def outside(allowed: str, *names: str) -> list[str]:
    """The modules that import one of `names` though only `allowed` (a path's beginning) may."""
    return [
        name_of(path)
        for path in modules()
        if not name_of(path).startswith(allowed)
        and any(found.split(".")[0] in names for found in imported(path))
    ]


def test_the_import_contracts_hold() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_only_providers_call_out_and_the_one_module_of_accounts() -> None:
    names = ("requests", "urllib3", "httpx", "aiohttp")
    assert outside("blog/app/llm/providers/", *names) == ["blog/app/auth/outgoing.py"]


def test_only_config_and_what_starts_processes_see_the_environment() -> None:
    seen = {name_of(path) for path in modules() if re.search(r"os\.environ|getenv", path.read_text())}
    assert seen <= HOLD_ENVIRONMENT


# What is HTML already: the one sanitiser's, messages of the catalogue, and a drawing of our own making.
MAKE_MARKUP = {"blog/app/posts/markdown.py", "blog/app/page_language.py", "blog/app/auth/factor_views.py"}


def test_only_the_sanitiser_calls_a_text_html() -> None:
    """Elsewhere Markup is of a literal, whose values it escapes."""
    found = {
        name_of(path)
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Markup"
        and node.args
        and not isinstance(node.args[0], ast.Constant)
    }
    assert found == MAKE_MARKUP
    washing = {name_of(path) for path in modules() if "nh3" in imported(path)}
    assert washing == {"blog/app/posts/markdown.py", "blog/app/reading/words.py"}, (
        "the other one counts words"
    )


def test_only_edges_ask_who_is_there() -> None:
    wrong = [
        name_of(path)
        for path in modules()
        if not EDGES.search(path.name) and "blog.app.auth.permissions.current_actor" in imported(path)
    ]
    assert wrong == []


def test_stores_and_pure_modules_know_no_web() -> None:
    wrong = [
        name_of(path)
        for path in modules()
        if path.name in WEBLESS and any(found.split(".")[0] == "flask" for found in imported(path))
    ]
    assert wrong == []


def test_a_store_opens_no_transaction() -> None:
    wrong = [
        name_of(path)
        for path in modules()
        if path.name.endswith("store.py") and re.search(r"\.transaction\(", path.read_text())
    ]
    assert wrong == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_begins_with_what_it_is_for(path: Path) -> None:
    text = path.read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{name_of(path)} says not what it is for."


def test_names_say_what_is_inside() -> None:
    vague = [name_of(path) for path in modules() if path.stem in VAGUE or LEFTOVER.search(path.stem)]
    assert vague == []


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    files = [path for path in (ROOT / "blog").rglob("*") if path.suffix in {".py", ".html", ".js", ".css"}]
    left = [name_of(path) for path in files if "vendor" not in path.parts and marks.search(path.read_text())]
    assert left == []


def test_no_prompt_model_or_address_of_a_provider_in_code_that_runs() -> None:
    """What is found at a first start has its facts in registry/known.py; nothing else knows a provider."""
    address = re.compile(r"https://[a-z0-9.-]+\.(com|ai|dev|net)")
    wrong = [
        name_of(path)
        for path in modules()
        if path != APP / "llm" / "registry" / "known.py"
        for node in nodes(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and address.search(node.value)
    ]
    assert wrong == []
