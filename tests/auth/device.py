"""A device that makes passkeys and signs with them, as browsers hand its answers over. Lies when told to."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


def plain(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(kw_only=True)
class Device:
    """Holds one passkey. `counts` False: like most, it does not count what it signs."""

    origin: str
    counts: bool = True
    count: int = 0
    flags: int = PRESENT | VERIFIED
    handle: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    user_handle: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, asked: Mapping[str, Any], *, algorithm: int = -7) -> str:
        """What navigator.credentials.create answers, as JSON."""
        self.user_handle = raw(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        key = {1: 2, 3: algorithm, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        about = bytes(16) + len(self.handle).to_bytes(2) + self.handle + cbor.encode(key)
        statement = {
            "fmt": "none",
            "attStmt": {},
            "authData": self._about(asked["rp"]["id"], WITH_KEY, about),
        }
        return self._said(
            clientDataJSON=self._client_data("webauthn.create", asked),
            attestationObject=cbor.encode(statement),
        )

    def sign(self, asked: Mapping[str, Any], **lies: Any) -> str:
        """What navigator.credentials.get answers, as JSON."""
        self.count += 1 if self.counts else 0
        client_data = self._client_data("webauthn.get", asked, **lies)
        about = self._about(asked["rpId"])
        signed = about + hashlib.sha256(client_data).digest()
        return self._said(
            clientDataJSON=client_data,
            authenticatorData=about,
            signature=self.key.sign(signed, ec.ECDSA(hashes.SHA256())),
            userHandle=self.user_handle,
        )

    def _client_data(self, kind: str, asked: Mapping[str, Any], **lies: Any) -> bytes:
        said = {"type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | lies).encode()

    def _about(self, host: str, flags: int = 0, rest: bytes = b"") -> bytes:
        return (
            hashlib.sha256(host.encode()).digest()
            + bytes([self.flags | flags])
            + self.count.to_bytes(4)
            + rest
        )

    def _said(self, **response: bytes) -> str:
        name = plain(self.handle)
        said = {part: plain(data) for part, data in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": said})
