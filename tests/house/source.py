"""The product's source as the rules of the house read it."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
APP = ROOT / "blog" / "app"
TEMPLATES = APP / "templates"
STATIC = APP / "static"


def modules() -> list[Path]:
    return sorted((ROOT / "blog").rglob("*.py"))


def name_of(path: Path) -> str:
    """blog/app/posts/store.py as it is said in a message."""
    return str(path.relative_to(ROOT))


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text()))


def imported(path: Path) -> set[str]:
    """The modules a file imports, by their whole names."""
    found: set[str] = set()
    for node in nodes(path):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {module} | {f"{module}.{alias.name}" for alias in names}
            case _:
                pass
    return found


def templates() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


def own_static(suffix: str) -> list[Path]:
    """Our own files of a kind; what others wrote is in vendor/."""
    return sorted(path for path in STATIC.rglob(f"*{suffix}") if "vendor" not in path.parts)
