"""A key that a server repeats is kept nowhere, however the reads cut it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from blog.app.llm.providers.keeping import Keeper, finish, keep

SECRETS = ("sk-abc", "abab", "sk-abcd-longer")
PIECES = st.lists(st.sampled_from([*SECRETS, "sk-", "ab", "a", "b", "-", " text "]), max_size=12)


def kept(body: bytes, places: list[int]) -> bytes:
    edges = sorted({0, len(body), *(place % (len(body) + 1) for place in places)})
    out: list[bytes] = []
    keeper = Keeper(out.append, SECRETS)
    for a, b in pairwise(edges):
        keep(keeper, body[a:b])
    finish(keeper)
    return b"".join(out)


@given(PIECES, st.lists(st.integers(min_value=0), max_size=20))
def test_no_secret_is_kept(pieces: list[str], places: list[int]):
    said = kept("".join(pieces).encode(), places)
    assert not [secret for secret in SECRETS if secret.encode() in said]


@given(st.binary(max_size=40), st.lists(st.integers(min_value=0), max_size=8))
def test_what_is_no_secret_is_kept_to_the_last_byte(body: bytes, places: list[int]):
    if not any(secret.encode() in body for secret in SECRETS):
        assert kept(body, places) == body
