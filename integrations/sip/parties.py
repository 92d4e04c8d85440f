"""What a call attempt is, read from its INVITE."""

import re
from contextlib import suppress

from fanzha.client import Call
from fanzha.v1 import interception_pb2 as pb
from infra.sip.addresses import SipAddress, read_address
from infra.sip.codec import MalformedSip, SipRequest, split_list
from integrations.sip.settings import SipSettings

_GLOBAL_NUMBER = re.compile(r"(?:sips?|tel):(\+[0-9]{3,15})(?:[;@].*)?", re.IGNORECASE | re.DOTALL)
_TEL = "tel:"
_MOST_TRUNK_CHARACTERS = 64
_INGRESS = {
    "": pb.INGRESS_UNSPECIFIED,
    "local": pb.INGRESS_LOCAL,
    "interconnect": pb.INGRESS_INTERCONNECT,
    "international": pb.INGRESS_INTERNATIONAL,
}


def is_emergency(request: SipRequest) -> bool:
    """Return whether it goes to a service URN, such as ``urn:service:sos`` (RFC 5031)."""
    return request.uri.lower().startswith("urn:service:")


def call_of(request: SipRequest, settings: SipSettings, attestation: int) -> Call:
    """Return the attempt as the service is asked about it; a party that cannot be read is empty."""
    trunk = request.headers.first(settings.trunk_header.lower()) if settings.trunk_header else ""
    return Call(
        caller=_written(calling_party(request, settings)),
        callee=_number(request.uri),
        ingress=_INGRESS[settings.ingress],
        attestation=pb.Attestation.ValueType(attestation),
        trunk=_text(trunk)[:_MOST_TRUNK_CHARACTERS],
    )


def calling_party(request: SipRequest, settings: SipSettings) -> SipAddress | None:
    """Return who calls: what the network asserts, else From, which callers are free to choose.

    There may be two asserted identities (RFC 3325, section 9.1); the tel URI is the number.
    """
    headers = request.headers
    if settings.trust_asserted_identity:
        values = headers.all("p-asserted-identity")
        asserted = list(_readable([one for value in values for one in split_list(value)]))
        if asserted:
            return next((one for one in asserted if one.uri.lower().startswith(_TEL)), asserted[0])
    return next(iter(_readable([headers.first("from")])), None)


def _readable(values: list[str]) -> list[SipAddress]:
    found = []
    for value in values:
        with suppress(MalformedSip):
            found.append(read_address(value))
    return found


def _written(party: SipAddress | None) -> str:
    return _number(party.uri) if party else ""


def _number(uri: str) -> str:
    # A column of plain numbers is read twenty times faster than one of addresses.
    match = _GLOBAL_NUMBER.fullmatch(uri)
    return match[1] if match else _text(uri)


def _text(value: str) -> str:
    # Protobuf takes no lone surrogates, which stand for bytes that are no UTF-8.
    return value.encode("utf-8", "replace").decode()
