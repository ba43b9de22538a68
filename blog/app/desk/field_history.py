"""A field's revisions as its page shows them, each with what it changed. Reads only."""

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.desk import store
from blog.app.desk.models import Card, History, HistoryEntry
from blog.app.posts import services as posts
from blog.app.workflow import compare

HISTORY_SHOWN = 10


def get_history(conn: db.Connection, actor: Actor, card: Card, *, after: int | None = None) -> History:
    """A field's revisions, each with what it changed in the one before."""
    page = posts.list_revisions(
        conn, actor, card.post_id, card.section_id, card.field.id, after=after, limit=HISTORY_SHOWN + 1
    )
    run_ids = [item.llm_run_id for item in page.items if item.llm_run_id]
    authorships = {made.run_id: made for made in store.list_authorships(conn, run_ids)}
    texts = posts.list_revision_values(conn, actor, [item.id for item in page.items])
    older = [*(texts[item.id] for item in page.items[1:]), ""][: len(page.items)]
    entries = [
        HistoryEntry(
            revision=item,
            authorship=authorships.get(item.llm_run_id) if item.llm_run_id else None,
            segments=compare.shortened(compare.compared(card.field, before, texts[item.id]).segments),
        )
        for item, before in zip(page.items, older, strict=True)
    ]
    shown = entries[:HISTORY_SHOWN]
    return History(
        card=card,
        entries=shown,
        next=str(shown[-1].revision.number) if len(entries) > HISTORY_SHOWN else None,
    )
