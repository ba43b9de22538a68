import pytest

from blog.app.auth import passwords
from blog.app.auth.rules import check_password, local_path
from blog.app.errors import Invalid


@pytest.mark.parametrize("text", ["/", "/posts", "/posts/12?stage=idea#field", "/posts?next=//evil.example"])
def test_a_way_back_on_this_site_is_kept(text: str) -> None:
    assert local_path(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "posts",
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\n//evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "///evil.example",
    ],
)
def test_a_way_back_to_another_host_leads_to_the_start(text: str) -> None:
    assert local_path(text) == "/"


@pytest.mark.parametrize(
    "password",
    ["", "too short", "alice@example.org", "ALICE@EXAMPLE.ORG", "Alice Liddell", "aaaaaaaaaaaa", "x" * 1001],
)
def test_a_password_anyone_would_guess_is_refused_at_its_field(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, email="alice@example.org", name="Alice Liddell")
    assert refused.value.details["problems"] == [{"field": "password", "message": refused.value.message}]


def test_ten_characters_of_any_kind_are_enough() -> None:
    check_password("øøå – 12 ж", email="alice@example.org", name="Alice")


def test_a_password_matches_its_own_hash_only() -> None:
    made = passwords.hashed("correct horse battery")
    assert made.startswith("$argon2id$")
    assert passwords.matches(made, "correct horse battery")
    assert not passwords.matches(made, "correct horse batterY")
    assert not passwords.matches(None, "correct horse battery")
    assert not passwords.matches("!", "correct horse battery")


def test_generated_passwords_follow_the_rules_and_differ() -> None:
    made = {passwords.generated() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_password(password, email="a@b", name="A")
