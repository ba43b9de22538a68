import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.app.posts.markdown import html, picture_hosts, shown


def test_markdown_becomes_html() -> None:
    assert html("# Title\n\nSome *soft* words.") == "<h1>Title</h1>\n<p>Some <em>soft</em> words.</p>\n"


def test_a_table_is_a_table() -> None:
    assert "<td>1</td>" in html("|a|b|\n|-|-|\n|1|2|")


def test_html_is_shown_and_not_obeyed() -> None:
    assert html("<script>alert(1)</script>") == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"


def test_a_link_gives_nothing_away() -> None:
    assert 'rel="nofollow noopener noreferrer"' in html("[here](https://example.org)")


def test_a_picture_is_a_link_and_loads_nothing() -> None:
    made = html('![a *hedge*](https://example.org/a.png "t")')
    assert "<img" not in made
    assert (
        '<a class="picture" href="https://example.org/a.png" rel="nofollow noopener noreferrer">a hedge</a>'
        in made
    )


def test_a_picture_is_shown_by_a_press_and_says_where_it_is() -> None:
    made = shown(html("![a *hedge*](https://img.example/a.png)"))
    assert "<img" not in made
    assert "<b>Picture at img.example</b> a hedge <u>Show picture</u>" in made
    assert picture_hosts(html("![](https://a.example/x) [y](https://b.example) ![z](/z)")) == [
        "a.example",
        "/z",
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[https://bank.example](https://evil.example/a)", "evil.example"),
        ("[x](HTTPS://EVIL.example:8080)", "evil.example"),
        ("[x](https://аpple.example)", "xn--pple-43d.example"),
        ("[x](/people)", "/people"),
        ("[x](mailto:a@b.example)", "a@b.example"),
    ],
)
def test_a_link_says_where_it_leads(text: str, place: str) -> None:
    assert f'<span class="leads-to">→ {place}</span>' in shown(html(text))


@pytest.mark.parametrize("text", ["<https://a.example/b>", "[a.example](https://a.example/b)"])
def test_a_link_that_says_so_itself_says_it_once(text: str) -> None:
    assert "leads-to" not in shown(html(text))


@pytest.mark.parametrize(
    "address",
    [
        "https://bank.example@evil.example", "https://bank.example%2f@evil.example",
        "//evil.example", "\\\\evil.example", "https:evil.example", "https:///evil.example",
        "https:/evil.example", "https://ev%69l.example",
    ],
)  # fmt: skip
def test_what_cannot_say_where_it_leads_is_no_link(address: str) -> None:
    assert "href" not in html(f"[x]({address}) ![y]({address})")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc"])
@pytest.mark.parametrize("mark", ["[x]({})", "![x]({})", "<{}>", "[x]: {}\n\n[x]"])
def test_a_dangerous_address_is_no_link(mark: str, address: str) -> None:
    assert "href" not in html(mark.format(address))


@given(st.text(st.sampled_from("<>!()[]`*_#|-\n \"'=&;ajsxhrefonclick:/"), max_size=200))
def test_no_text_makes_an_active_element(text: str) -> None:
    made = html(text).lower()
    for name in ("<script", "<img", "<iframe", "<style", "<form", "<svg", "<object"):
        assert name not in made
