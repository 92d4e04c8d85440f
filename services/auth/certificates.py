"""Maps client certificates to identities. TLS has verified the certificate already.

A connection may outlive its certificate, so expiry is checked with every request. Parsed
certificates are cached by their bytes. Not thread-safe.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import time

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from fanzha.errors import Unauthenticated
from services.auth.identities_file import IdentitiesFile
from services.auth.identity import Credential, Identity

MAX_CACHED = 10_000
_UNREADABLE = (
    *(ValueError, TypeError, UnsupportedAlgorithm),
    *(x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType),
)
"""What the library raises of certificates that are not as the standard has them."""


class CertificateIdentities:
    """Identities by certificate; *identities* returns the same object until it changes."""

    def __init__(
        self, *, identities: Callable[[], IdentitiesFile], now_s: Callable[[], float] = time
    ) -> None:
        self._identities = identities
        self._now_s = now_s
        self._cache: dict[bytes, Identity] = {}
        self._cached_for = identities()

    def identity(self, pem: bytes) -> Identity:
        """Return the identity of *pem*; raise `Unauthenticated` when it has expired.

        A certificate missing in the identities file has a name but no roles.
        """
        identities = self._identities()
        if identities is not self._cached_for:
            self._cache.clear()
            self._cached_for = identities
        found = self._cache.get(pem)
        if found is None:
            found = _parse(pem, identities)
            while len(self._cache) >= MAX_CACHED:
                del self._cache[next(iter(self._cache))]  # the oldest
            self._cache[pem] = found
        if self._now_s() >= found.expires_s:
            raise Unauthenticated("certificate: expired since the connection was made")
        return found


def names_of(certificate: x509.Certificate) -> Sequence[str]:
    """Return the names in a certificate, most specific first: URIs, host names, common name."""
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


def _parse(pem: bytes, identities: IdentitiesFile) -> Identity:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = names_of(certificate)
    except _UNREADABLE as error:
        raise Unauthenticated("certificate: cannot be read") from error
    expires_s = certificate.not_valid_after_utc.timestamp()
    for name in names:
        if name in identities.certificates:
            return replace(identities.certificates[name], expires_s=expires_s)
    return Identity(
        name=next(iter(names), "a certificate without a name"),
        roles=frozenset(),
        credential=Credential.CERTIFICATE,
        expires_s=expires_s,
    )
