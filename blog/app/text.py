"""What any text that comes from outside must be before it is stored; knows no field and no table."""

import re

# Everything PostgreSQL and UTF-8 cannot hold: NUL, and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` with each character that cannot be stored replaced by U+FFFD; all else as it was."""
    return _UNSTORABLE.sub("\ufffd", text)


def folded(text: str) -> str:
    """`text` on one line, with single spaces."""
    return " ".join(text.split())


def cut(text: str, limit: int) -> str:
    """`text`, or as many of its whole words as fit into `limit` characters with an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    words = head[: head.rfind(" ")] if " " in head else head[:-1]
    return words.rstrip(" ,;:.-–—") + "…"
