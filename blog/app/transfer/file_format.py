"""A registry file's text <-> plain data, as YAML or JSON. Pure; knows nothing of what the data means.

Written the same way every time: keys in the order they are given, two spaces, LF, texts unfolded, texts of
several lines as blocks. Read strictly: what YAML could make of a text beyond JSON's values (dates, tags,
anchors, `yes` for true) is refused or stays a text, and so do two keys of one name.
"""

import json
import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

import yaml
from pydantic import JsonValue

from blog.app.errors import Invalid
from blog.app.text import clean
from blog.app.transfer.models import FileFormat
from blog.app.translation import gettext as _

MAX_BYTES = 4_000_000
MAX_DEPTH = 60
MAX_NODES = 200_000

# --- writing -------------------------------------------------------------------------------------


def write(data: Mapping[str, JsonValue], how: FileFormat) -> str:
    if how == "json":
        return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    return yaml.dump(  # pyright: ignore[reportUnknownMemberType]
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**9, default_flow_style=False
    )


class _Dumper(yaml.SafeDumper):
    """PyYAML's own in Python: its twin in C breaks lines in other places."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True  # two equal texts are two texts


# YAML takes these for line ends of its own, and would give back another one.
_ODD_BREAKS = re.compile("[\r\x85\u2028\u2029]")


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _ODD_BREAKS.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)  # pyright: ignore[reportUnknownMemberType]


_Dumper.add_representer(str, _text)


# --- reading -------------------------------------------------------------------------------------


def read(source: bytes) -> JsonValue:
    """The data of a file of either format: what begins with a brace is JSON. Invalid says where it breaks."""
    if len(source) > MAX_BYTES:
        raise Invalid(
            _(
                "A registry file may have %(max_bytes)s bytes; this one has %(source)s.",
                max_bytes=f"{MAX_BYTES:,}",
                source=f"{len(source):,}",
            )
        )
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise Invalid(
            _("The file is not UTF-8: byte %(start)s belongs to no character.", start=f"{exc.start + 1:,}")
        ) from exc
    if not text.strip():
        raise Invalid(_("The file is empty."))
    data = _read_json(text) if text.lstrip().startswith("{") else _read_yaml(text)
    _check(data)
    return data


def _read_json(text: str) -> JsonValue:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as exc:
        raise Invalid(
            _(
                "The file is not JSON: line %(lineno)s, column %(colno)s: %(msg)s.",
                lineno=exc.lineno,
                colno=exc.colno,
                msg=exc.msg,
            ),
            line=exc.lineno,
            column=exc.colno,
        ) from exc
    except RecursionError as exc:
        raise _too_deep() from exc
    except ValueError as exc:
        raise Invalid(_("The file has a whole number of too many digits.")) from exc


def _once(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise Invalid(
            _("The file says “%(twice)s” twice in one place; only one of them could count.", twice=twice)
        )
    return found


def _no_constant(name: str) -> NoReturn:
    raise Invalid(_("The file has %(name)s, which is not a number that can be stored.", name=name))


def _read_yaml(text: str) -> JsonValue:
    try:
        _check_events(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, of fewer types
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        at = {"line": mark.line + 1, "column": mark.column + 1} if mark else {}
        raise Invalid(
            _(
                "The file is not YAML as it is understood here: %(place)s%(problem)s.",
                place=place,
                problem=exc.problem,
            ),
            **at,
        ) from exc
    except yaml.YAMLError as exc:
        raise Invalid(_("The file is not YAML: %(exc)s.", exc=" ".join(str(exc).split()))) from exc
    except ValueError as exc:
        raise Invalid(_("The file has a number that cannot be read.")) from exc


def _check_events(text: str) -> None:
    """Before anything is built: no anchor can be repeated into a bomb, and nothing nests beyond reason."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=_Loader):  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        match event:
            case yaml.AliasEvent():
                raise _refused(event, "an alias (*) is not understood: write it out")
            case yaml.NodeEvent() if getattr(event, "anchor", None):
                raise _refused(event, "an anchor (&) is not understood: write it out")
            case yaml.NodeEvent() if getattr(event, "tag", None) not in {None, "!"}:
                raise _refused(event, "a tag (!) is not understood")
            case _:
                pass
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > MAX_DEPTH:
            raise _too_deep()
        if nodes > MAX_NODES:
            raise Invalid(_("The file has more than %(max_nodes)s values.", max_nodes=f"{MAX_NODES:,}"))


def _refused(event: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


def _too_deep() -> Invalid:
    return Invalid(_("The file is nested more than %(max_depth)s levels deep.", max_depth=MAX_DEPTH))


if TYPE_CHECKING:
    _SafeLoader = yaml.SafeLoader
else:
    _SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where it is there


class _Loader(_SafeLoader):
    """Reads plain words as JSON would: true, false, null and numbers; every other one is a text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as PyYAML has it

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise yaml.MarkedYAMLError(problem="a name must be a text", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"“{key.value}” is twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


for _tag, _pattern, _first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?[0-9]+\.[0-9]*([eE][-+][0-9]+)?", list("-+0123456789")),
):
    _Loader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first
    )


# --- what no text of ours may hold ---------------------------------------------------------------


def _check(value: JsonValue, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise _too_deep()
    match value:
        case str():
            if clean(value) != value:
                raise Invalid(
                    _("The file has a text with a character that cannot be stored, such as NUL, or be seen.")
                )
        case float() if value in {float("inf"), float("-inf")} or value != value:  # noqa: PLR0124 - NaN
            raise Invalid(_("The file has a number that is too large to be stored."))
        case dict():
            for name, each in value.items():
                _check(name, depth + 1)
                _check(each, depth + 1)
        case list():
            for each in cast("Sequence[JsonValue]", value):
                _check(each, depth + 1)
        case _:
            pass
