"""Where calls may go: public addresses, and of the others those that somebody has allowed.

Decided on what a name resolves to, and it is that address which is connected to: asked again, a name could
answer with another one. Knows no database and no HTTP.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Found = tuple[int, int, int, str, tuple[object, ...]]  # as getaddrinfo answers

PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")
NAT64 = IPv6Network("64:ff9b::/96")
# Special purposes that older versions of Python do not know (IANA, RFC 6890 and after).
SPECIAL = tuple(
    ip_network(each) for each in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "5f00::/16")
)
USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """A host, by name or address as it is written in lower case. `port` None: each of them."""

    host: str
    port: int | None = None


Allowed = frozenset[Place]
NOWHERE: Allowed = frozenset()


class Refused(Exception):
    """Not an OSError: it is no failure of the network, and nothing on the way may take it for one."""

    def __init__(self, host: str, kind: str) -> None:
        super().__init__(
            f"{host} is {kind}. Calls go to public addresses only, unless an administrator allows this one, "
            "on the page Outgoing calls."
        )


def place_of(url: str) -> Place:
    """The host and port that a call to this address would go to."""
    parts = urlsplit(url)
    return Place((parts.hostname or "").lower(), parts.port or USUAL_PORTS.get(parts.scheme))


def is_address(host: str) -> bool:
    """And not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def resolve(host: str, port: int, allowed: Allowed) -> Sequence[Found]:
    """What may be connected to, of what the name resolves to. Refused: nothing of it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    fit = [each for each in found if is_allowed(host, port, str(each[4][0]), allowed)]
    if not fit:
        raise Refused(host, kind_of(ip_address(str(found[0][4][0]))) if found else "no address")
    return fit


def check(host: str, port: int, address: str, allowed: Allowed) -> None:
    """For a connection that was kept: what was allowed then may not be now."""
    if not is_allowed(host, port, address, allowed):
        raise Refused(host, kind_of(ip_address(address)))


def check_behind_proxy(url: str, allowed: Allowed) -> None:
    """For a call by way of a proxy, which looks names up itself: whatever it could find must be allowed.

    A name that only the proxy knows is let through, unless it is one that only private networks have.
    """
    place = place_of(url)
    if is_listed(place, allowed):
        return
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        if sounds_private(place.host):
            raise Refused(place.host, "a name of a private network") from None
        return
    for each in found:
        check(place.host, place.port or 0, str(each[4][0]), allowed)


def is_allowed(host: str, port: int, address: str, allowed: Allowed) -> bool:
    if is_public(ip_address(address)):
        return True
    return is_listed(Place(host.lower(), port), allowed) or is_listed(Place(address, port), allowed)


def is_listed(place: Place, allowed: Allowed) -> bool:
    return place in allowed or Place(place.host) in allowed


def sounds_private(host: str) -> bool:
    """Without asking anybody: is it an address or a kind of name that only private networks have?"""
    if is_address(host):
        return not is_public(ip_address(host))
    return "." not in host or host.endswith(PRIVATE_ENDINGS)


def is_public(address: Address) -> bool:
    """Whether strangers may send us there. What wraps another address is what it wraps."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if address in NAT64:
            return is_public(IPv4Address(address.packed[-4:]))
        if address.sixtofour or address.teredo or address.is_site_local:
            return False
    if any(address in network for network in SPECIAL if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def kind_of(address: Address) -> str:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return kind_of(address.ipv4_mapped)
    if address.is_loopback or address.is_unspecified:
        return "this machine itself"
    if address.is_link_local:
        return "a link-local address, where clouds answer with their keys"
    return "a multicast address" if address.is_multicast else "an address of a private network"
