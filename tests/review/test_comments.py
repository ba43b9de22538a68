"""Comments: about what, by whom, who is told, and that one's own words are one's own."""

from dataclasses import dataclass

import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Forbidden, Invalid, NotFound
from blog.app.posts import services as posts
from blog.app.review import comments, notifications, services, standing
from tests.factories import make_actor, make_post


@dataclass(frozen=True, kw_only=True)
class Talk:
    conn: db.Connection
    post_id: int
    alice: Actor
    bob: Actor
    dora: Actor

    def say(self, actor: Actor, body: str, field: str | None = "idea_seed", quote: str = "") -> int:
        said = comments.comment(self.conn, actor, self.post_id, body, field_name=field, quote=quote)
        return said.id

    def told(self, actor: Actor) -> list[str]:
        return [each.kind for each in notifications.list_notifications(self.conn, actor).items]


@pytest.fixture
def talk(conn: db.Connection) -> Talk:
    alice = make_actor(conn, "alice", "author")
    return Talk(
        conn=conn,
        post_id=make_post(conn, alice, idea="Kilts and how they came about"),
        alice=alice,
        bob=make_actor(conn, "bob", "editor"),
        dora=make_actor(conn, "dora", "author"),
    )


def test_the_author_is_told_of_a_comment_and_the_mentioned_of_being_meant(talk: Talk) -> None:
    talk.say(talk.bob, "Too broad? @dora, what do you think?")
    assert talk.told(talk.alice) == ["commented"]
    assert talk.told(talk.dora) == ["mentioned"]
    assert talk.told(talk.bob) == []


def test_the_author_who_is_mentioned_is_told_once(talk: Talk) -> None:
    talk.say(talk.bob, "@alice look")
    assert talk.told(talk.alice) == ["mentioned"]


def test_who_has_the_sub_stage_is_told_of_a_comment_on_its_field(talk: Talk) -> None:
    services.assign(talk.conn, talk.alice, talk.post_id, "idea", talk.dora.user_id)
    talk.say(talk.bob, "Hm.")
    assert talk.told(talk.dora) == ["commented", "assigned"]


def test_everybody_in_a_thread_is_told_of_a_reply(talk: Talk) -> None:
    root = talk.say(talk.bob, "Hm.")
    reply = comments.reply(talk.conn, talk.dora, root, "Indeed.")
    again = comments.reply(talk.conn, talk.alice, reply.id, "Well.")
    assert again.parent_id == root
    assert talk.told(talk.bob) == ["replied", "replied"]
    assert talk.told(talk.dora) == ["replied"]


def test_a_passage_that_has_changed_is_said_to_have(talk: Talk) -> None:
    root = talk.say(talk.bob, "Which ones?", quote="how they came about")
    assert comments.get_thread(talk.conn, talk.bob, root).is_found
    other = talk.say(talk.bob, "Gone.", quote="never written")
    assert not comments.get_thread(talk.conn, talk.bob, other).is_found
    with pytest.raises(Invalid, match="say which"):
        talk.say(talk.bob, "Of what?", field=None, quote="words")


def test_a_reply_opens_a_resolved_thread_again(talk: Talk) -> None:
    root = talk.say(talk.bob, "Hm.")
    comments.resolve(talk.conn, talk.alice, root)
    assert talk.told(talk.bob) == ["resolved"]
    assert comments.list_counts(talk.conn, talk.alice, talk.post_id) == []
    reply = comments.reply(talk.conn, talk.dora, root, "Not yet.")
    assert comments.list_counts(talk.conn, talk.alice, talk.post_id)[0].count == 1
    with pytest.raises(Invalid, match="first comment"):
        comments.resolve(talk.conn, talk.alice, reply.id)


def test_open_comments_keep_a_sub_stage_from_being_ready(talk: Talk) -> None:
    root = talk.say(talk.bob, "Hm.", field="self_review")
    checks = standing.get_review(talk.conn, talk.alice, talk.post_id, "preflight").checks
    assert [check.problem for check in checks if check.kind == "comments_resolved"] == [
        "1 comment is not resolved."
    ]
    comments.resolve(talk.conn, talk.bob, root)
    checks = standing.get_review(talk.conn, talk.alice, talk.post_id, "preflight").checks
    assert all(check.is_met for check in checks if check.kind == "comments_resolved")


def test_only_ones_own_words_are_changed_or_removed(talk: Talk) -> None:
    root = talk.say(talk.bob, "Hm.")
    for change in (comments.remove, comments.bring_back):
        with pytest.raises(Forbidden):
            change(talk.conn, talk.alice, root)
    with pytest.raises(Forbidden):
        comments.edit(talk.conn, talk.alice, root, "Mine now")
    edited = comments.edit(talk.conn, talk.bob, root, "Hm, @dora.")
    assert edited.edited_at
    comments.edit(talk.conn, talk.bob, root, "Hm, hm, @dora.")
    assert talk.told(talk.dora) == ["mentioned"]


def test_a_removed_comment_keeps_its_replies_and_comes_back(talk: Talk) -> None:
    root = talk.say(talk.bob, "Hm.")
    comments.reply(talk.conn, talk.alice, root, "What?")
    comments.remove(talk.conn, talk.bob, root)
    threads = comments.list_threads(talk.conn, talk.alice, talk.post_id).items
    assert threads[0].comment.removed_at
    assert [reply.body for reply in threads[0].replies] == ["What?"]
    assert talk.told(talk.alice) == []
    assert comments.bring_back(talk.conn, talk.bob, root).removed_at is None
    assert talk.told(talk.alice) == ["commented"]


def test_threads_come_in_pages(talk: Talk) -> None:
    ids = [talk.say(talk.bob, f"Number {number}") for number in range(3)]
    first = comments.list_threads(talk.conn, talk.alice, talk.post_id, limit=2)
    assert [thread.comment.id for thread in first.items] == ids[:2]
    rest = comments.list_threads(talk.conn, talk.alice, talk.post_id, after=int(first.next or 0), limit=2)
    assert [thread.comment.id for thread in rest.items] == ids[2:]
    assert rest.next is None


def test_a_field_of_sections_needs_its_section(talk: Talk) -> None:
    with pytest.raises(Invalid):
        talk.say(talk.bob, "Hm.", field="draft")
    section = posts.add_section(talk.conn, talk.alice, talk.post_id)
    said = comments.comment(
        talk.conn, talk.bob, talk.post_id, "Hm.", field_name="draft", section_id=section.id
    )
    assert said.section_id == section.id


def test_a_viewer_reads_and_does_not_comment(talk: Talk) -> None:
    vera = make_actor(talk.conn, "vera", "viewer")
    with pytest.raises(Forbidden):
        talk.say(vera, "Hm.")
    assert comments.list_threads(talk.conn, vera, talk.post_id).items == []


@pytest.mark.parametrize("body", ["", "  \n", "x" * 10_001])
def test_words_that_cannot_be_kept_are_refused(talk: Talk, body: str) -> None:
    with pytest.raises(Invalid):
        talk.say(talk.bob, body)


def test_everybody_marks_their_own_notifications_read(talk: Talk) -> None:
    talk.say(talk.bob, "One")
    talk.say(talk.bob, "Two")
    page = notifications.list_notifications(talk.conn, talk.alice)
    assert (page.unread, [each.words for each in page.items]) == (2, ["Two", "One"])
    with pytest.raises(NotFound):
        notifications.read(talk.conn, talk.dora, page.items[0].id)
    notifications.read(talk.conn, talk.alice, page.items[0].id)
    assert notifications.count_unread(talk.conn, talk.alice) == 1
    talk.say(talk.bob, "Three")
    notifications.read_all(talk.conn, talk.alice, page.items[0].id)
    assert notifications.count_unread(talk.conn, talk.alice) == 1
    notifications.read_all(talk.conn, talk.alice)
    assert notifications.list_notifications(talk.conn, talk.alice, only_unread=True).items == []


def test_of_a_removed_post_nothing_is_told(talk: Talk) -> None:
    talk.say(talk.bob, "One")
    posts.remove_post(talk.conn, make_actor(talk.conn, "eve", "editor"), talk.post_id)
    assert talk.told(talk.alice) == []
    assert notifications.count_unread(talk.conn, talk.alice) == 0
