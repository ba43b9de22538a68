"""Where calls may go, decided on what a name resolves to."""

import socket
from ipaddress import ip_address

import pytest

from blog.app import reach
from blog.app.reach import NOWHERE, Place, Refused

NOT_PUBLIC = [
    "127.0.0.1", "127.255.0.3", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "100.64.0.1", "169.254.169.254", "169.254.0.7", "192.0.0.8", "192.0.2.1", "198.18.0.1",
    "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1", "fc00::1", "fd00:ec2::254",
    "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1",
    "93.184.216.34",
    "172.32.0.1",
    "2606:4700:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_strangers_may_not_send_us_to(address: str) -> None:
    assert not reach.is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address: str) -> None:
    assert reach.is_public(ip_address(address))


@pytest.mark.parametrize(
    "written", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "::1"]
)
def test_however_this_machine_is_written(written: str) -> None:
    with pytest.raises(Refused, match="this machine itself"):
        reach.resolve(written, 80, NOWHERE)


def test_what_is_allowed_is_one_host_and_one_port() -> None:
    allowed = frozenset({Place("127.0.0.1", 11434)})
    assert reach.resolve("127.0.0.1", 11434, allowed)
    for host, port in (("127.0.0.1", 80), ("127.0.0.2", 11434)):
        with pytest.raises(Refused):
            reach.resolve(host, port, allowed)
    assert reach.resolve("127.0.0.2", 80, frozenset({Place("127.0.0.2")})), "any port"


def answering(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A resolver that answers one after another, the last one again; what it was asked."""
    left, asked = list(answers), list[str]()

    def getaddrinfo(host: str, port: int, **_: object) -> list[reach.Found]:
        asked.append(host)
        now = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in now]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_of_several_addresses_only_the_public_ones_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["10.0.0.1", "93.184.216.34", "169.254.169.254"])
    assert [each[4][0] for each in reach.resolve("mixed.example", 443, NOWHERE)] == ["93.184.216.34"]


def test_a_name_is_allowed_by_itself_whatever_it_resolves_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["172.18.0.7"])
    assert reach.resolve("Ollama", 11434, frozenset({Place("ollama", 11434)}))
    with pytest.raises(Refused, match="private network"):
        reach.resolve("other", 11434, frozenset({Place("ollama", 11434)}))
