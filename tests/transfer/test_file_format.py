"""What is written is read back as it was, and nothing else is taken for it."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.app.errors import Invalid
from blog.app.text import clean
from blog.app.transfer import file_format

TEXT = st.text(max_size=40).map(clean)  # as it is stored
TRICKY = st.sampled_from(
    [
        *(
            "yes",
            "no",
            "on",
            "NULL",
            "~",
            "1e5",
            "0x1F",
            "0o7",
            "1_000",
            "12:30:45",
            "2020-01-01",
            ".inf",
            "010",
        ),
        *(
            " lead",
            "trail ",
            "a: b",
            "# no",
            "- x",
            "{x}",
            "[x]",
            "&a",
            "*a",
            "!t",
            "|",
            ">",
            "%",
            "@",
            "`",
            "'",
        ),
        *(
            "\n",
            "\n\n",
            " \n x",
            "x\n",
            "x\n\n",
            "\tx\ny",
            "x \ny",
            "a\r\nb",
            "a\u2028b\n",
            "a\x85b",
            "\ufeffx\ny",
        ),
        *(
            "{{ post.title }}\n{% if x %}\n  a\n{% endif %}",
            "---\na\n...\n",
            "é\U0001f41f\n“x”",
            "",
            "=",
            "<<",
        ),
    ]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | TRICKY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | TRICKY, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(TEXT | TRICKY, VALUES, max_size=4))
def test_both_formats_give_back_what_they_were_given(data: dict[str, Any]) -> None:
    assert repr(file_format.read(file_format.write(data, "json").encode())) == repr(data)
    written = file_format.write(data, "yaml")
    assert repr(file_format.read(written.encode()) if data else {}) == repr(data), written


def test_a_text_of_several_lines_is_a_block() -> None:
    assert file_format.write({"template": "One\n  two\n"}, "yaml") == "template: |\n  One\n    two\n"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"", "empty"),
        (b"\xff\xfe", "not UTF-8: byte 1 "),
        (b"a: [1, 2", "line 2, column 1"),
        (b"a: 1\n b: 2", "line 2, column 3"),
        (b'{"a": 1,\n "b" 2}', "line 2, column 6"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b"a: 1\nb: 2\na: 3", "line 3, column 1: “a” is twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": "\\u0000"}', "cannot be stored"),
        (b'{"a": "\\ud800"}', "cannot be stored"),
        (b"a: &x 1\nb: *x", "anchor (&)"),
        (b"a: *x", "alias (*)"),
        (b"a: !!python/object:os.system x", "tag (!)"),
        (b"a: !!timestamp 2020-01-01", "tag (!)"),
        (b"1: a", "a name must be a text"),
        (b"? [a]\n: b", "a name must be a text"),
        (b"a: 1\n---\nb: 2", "document"),
        (b'{"a": ' + b"1" * 5_000 + b"}", "digits"),
        (b"a: " + b"1" * 5_000, "cannot be read"),
        (b"[" * 5_000, "nested"),
        (b'{"a":' * 50_000, "nested"),
        (b"a:\n" + b"- 1\n" * 200_001, "more than 200,000"),
        (b"#" * 4_000_001, "4,000,000 bytes"),
    ],
    ids=lambda value: str(value[:30]) if isinstance(value, bytes) else "",
)
def test_a_broken_file_is_refused_with_its_place(source: bytes, words: str) -> None:
    started = time.perf_counter()
    with pytest.raises(Invalid) as caught:
        file_format.read(source)
    assert words in caught.value.message
    assert time.perf_counter() - started < 5


def test_plain_words_stay_texts() -> None:
    read = file_format.read(
        b"a: yes\nb: 2020-01-01\nc: 1e5\nd: 010\ne: 0x1F\nf: 1:30\ng: .inf\nh: <<\ni: 1.5e+3"
    )
    assert list(read.values()) == ["yes", "2020-01-01", "1e5", "010", "0x1F", "1:30", ".inf", "<<", 1500.0]  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
