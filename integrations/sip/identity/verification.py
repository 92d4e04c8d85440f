"""Verifies who calls (RFC 8224, section 6.2; RFC 8588): the attestation that a decision uses.

Checked are: the signature, with a certificate of the trust list that leads to an anchor and has not
ended; that the PASSporT is at most a minute old; that it was signed for this caller and this
callee; and that the certificate may sign for the number, as far as its TNAuthList names numbers.

Not checked: whether a PASSporT was used before within its minute, and revocation lists. What cannot
be checked (no certificate in the list, a signature of another kind) is no failure: the attestation
stays unknown, and is counted.
"""

import logging
import re
import time
from collections.abc import Callable
from enum import Enum

from fanzha.v1 import interception_pb2 as pb
from infra.safe_traceback import kind_and_places
from infra.sip.addresses import read_address
from infra.sip.codec import MalformedSip, SipRequest, split_list
from integrations.sip.identity.passport import (
    MalformedPassport,
    OtherPassport,
    Passport,
    read_identity,
)
from integrations.sip.identity.tn_auth_list import TnCoverage
from integrations.sip.identity.trust_list import (
    SigningCertificate,
    TrustList,
    UntrustedCertificate,
)
from integrations.sip.parties import calling_party
from integrations.sip.settings import SipSettings

_LOGGER = logging.getLogger(__name__)
_MOST_HEADERS = 4
"""Identity headers of one call that are looked at: each costs a signature."""
_USER = re.compile(r"(?:sips?|tel):([^@;]*)((?:;[^@]*)?)(?:@.*)?", re.IGNORECASE | re.DOTALL)
_CONTEXT = re.compile(r";phone-context=\+([0-9]{1,15})", re.IGNORECASE)
_VERSTAT = re.compile(r";verstat=([A-Za-z-]+)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s().-]")
_ATTESTATIONS = {
    "A": pb.ATTESTATION_FULL,
    "B": pb.ATTESTATION_PARTIAL,
    "C": pb.ATTESTATION_GATEWAY,
}


class IdentityResult(Enum):
    """What came of one Identity header."""

    VALID = "valid"
    MALFORMED = "malformed"
    STALE = "stale"
    """More than a minute old, or of the future (RFC 8224: 403 Stale Date)."""
    OTHER_CALLER = "other_caller"
    OTHER_CALLEE = "other_callee"
    UNTRUSTED = "untrusted"
    """Its certificate does not lead to an anchor, has ended, or is none for calls (437)."""
    NOT_AUTHORISED = "not_authorised"
    """Its certificate names numbers, and not this one."""
    BAD_SIGNATURE = "bad_signature"
    OTHER_KIND = "other_kind"
    NO_CERTIFICATE = "no_certificate"
    """The trust list does not have it (436)."""


_UNKNOWN = frozenset({IdentityResult.OTHER_KIND, IdentityResult.NO_CERTIFICATE})
"""Results that say nothing, neither for nor against the caller."""


class IdentityVerifier:
    """Returns the attestation of calls."""

    def __init__(
        self,
        settings: SipSettings,
        count: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        file = settings.identity_trust_list
        self._trust = TrustList(file, clock) if file else None
        self._count = count
        self._clock = clock

    def attestation_of(self, request: SipRequest) -> int:
        """Return one ATTESTATION; unspecified where nothing can be said."""
        found: int = pb.ATTESTATION_UNSPECIFIED
        if self._trust is not None:
            found = self._verified(request, self._trust)
        if found == pb.ATTESTATION_UNSPECIFIED and self._settings.trust_verstat:
            return self._of_switch(request)
        return found

    def _verified(self, request: SipRequest, trust: TrustList) -> int:
        found: int = pb.ATTESTATION_UNSPECIFIED
        values = [one for line in request.headers.all("identity") for one in split_list(line)]
        for value in values[:_MOST_HEADERS]:
            try:
                result, attest = self._result(value, request, trust)
            except Exception as error:
                # A header must not decide, by what it breaks, that nobody asks about its call.
                _LOGGER.error("an Identity header: %s", kind_and_places(error))  # noqa: TRY400
                result, attest = IdentityResult.MALFORMED, ""
            self._count(result.value)
            if result is IdentityResult.VALID:
                return _ATTESTATIONS[attest]
            if result not in _UNKNOWN:
                found = pb.ATTESTATION_FAILED
        return found

    def _result(
        self, value: str, request: SipRequest, trust: TrustList
    ) -> tuple[IdentityResult, str]:
        try:
            passport = read_identity(value)
            certificate = trust.certificate(passport.x5u)
        except MalformedPassport:
            return IdentityResult.MALFORMED, ""
        except OtherPassport:
            return IdentityResult.OTHER_KIND, ""
        except UntrustedCertificate:
            return IdentityResult.UNTRUSTED, ""
        if certificate is None:
            return IdentityResult.NO_CERTIFICATE, ""
        found = self._of_claims(passport, request)
        if found is IdentityResult.VALID:
            found = _of_signature(passport, certificate)
        return found, passport.attest

    def _of_claims(self, passport: Passport, request: SipRequest) -> IdentityResult:
        if abs(self._clock() - passport.issued_at) > self._settings.identity_fresh_seconds:
            return IdentityResult.STALE
        if self._number_of(calling_uri(request, self._settings)) != passport.orig:
            return IdentityResult.OTHER_CALLER
        if self._number_of(_uri(request.headers.first("to"))) not in passport.dest:
            return IdentityResult.OTHER_CALLEE
        return IdentityResult.VALID

    def _number_of(self, uri: str) -> str:
        return canonical_number(uri, self._settings.country_code)

    def _of_switch(self, request: SipRequest) -> int:
        """Return what the switch has verified (3GPP TS 24.229, section 7.2A.20; ATIS-1000074).

        ``TN-Validation-Passed`` alone does not say which attestation; B is what it says at least.
        Vendors append the letter; others have P-Attestation-Indicator.
        """
        match = _VERSTAT.search(calling_uri(request, self._settings))
        verdict = match[1].lower() if match else ""
        if verdict.startswith("tn-validation-failed"):
            return pb.ATTESTATION_FAILED
        if not verdict.startswith("tn-validation-passed"):
            return pb.ATTESTATION_UNSPECIFIED
        letter = verdict.removeprefix("tn-validation-passed").lstrip("-").upper()
        indicated = request.headers.first("p-attestation-indicator").strip().upper()
        return _ATTESTATIONS.get(letter or indicated, pb.ATTESTATION_PARTIAL)


def _of_signature(passport: Passport, certificate: SigningCertificate) -> IdentityResult:
    if certificate.numbers.coverage_of(passport.orig) is TnCoverage.NOT_LISTED:
        return IdentityResult.NOT_AUTHORISED
    # Last, since it costs most.
    signed = passport.is_signed_by(certificate.key)
    return IdentityResult.VALID if signed else IdentityResult.BAD_SIGNATURE


def calling_uri(request: SipRequest, settings: SipSettings) -> str:
    """Return the URI of who calls; empty without one."""
    party = calling_party(request, settings)
    return party.uri if party else ""


def canonical_number(uri: str, country_code: str) -> str:
    """Return the number of a URI as PASSporTs write it (RFC 8224, section 8.3): E.164, no plus.

    A national number gets *country_code*. Empty where the user part is no number.
    """
    match = _USER.fullmatch(uri)
    if match is None:
        return ""
    digits = _SEPARATORS.sub("", match[1])
    context = _CONTEXT.search(match[2])
    if digits.startswith("+"):
        number = digits[1:]
    elif digits.startswith("00"):
        number = digits[2:]
    elif context is not None:
        number = context[1] + digits
    elif digits.startswith(country_code) and len(digits) > _national_length(country_code):
        number = digits
    else:
        number = country_code + digits.removeprefix("0")
    return number if number.isascii() and number.isdecimal() else ""


def _national_length(country_code: str) -> int:
    # Longer ones that begin with the country code bear it: 11 digits in China, 10 in North America.
    return 10 if country_code == "1" else 11


def _uri(value: str) -> str:
    try:
        return read_address(value).uri
    except MalformedSip:
        return ""
