"""Which wording of each part a make-up sends, in one word to compare. Pure."""

from collections.abc import Sequence

from blog.app.llm.assemble import PartText


def wordings(parts: Sequence[PartText]) -> str:
    """Such as 12v3 14v1, in the order in which they are sent."""
    return " ".join(f"{part.part_id}v{part.version}" for part in parts)
