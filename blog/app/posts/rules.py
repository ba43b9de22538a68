"""Decisions about posts on values alone: the order of sections, sizes."""

from collections.abc import Sequence

from blog.app.errors import Conflict, Invalid, NotFound
from blog.app.posts.models import Section
from blog.app.translation import gettext as _

MAX_VALUE_CHARS = 2_000_000  # the database holds the same limit: field_revision_value_check


def check_size(value: str) -> None:
    if len(value) > MAX_VALUE_CHARS:
        raise Invalid(
            _(
                "This text has %(length)s characters; a field holds at most %(max_value_chars)s. "
                "Nothing was saved.",
                length=f"{len(value):,}",
                max_value_chars=f"{MAX_VALUE_CHARS:,}",
            ),
            length=len(value),
            limit=MAX_VALUE_CHARS,
        )


# --- sections ------------------------------------------------------------------------------------
#
# Removed sections keep their place among the others, so bringing one back needs no place of its own.


def reordered(sections: Sequence[Section], wanted: Sequence[int]) -> list[int]:
    """All ids in the order `wanted` for the present ones; a removed one stays behind its predecessor."""
    present = [section.id for section in sections if section.removed_at is None]
    if sorted(wanted) != sorted(present):
        raise Conflict(
            _("The sections have changed meanwhile. Reload to see them; the order was left as it is."),
            section_ids=present,
        )
    followers: dict[int | None, list[int]] = {}
    predecessor: int | None = None
    for section in sections:
        if section.removed_at is None:
            predecessor = section.id
        else:
            followers.setdefault(predecessor, []).append(section.id)
    order = list(followers.get(None, []))
    for section_id in wanted:
        order += [section_id, *followers.get(section_id, [])]
    return order


def inserted(sections: Sequence[Section], new_id: int, after_section_id: int | None) -> list[int]:
    """All ids with the new one behind `after_section_id`; None: at the end."""
    order = [section.id for section in sections]
    if after_section_id is None:
        return [*order, new_id]
    if after_section_id not in order:
        raise NotFound(_("The section to add behind is not in this post."))
    place = order.index(after_section_id) + 1
    return [*order[:place], new_id, *order[place:]]
