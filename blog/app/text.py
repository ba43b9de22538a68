"""What any text that comes from outside must be before it is stored; knows no field and no table."""

import re

# Everything PostgreSQL and UTF-8 cannot hold: NUL, and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def clean(text: str) -> str:
    """`text` with each character that cannot be stored replaced by U+FFFD; all else as it was.

    The two halves of a surrogate pair, as two deltas of a stream may bring them, become their character.
    """
    return _UNSTORABLE.sub("\ufffd", joined(text))


def joined(text: str) -> str:
    """`text` with each pair of surrogates as the one character it means."""
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)


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
