from ipaddress import ip_network

import pytest

from blog.app.config import ConfigError, Smtp, load_config

MAIL = {"BLOG_URL": "https://forge.example", "BLOG_MAIL_FROM": "forge@example.org"}


@pytest.mark.parametrize(
    ("address", "tls", "port"),
    [
        ("smtps://u:p%40ss@mail.example.org", "implicit", 465),
        ("smtp://u:p%40ss@mail.example.org", "starttls", 587),
        ("smtp://u:p%40ss@mail.example.org:26?tls=none", "none", 26),
    ],
)
def test_a_mail_server_is_an_address(address: str, tls: str, port: int) -> None:
    smtp = load_config({**MAIL, "BLOG_SMTP_URL": address}).smtp
    assert isinstance(smtp, Smtp)
    assert (smtp.tls, smtp.port, smtp.user, smtp.password) == (tls, port, "u", "p@ss")
    assert "p@ss" not in repr(smtp)


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({**MAIL, "BLOG_SMTP_URL": "http://u:secret@x"}, "must be like"),
        ({"BLOG_SMTP_URL": "smtp://x", "BLOG_URL": "https://a.example"}, "BLOG_MAIL_FROM"),
        ({"BLOG_SMTP_URL": "smtp://x", "BLOG_MAIL_FROM": "a@b"}, "needs BLOG_URL"),
        ({"BLOG_URL": "forge.example"}, "BLOG_URL"),
        ({"BLOG_URL": "https://forge.example/blog"}, "nothing after the host"),
        ({"BLOG_TRUSTED_PROXIES": "10.0.0.0/8, proxy"}, "BLOG_TRUSTED_PROXIES"),
    ],
)
def test_what_cannot_be_used_is_said_without_the_password(env: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as refused:
        load_config(env)
    assert "secret" not in refused.value.message


def test_proxies_are_networks() -> None:
    networks = load_config({"BLOG_TRUSTED_PROXIES": "10.0.0.0/8, ::1"}).trusted_proxies
    assert networks == (ip_network("10.0.0.0/8"), ip_network("::1"))


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"BLOG_SECRET": " "}, "BLOG_SECRET is empty"),
        ({"BLOG_SECRET": "a long enough one", "BLOG_SECRET_FILE": "x"}, "both set"),
        ({"BLOG_SECRET_FILE": ""}, "BLOG_SECRET_FILE is empty"),
        ({"BLOG_SECRET_FILE": "/nowhere/at/all"}, "No such file"),
        ({"BLOG_SECRET_FILE": "/dev/null"}, "the file is empty"),
        ({"BLOG_SECRET": "short"}, "shorter than 16"),
        ({"BLOG_SECRET": "a long enough one\nshort"}, "shorter than 16"),
    ],
)
def test_a_secret_is_used_or_refused_and_nothing_takes_its_place(env: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_config(env)
