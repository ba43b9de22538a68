"""Bytes as they were read -> lines -> server-sent events -> JSON. Pure; holds no whole line back."""

import json
from collections.abc import Iterable, Iterator
from typing import cast

BOM = b"\xef\xbb\xbf"
DONE = b"[DONE]"


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    r"""Lines end at \n, \r\n or \r and nowhere else: str.splitlines also cuts at U+0085 and U+2028."""
    unfinished: list[bytes] = []
    after_cr = False
    for chunk in _without_bom(chunks):
        if after_cr and chunk[:1] == b"\n":
            # The second half of a \r\n that two reads cut apart; its line is out already.
            chunk = chunk[1:]  # noqa: PLW2901
            after_cr = False
        if not chunk:
            continue
        after_cr = chunk.endswith(b"\r")
        first, *others = _cut(chunk)
        unfinished.append(first)
        if others:
            yield b"".join(unfinished)
            yield from others[:-1]
            unfinished = others[-1:]
    if last := b"".join(unfinished):
        yield last


def _cut(chunk: bytes) -> list[bytes]:
    if b"\r" in chunk:
        chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return chunk.split(b"\n")


def _without_bom(chunks: Iterable[bytes]) -> Iterator[bytes]:
    start: bytes | None = b""
    for chunk in chunks:
        if start is None:
            yield chunk
            continue
        start += chunk
        if start != BOM[: len(start)] or start == BOM:
            yield start.removeprefix(BOM)
            start = None
    if start:
        yield start


def is_event_stream(line: bytes) -> bool:
    """Whether a body whose first line this is can be server-sent events at all."""
    return line.startswith((b":", b"data:", b"event:", b"id:", b"retry:"))


def server_sent_events(source: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """(event name, data), comments and unknown fields left out."""
    name, data = "", None
    for line in source:
        if not line:
            if data is not None:
                yield name, data
            name, data = "", None
        elif line.startswith(b"data:"):
            value = line[6:] if line[5:6] == b" " else line[5:]
            data = value if data is None else data + b"\n" + value
        elif line.startswith(b"event:"):
            name = line[6:].strip().decode("utf-8", "replace")
    if data is not None and _whole(data):
        # Some servers save the last blank line. What was cut inside an event is no event.
        yield name, data


def _whole(data: bytes) -> bool:
    if data.strip() == DONE:
        return True
    try:
        parse_json(data)
    except ValueError:
        return False
    return True


def parse_json(data: bytes) -> object:
    # Decoded here: json.loads would guess the encoding, and refuse a reply for one bad byte.
    try:
        return json.loads(data.decode("utf-8", "replace"))
    except RecursionError as exc:
        raise ValueError("nested too deeply to be a reply") from exc


def mapping(value: object) -> dict[str, object]:
    """A JSON object, or an empty one where a stranger sent something else."""
    return cast(dict[str, object], value) if isinstance(value, dict) else {}


def sequence(value: object) -> list[object]:
    return cast(list[object], value) if isinstance(value, list) else []
