"""Bytes become lines and events in one way only, however they were read."""

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from blog.app.llm.providers.framing import lines, server_sent_events


def cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(body), *(place % (len(body) + 1) for place in places)})
    return [body[a:b] for a, b in pairwise(edges)]


def test_only_cr_and_lf_end_a_line():
    text = "a\u0085b\u2028c\u2029d\x0be\x0cf\x1cg入\n"
    assert [line.decode() for line in lines([text.encode()])] == [text[:-1]]


def test_every_kind_of_line_end_counts_once():
    assert list(lines([b"a\r\nb\rc\n\nd"])) == [b"a", b"b", b"c", b"", b"d"]


def test_a_crlf_cut_by_two_reads_makes_no_empty_line():
    assert list(lines([b"a\r", b"\nb\r", b"\n\r", b"\nc"])) == [b"a", b"b", b"", b"c"]


def test_a_line_is_given_out_before_the_next_read():
    def reads() -> Iterator[bytes]:
        yield b"data: a\r"
        raise AssertionError("the second read was asked for before the first line was given out")

    assert next(lines(reads())) == b"data: a"


def test_a_mark_at_the_beginning_is_no_text_even_in_pieces():
    assert list(lines([b"\xef", b"\xbb", b"\xbfdata"])) == [b"data"]
    assert list(lines([b"\xef\xbb"])) == [b"\xef\xbb"]


@given(st.binary(max_size=60), st.lists(st.integers(min_value=0), max_size=12))
def test_lines_do_not_depend_on_the_reads(body: bytes, places: list[int]):
    assert list(lines(cut(body, places))) == list(lines([body] if body else []))


def events(body: bytes) -> list[tuple[str, bytes]]:
    return list(server_sent_events(lines([body])))


def test_comments_names_and_unknown_fields_are_understood():
    body = b": hello\n\nevent: ping\ndata: {}\nid: 3\nwhat: ever\n\ndata:a\ndata:  b \n\n\n\n"
    assert events(body) == [("ping", b"{}"), ("", b"a\n b ")]


def test_an_event_cut_inside_is_none_but_a_missing_last_blank_line_is_forgiven():
    assert events(b'data: {"a": 1') == []
    assert events(b'data: {"a": 1}') == [("", b'{"a": 1}')]
    assert events(b"data: [DONE]") == [("", b"[DONE]")]
