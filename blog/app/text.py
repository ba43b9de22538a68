"""What any text that comes from outside must be before it is stored; knows no field and no table."""

import re

# Everything PostgreSQL and UTF-8 cannot hold: NUL, and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


# What is there to be read by machines and not by people: letters of the block "Tags" but in a flag, several
# variation selectors in a row, and marks that make a line read in another order than it is written.
_HIDDEN = re.compile(
    "(?:(?<!\U0001f3f4)(?<![\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}"
    "|[\u202d\u202e])"
)


def clean(text: str) -> str:
    """`text` with U+FFFD for each character that cannot be stored or is hidden; all else as it was.

    The two halves of a surrogate pair, as two deltas of a stream may bring them, become their character.
    """
    storable = _UNSTORABLE.sub("\ufffd", joined(text))
    return _HIDDEN.sub(lambda run: "\ufffd" * len(run[0]), storable)


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
