"""Tells whom a client certificate speaks for. Whether it is genuine, TLS has found out before.

A connection may outlive its certificate, so the end of that is checked with every request. What a
certificate says is remembered by its bytes. One thread only.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import time

from cryptography import x509
from cryptography.x509.oid import NameOID

from fanzha.errors import Unauthenticated
from services.auth.identities_file import IdentitiesFile
from services.auth.identity import Credential, Identity

MOST_REMEMBERED = 10_000


class CertificateIdentities:
    """Identities by certificate; *roster* gives the same object until it changes."""

    def __init__(
        self, *, roster: Callable[[], IdentitiesFile], now_s: Callable[[], float] = time
    ) -> None:
        self._roster = roster
        self._now_s = now_s
        self._known: dict[bytes, Identity] = {}
        self._known_by = roster()

    def identity(self, pem: bytes) -> Identity:
        """Return whom *pem* speaks for; raise `Unauthenticated` when it is over.

        A certificate that the roster does not know has a name, and no roles.
        """
        roster = self._roster()
        if roster is not self._known_by:
            self._known.clear()
            self._known_by = roster
        found = self._known.get(pem)
        if found is None:
            found = _read(pem, roster)
            while len(self._known) >= MOST_REMEMBERED:
                del self._known[next(iter(self._known))]  # the oldest
            self._known[pem] = found
        if self._now_s() >= found.expires_s:
            raise Unauthenticated("certificate: expired since the connection was made")
        return found


def names_of(certificate: x509.Certificate) -> Sequence[str]:
    """Return what a certificate names, the most telling first: URIs, host names, common name."""
    names: list[str] = []
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        pass
    else:
        value = alternative.value
        names += [f"uri:{one}" for one in value.get_values_for_type(x509.UniformResourceIdentifier)]
        names += [f"dns:{one}" for one in value.get_values_for_type(x509.DNSName)]
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return [*names, *(f"cn:{one.value!s}" for one in common)]


def _read(pem: bytes, roster: IdentitiesFile) -> Identity:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = names_of(certificate)
    except ValueError as error:
        raise Unauthenticated("certificate: cannot be read") from error
    expires_s = certificate.not_valid_after_utc.timestamp()
    for name in names:
        if name in roster.certificates:
            return replace(roster.certificates[name], expires_s=expires_s)
    return Identity(
        name=next(iter(names), "a certificate without a name"),
        roles=frozenset(),
        credential=Credential.CERTIFICATE,
        expires_s=expires_s,
    )
