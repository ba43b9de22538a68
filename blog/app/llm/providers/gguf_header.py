"""The facts at the beginning of a GGUF model file, without reading the model."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
LONGEST_TEXT = 1 << 20


def is_gguf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def context_length(path: Path) -> int | None:
    """What the model was trained for. None when the file does not say, or is not whole."""
    try:
        with path.open("rb") as file:
            return next((found for found in _context_lengths(file)), None)
    except (struct.error, ValueError):
        return None


def _context_lengths(file: BinaryIO) -> Iterator[int]:
    if file.read(4) != MAGIC:
        return
    _, _, facts = _unpack(file, "IQQ")
    for _ in range(facts):
        name = _text(file)
        value = _value(file, _unpack(file, "I")[0])
        if name.endswith(".context_length") and isinstance(value, int):
            yield value
        if name.startswith("tokenizer."):
            return  # what follows are long lists; the architecture's facts come before them


def _value(file: BinaryIO, kind: int) -> object:
    match kind:
        case 8:
            return _text(file)
        case 9:
            of, length = _unpack(file, "IQ")
            for _ in range(length):
                _value(file, of)
            return None
        case _ if kind in NUMBERS:
            return _unpack(file, NUMBERS[kind])[0]
        case _:
            raise ValueError(f"no such kind of value: {kind}")


def _text(file: BinaryIO) -> str:
    (length,) = _unpack(file, "Q")
    if length > LONGEST_TEXT:
        raise ValueError("a name or value is longer than any model's")
    return file.read(length).decode("utf-8", "replace")


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    layout = "<" + layout
    return struct.unpack(layout, file.read(struct.calcsize(layout)))
