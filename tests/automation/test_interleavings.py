"""Two people and three runs at one field, in any order: nothing a person typed is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.automation import services as automation
from blog.app.automation import suggestions
from blog.app.errors import Conflict
from blog.app.llm.runs.models import Run
from tests.automation.desk import Desk
from tests.factories import all_powerful, make_model, make_post

INTERLEAVINGS = 200
STEPS = 10
WORDS = ["wool", "kilt", "rain", "old", "warm", "pleat", "clan", "loom"]


@dataclass
class Person:
    """Sees the field as it was when last looked at, and goes on typing whatever happens."""

    actor: Actor
    seen: int | None = None
    unsaved: str | None = None
    typed: set[str] = field(default_factory=set)


@dataclass
class Field:
    """One field with all who are at it."""

    desk: Desk
    chance: Random
    people: list[Person]
    working: list[Run]

    def look(self, person: Person) -> None:
        current = self.desk.current()
        person.seen = current.id if current else None

    def write(self, person: Person) -> None:
        if person.unsaved is None:
            words = self.chance.choices(WORDS, k=6)
            person.unsaved = f"{person.actor.name} {len(person.typed)}: {' '.join(words)}"
            person.typed.add(person.unsaved)
        self.save(person)

    def save(self, person: Person) -> None:
        """A Conflict leaves the words with the person, who then looks at what is there and keeps hers."""
        assert person.unsaved is not None
        try:
            saved = replace(self.desk, actor=person.actor).write(person.unsaved, person.seen)
        except Conflict:
            self.look(person)
        else:
            person.seen, person.unsaved = saved.id, None

    def answer(self, _person: Person) -> None:
        """A model's words come, whatever has become of the field since it was asked."""
        if self.working:
            text = " ".join(self.chance.choices(WORDS, k=8))
            automation.save_output(self.desk.conn, self.working.pop().id, text)

    def accept(self, person: Person) -> None:
        """All of a suggestion or some of its changes, on what the person last saw."""
        waiting = self.desk.waiting()
        if not waiting:
            return
        hunks = self.chance.choice([None, [1]])
        try:
            revision = suggestions.accept(
                self.desk.conn,
                person.actor,
                self.chance.choice(waiting).id,
                base_revision_id=person.seen,
                hunks=hunks,
            )
        except Conflict:
            self.look(person)
        else:
            person.seen = revision.id

    def values(self) -> list[tuple[int, int | None, str]]:
        """Every revision's id, base and words, oldest first."""
        return self.desk.conn.execute(
            """
            SELECT id, base_revision_id, value FROM field_revision
            WHERE post_id = %s AND workflow_field_id = %s ORDER BY number
            """,
            (self.desk.post_id, self.desk.field_id),
        ).fetchall()


def test_no_interleaving_loses_what_a_person_typed(conn: db.Connection, desk: Callable[..., Desk]) -> None:
    made = desk()
    actors = [all_powerful(conn, "ann"), all_powerful(conn, "bob")]
    models = [make_model(conn) for _ in range(3)]
    for seed in range(INTERLEAVINGS):
        post = replace(made, post_id=make_post(conn, made.actor, question="Why kilts?"))
        place = Field(
            desk=post,
            chance=Random(seed),
            people=[Person(actor=actor) for actor in actors],
            working=[post.start(model_id=model) for model in models],
        )
        play(place)
        check(place, seed)


def play(place: Field) -> None:
    moves = [place.write, place.write, place.look, place.answer, place.accept]
    for _ in range(STEPS):
        place.chance.choice(moves)(place.chance.choice(place.people))
    for person in place.people:
        while person.unsaved is not None:
            place.save(person)


def check(place: Field, seed: int) -> None:
    revisions = place.values()
    kept = {value for _, _, value in revisions}
    typed = {text for person in place.people for text in person.typed}
    assert typed <= kept, seed
    bases = [base for _, base, _ in revisions]
    assert bases == [None, *(revision_id for revision_id, _, _ in revisions)][: len(revisions)], seed
