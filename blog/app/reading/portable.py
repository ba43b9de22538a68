"""Markdown that leaves the house: what the preview does not obey, no other renderer shall obey either. Pure.

A backslash goes before each mark that would become HTML, a picture, or a link to anything but a page or a
mail address; so a picture is a link to it, as in the preview. Code and all else stay as they were typed.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from html import unescape
from itertools import groupby
from urllib.parse import quote

from markdown_it import MarkdownIt

_MARKS = re.compile(r"\\.|`+|<|!\[|\][(:]", re.DOTALL)
_TICKS = re.compile(r"`+")
_AUTOLINK = re.compile(r"<(?:(?:https?://|mailto:)[^\s<>]*|[\w.+-]+@[\w.-]+)>", re.IGNORECASE)
_TAG = re.compile(r"<[a-z/!?]", re.IGNORECASE)
_TAG_LINE = re.compile(r"(\n[\s>]*)(<[a-z/!?])", re.IGNORECASE)  # begins HTML even in the middle of code
_DESTINATION = re.compile(r"[\s>]*(<(?:[^<>\\\n]|\\.)*>|(?:[^\s\\]|\\.)*)", re.DOTALL)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_SAFE = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\ufeff]")
_PIPE = re.compile(r"((?<!\\)\|)")
_SPECIAL = re.compile(r"([\\`*_\[\]<>&#~|!])")
_BLOCK_START = re.compile(r"^(?:([-+=])|(\d+)([.)]))")

_BLOCKS = MarkdownIt("commonmark", {"html": False}).enable("table")


def literal(text: str) -> str:
    """Plain text on one line, as Markdown that shows just that."""
    return _BLOCK_START.sub(r"\2\\\1\3", _SPECIAL.sub(r"\\\1", " ".join(text.split())))


def inert(text: str) -> str:
    """`text`, obeyed nowhere in more than the preview obeys."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    blocks = (block if kind == "code" else _inert_block(kind, block) for kind, block in _blocks(text))
    return "".join([*blocks, _missing_fence(text)])


def _missing_fence(text: str) -> str:
    """Code that nothing ends would swallow what is written behind it."""
    last = _BLOCKS.parse(f"{text}\n\n.")[-1]
    if last.type != "fence" or last.level > 0:
        return ""
    return last.markup if text.endswith("\n") else f"\n{last.markup}"


# --- blocks --------------------------------------------------------------------------------------


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """The lines of each leaf block together: marks in one cannot reach into the next."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    labels = _labels(text, len(lines))
    for (kind, _), numbers in groupby(range(len(lines)), key=labels.__getitem__):
        yield kind, "".join(lines[number] for number in numbers)


def _labels(text: str, count: int) -> list[tuple[str, int]]:
    """For each line its kind, and where its block begins."""
    labels = [("other", -1)] * count
    depth_of_table = 0
    for token in _BLOCKS.parse(text):
        depth_of_table += {"table_open": 1, "table_close": -1}.get(token.type, 0)
        if token.map is None or token.type not in {"inline", "fence", "code_block"}:
            continue
        kind = "row" if depth_of_table else "text" if token.type == "inline" else "code"
        for number in range(token.map[0], min(token.map[1], count)):
            labels[number] = (kind, token.map[0])
    return labels


def _inert_block(kind: str, block: str) -> str:
    if kind == "row":
        return "".join(_inert_text(cell) for cell in _PIPE.split(block))
    return _inert_text(block)


# --- marks ---------------------------------------------------------------------------------------


def _inert_text(text: str) -> str:
    done: list[str] = []
    runs = _tick_runs(text)
    at = 0
    while mark := _MARKS.search(text, at):
        done.append(text[at : mark.start()])
        written, at = _mark(text, mark, runs)
        done.append(written)
    return "".join([*done, text[at:]])


def _tick_runs(text: str) -> dict[int, list[int]]:
    """Where the runs of backticks of each length begin."""
    runs: dict[int, list[int]] = {}
    for run in _TICKS.finditer(text):
        runs.setdefault(len(run[0]), []).append(run.start())
    return runs


def _mark(text: str, mark: re.Match[str], runs: dict[int, list[int]]) -> tuple[str, int]:
    """What is written for a mark, and where reading goes on."""
    match mark[0][0]:
        case "`":
            end = _end_of_code(mark, runs)
            return _TAG_LINE.sub(r"\1\\\2", text[mark.start() : end]), end
        case "<" if link := _AUTOLINK.match(text, mark.start()):
            return link[0], link.end()
        case "<":
            return ("\\<" if _TAG.match(text, mark.start()) else "<"), mark.end()
        case "!":
            return "\\![", mark.end()
        case "]":
            return _destination(text, mark)
        case _:
            return mark[0], mark.end()


def _end_of_code(mark: re.Match[str], runs: dict[int, list[int]]) -> int:
    """Behind the run of as many backticks that closes this one; else behind this one."""
    length = len(mark[0])
    places = runs.get(length, [])
    place = bisect_left(places, mark.end())
    return places[place] + length if place < len(places) else mark.end()


def _destination(text: str, mark: re.Match[str]) -> tuple[str, int]:
    found = _DESTINATION.match(text, mark.end())
    written = found[1] if found else ""
    address = _address(written)
    if _SCHEME.match(address) and not _SAFE.match(address):
        return "]\\" + mark[0][1], mark.end()
    if found and _is_in_brackets(written):
        # Without a link around it the angle brackets would be a tag, so the address goes without them.
        return mark[0] + " " * (mark[0] == "]:") + quote(address, safe="/:?#@!$&'*+,;=%~"), found.end()
    return mark[0], mark.end()


def _is_in_brackets(written: str) -> bool:
    return written.startswith("<") and written.endswith(">") and len(written) > 1


def _address(written: str) -> str:
    """What a renderer makes of it, without anything a browser would not see in a scheme."""
    bare = written[1:-1] if _is_in_brackets(written) else written.removeprefix("<")
    plain = unescape(_ESCAPED.sub(r"\1", bare))
    seen = _UNSEEN.sub("", plain)
    return seen if _SCHEME.match(seen) else plain
