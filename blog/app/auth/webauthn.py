"""What a browser is asked to do with a passkey, and whether what it answers holds (WebAuthn). Pure.

Refuses what was signed for another address, another challenge, or without asking its person for finger, face
or PIN. Whose a passkey is, and that each challenge is answered once, is for passkeys.py to say.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorSelectionCriteria,
    CollectedClientData,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRequestOptions,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from blog.app.config import Config
from blog.app.errors import Conflict
from blog.app.reach import USUAL_PORTS, is_address
from blog.app.translation import gettext as _

LONGEST_HANDLE = 1023  # bytes, as WebAuthn has it
SECONDS = 300  # what a challenge lasts
ALGORITHMS = (ES256.ALGORITHM, EdDSA.ALGORITHM, RS256.ALGORITHM)  # every device knows one of them
KEY = PublicKeyCredentialType.PUBLIC_KEY
VERIFIED = UserVerificationRequirement.REQUIRED

# In how many ways the library says of a stranger's bytes that it cannot read them.
UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    struct.error,
    UnsupportedAlgorithm,
)

Options = Mapping[str, Any]
Answer = TypeVar("Answer", RegistrationResponse, AuthenticationResponse)


class Refused(Exception):
    """An answer that does not hold; says why in words for the trail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Whom passkeys are made for. `origin`: the address in the browser, to the letter."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A new passkey, as its device made it."""

    handle: bytes
    public_key: bytes
    sign_count: int


# --- for which address ---------------------------------------------------------------------------


def party(config: Config) -> Party:
    """By the configured address, never by a request's Host header. Conflict: there can be none at it."""
    parts = urlsplit(config.public_url)
    host = (parts.hostname or "").encode("idna").decode()
    if _is_loopback(host):
        host = "localhost"  # the same machine, by the one name that passkeys take
    is_local = host == "localhost" or host.endswith(".localhost")
    if is_address(host):
        raise Conflict(
            _(
                "Passkeys do not work at a numeric address (%(host)s). Set BLOG_URL to one with a name.",
                host=host,
            )
        )
    if parts.scheme != "https" and not is_local:
        raise Conflict(
            _("Passkeys work over https only. Set BLOG_URL to an address that begins with https://.")
        )
    port = "" if parts.port in {None, USUAL_PORTS[parts.scheme]} else f":{parts.port}"
    return Party(host=host, origin=f"{parts.scheme}://{host}{port}")


def _is_loopback(host: str) -> bool:
    return is_address(host) and ip_address(host).is_loopback


# --- what is asked -------------------------------------------------------------------------------


def asked_to_make(
    at: Party, challenge: bytes, *, user_handle: bytes, email: str, name: str, known: Sequence[bytes]
) -> Options:
    """`known`: the handles of those the person has; a device that holds one makes no second."""
    return dict(
        PublicKeyCredentialCreationOptions(
            rp=_entity(at),
            user=PublicKeyCredentialUserEntity(id=user_handle, name=email, display_name=name),
            challenge=challenge,
            pub_key_cred_params=[
                PublicKeyCredentialParameters(type=KEY, alg=algorithm) for algorithm in ALGORITHMS
            ],
            timeout=SECONDS * 1000,
            exclude_credentials=_descriptors(known),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=VERIFIED
            ),
            attestation=AttestationConveyancePreference.NONE,
        )
    )


def asked_to_sign(at: Party, challenge: bytes, known: Sequence[bytes] = ()) -> Options:
    """`known` empty: with whichever passkey for this site its person chooses."""
    return dict(
        PublicKeyCredentialRequestOptions(
            challenge=challenge,
            timeout=SECONDS * 1000,
            rp_id=at.host,
            allow_credentials=_descriptors(known),
            user_verification=VERIFIED,
        )
    )


def _entity(at: Party) -> PublicKeyCredentialRpEntity:
    return PublicKeyCredentialRpEntity(id=at.host, name="BlogForge")


def _descriptors(handles: Sequence[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(type=KEY, id=handle) for handle in handles]


# --- what is answered ----------------------------------------------------------------------------


def read_made(text: str) -> RegistrationResponse:
    return _read(RegistrationResponse, text)


def read_signed(text: str) -> AuthenticationResponse:
    return _read(AuthenticationResponse, text)


def _read(kind: type[Answer], text: str) -> Answer:
    try:
        return cast(Answer, kind.from_dict(_strings(json.loads(text))))
    except UNREADABLE as exc:
        raise Refused("it cannot be read") from exc


def _strings(said: Any) -> dict[str, Any]:
    """What is read of an answer. The library would make a number into that many bytes, so there is none."""
    texts = {"clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"}
    response = {name: _text(said["response"][name]) for name in texts & said["response"].keys()}
    _text(json.loads(websafe_decode(response["clientDataJSON"]))["challenge"])
    if "attestationObject" in response:
        attested: Any = cbor.decode(websafe_decode(response["attestationObject"]))  # pyright: ignore[reportUnknownMemberType]
        if not isinstance(attested["authData"], bytes):
            raise TypeError
    return {"id": _text(said["id"]), "rawId": _text(said["rawId"]), "response": response}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def check_made(at: Party, challenge: bytes, answer: RegistrationResponse) -> Made:
    try:
        found = _server(at).register_complete(_state(challenge), answer)  # pyright: ignore[reportUnknownMemberType]
    except (ValueError, AssertionError) as exc:
        raise Refused(str(exc) or "it holds no key") from exc
    _refuse_framed(answer.response.client_data)
    credential = found.credential_data
    if credential is None or type(credential.public_key).ALGORITHM not in ALGORITHMS:
        raise Refused("its signatures are of a kind that was not asked for")
    if not 1 <= len(credential.credential_id) <= LONGEST_HANDLE:
        raise Refused("its name is too long")
    _check_key(credential.public_key)
    return Made(
        handle=credential.credential_id,
        public_key=cbor.encode(credential.public_key),
        sign_count=found.counter,
    )


def _check_key(key: CoseKey) -> None:
    """A key that can check nothing would only be noticed at the next sign-in."""
    try:
        key.verify(b"", b"")
    except InvalidSignature:
        return
    except UNREADABLE as exc:
        raise Refused("its key cannot be used") from exc
    raise Refused("its key lets anything through")


def check_signed(at: Party, challenge: bytes, answer: AuthenticationResponse, public_key: bytes) -> int:
    """How often it signed, as it says."""
    stored = cast(Mapping[int, Any], cbor.decode(public_key))  # pyright: ignore[reportUnknownMemberType]
    credential = AttestedCredentialData.create(Aaguid.NONE, answer.raw_id, CoseKey.parse(stored))
    try:
        _server(at).authenticate_complete(_state(challenge), [credential], answer)  # pyright: ignore[reportUnknownMemberType]
    except ValueError as exc:
        raise Refused(str(exc)) from exc
    _refuse_framed(answer.response.client_data)
    return answer.response.authenticator_data.counter


def _server(at: Party) -> Fido2Server:
    return Fido2Server(_entity(at), verify_origin=lambda origin: origin == at.origin)


def _state(challenge: bytes) -> dict[str, Any]:
    return {"challenge": websafe_encode(challenge), "user_verification": VERIFIED}


def _refuse_framed(said: CollectedClientData) -> None:
    if said.cross_origin:
        raise Refused("it was asked for inside a page of another site")
