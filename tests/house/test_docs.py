"""The pages stay true: what they list is what there is, and what they link to exists."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest
from click import Group

from blog.app import cli, config, db, worker
from blog.app.auth.permissions import PERMISSIONS
from blog.app.llm import prompt_nodes, validators
from blog.app.llm.output_type import OutputKind
from blog.app.llm.providers import ADAPTERS
from blog.app.llm.providers.base import ErrorKind, Finish
from blog.app.llm.runs.models import RunStatus
from tests.house import table_list
from tests.house.source import ROOT, modules

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
VARIABLE = re.compile(r"\bBLOG_[A-Z][A-Z_]*[A-Z]\b")


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def lacking(text: str, names: Iterable[str]) -> list[str]:
    """Those of `names` the page does not have in code type."""
    said = set(re.findall(r"[\w./-]+", " ".join(re.findall(r"`([^`\n]+)`", text.replace("```", "")))))
    return sorted(set(names) - said)


def _anchor(heading: str) -> str:
    """As a page on the web names it: lower case, words joined with hyphens."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(path.read_text()):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            assert anchor in map(_anchor, headings), link


def test_the_index_names_every_page() -> None:
    index = page("index.md")
    there = {path.relative_to(ROOT / "docs").as_posix() for path in PAGES[1:]} - {"index.md"}
    assert {name for name in there if f"({name})" not in index} == set()


def test_every_environment_variable_is_in_operations_and_nothing_else_is() -> None:
    code = [*modules(), ROOT / "tests/conftest.py", *(ROOT / "tests/browser").glob("*.py"), ROOT / "Makefile"]
    read = {name for path in code for name in VARIABLE.findall(path.read_text())}
    read |= {"OLLAMA_HOST", *config.PROVIDER_KEY_VARIABLES}
    told = page("operations.md")
    assert lacking(told, read) == []
    assert {name for name in VARIABLE.findall(told) if name.removesuffix("_FILE") not in read} == set()


def test_every_command_is_in_operations() -> None:
    told = page("operations.md")

    def names(group: Group, before: str) -> list[str]:
        return [
            found
            for name, command in group.commands.items()
            for found in (
                names(command, f"{before} {name}") if isinstance(command, Group) else [f"{before} {name}"]
            )
        ]

    assert [name for name in names(cli.commands, "blogforge") if name not in told] == []


def test_every_make_target_is_told() -> None:
    told = "".join(path.read_text() for path in PAGES)
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [name for name in targets if f"make {name}" not in told and f"· {name}" not in told] == []


def test_every_task_is_in_the_architecture() -> None:
    from blog.app import jobs

    for module in worker.TASK_MODULES:
        __import__(module)
    assert lacking(page("architecture.md"), jobs.TASKS) == []


def test_every_permission_is_in_the_table_with_the_roles_that_have_it(conn: db.Connection) -> None:
    from blog.app import metrics as _metrics
    from blog.app.llm import permissions as _llm
    from blog.app.posts import permissions as _posts
    from blog.app.trail import permissions as _trail
    from blog.app.workflow import permissions as _workflow

    del _metrics, _llm, _posts, _trail, _workflow  # imported for what they declare
    told = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|[^|]+\| ([^|]+) \|$", page("workflow.md"), re.MULTILINE)
    granted = conn.execute(
        """
        SELECT permission, string_agg(role.name, ', ' ORDER BY role.id)
        FROM role_permission JOIN role ON role.id = role_id GROUP BY permission
        """
    ).fetchall()
    assert dict(told) == dict(granted)
    assert dict(told).keys() == PERMISSIONS.keys()


def test_every_field_of_the_starter_workflow_is_told(conn: db.Connection) -> None:
    names = [name for (name,) in conn.execute("SELECT name FROM workflow_field").fetchall()]
    assert names
    assert lacking(page("workflow.md"), names) == []


def test_the_list_of_tables_is_the_schemas() -> None:
    assert table_list.written() == table_list.table_list(), "python -m tests.house.table_list"


@pytest.mark.parametrize(
    "names",
    [
        ADAPTERS,
        validators._KINDS,
        get_args(prompt_nodes.FilterName),
        get_args(OutputKind),
        get_args(ErrorKind),
        get_args(Finish),
        get_args(RunStatus),
    ],
    ids=["protocols", "validators", "filters", "output types", "errors", "finishes", "statuses"],
)
def test_what_actions_and_runs_know_is_told(names: Iterable[str]) -> None:
    assert lacking(page("llm_actions.md"), names) == []


def test_every_option_an_adapter_reads_is_told() -> None:
    code = "".join(path.read_text() for path in (ROOT / "blog/app/llm/providers").glob("*.py"))
    read = re.findall(r"\b(?:said|words?|option)\(\w+(?:\.endpoint)?, \"(\w+)\"\)", code)
    read += re.findall(r"(?:endpoint|traits)\.options\.get\(\"(\w+)\"\)", code)
    assert len(read) > 20
    assert lacking(page("llm_actions.md"), read) == []


def test_the_tree_of_the_architecture_is_there() -> None:
    tree = page("architecture.md").partition("```\n")[2].partition("```")[0]
    at: list[str] = []
    for line in tree.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        names = re.split(r" {2,}", line.strip())[0].split()
        for name in names:
            at = [*at[:depth], name]
            assert (ROOT.joinpath(*at)).exists() or "vendor" in name, "/".join(at)


def test_every_package_is_in_the_architecture() -> None:
    packages = {path.name for path in (ROOT / "blog/app").iterdir() if (path / "__init__.py").exists()}
    assert [name for name in sorted(packages) if f"  {name}/" not in page("architecture.md")] == []


def test_the_changes_begin_with_this_version() -> None:
    version = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    first = re.search(r"^\d+\.\d+\.\d+", (ROOT / "CHANGES.log").read_text(), re.MULTILINE)
    assert version is not None
    assert first is not None
    assert first.group() == version.group(1)
