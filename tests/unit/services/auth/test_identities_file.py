"""The identities file, and certificates that it gives roles to."""

import base64
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from blocklists.entries import Source
from fanzha.errors import Unauthenticated
from services.auth import issuer
from services.auth.certificates import CertificateIdentities
from services.auth.identities_file import NO_IDENTITIES, IdentitiesFile, read_identities
from services.auth.identity import Credential, Role
from tests.support.identities import now

HOST = "gateway-1.carrier.example"
LINE = f"""
[[identity]]
name = "gateway-1"
certificate = "dns:{HOST}"
roles = ["carrier"]
regions = ["33"]
sources = ["carrier"]
carrier = "cmcc"
"""


def a_certificate(host: str = HOST, days: int = 1) -> bytes:
    began = now() - timedelta(days=2) if days < 0 else now()
    by = issuer.authority("test", now=began, days=30)
    pair = issuer.client(by, host, now=began, days=abs(days))
    return pair.certificate.public_bytes(Encoding.PEM)


def test_a_line_names_the_identity_of_a_certificate() -> None:
    roster = read_identities(LINE.encode())

    who = CertificateIdentities(identities=lambda: roster).identity(a_certificate())

    assert who.name == "gateway-1"
    assert who.roles == {Role.CARRIER}
    assert who.regions == {"33"}
    assert who.sources == {Source.CARRIER}
    assert who.carrier == "cmcc"
    assert who.credential is Credential.CERTIFICATE
    assert who.expires_s > now().timestamp()


def test_a_certificate_without_a_line_has_a_name_and_no_roles() -> None:
    who = CertificateIdentities(identities=lambda: NO_IDENTITIES).identity(a_certificate())

    assert (who.name, who.roles) == (f"dns:{HOST}", frozenset())


def test_the_common_name_serves_where_a_line_names_it() -> None:
    roster = read_identities(LINE.replace("dns:", "cn:").encode())

    assert (
        CertificateIdentities(identities=lambda: roster).identity(a_certificate()).name
        == "gateway-1"
    )


def test_a_host_name_is_no_common_name() -> None:
    roster = read_identities(LINE.replace(f"dns:{HOST}", f"uri:{HOST}").encode())

    assert not CertificateIdentities(identities=lambda: roster).identity(a_certificate()).roles


def test_an_expired_certificate_is_refused_on_an_open_connection() -> None:
    certificates = CertificateIdentities(identities=lambda: NO_IDENTITIES)

    with pytest.raises(Unauthenticated, match="expired"):
        certificates.identity(a_certificate(days=-1))


def test_an_unreadable_certificate_is_refused() -> None:
    with pytest.raises(Unauthenticated, match="cannot be read"):
        CertificateIdentities(identities=lambda: NO_IDENTITIES).identity(b"no certificate")


def test_a_certificate_of_a_version_that_does_not_exist_is_refused() -> None:
    der = x509.load_pem_x509_certificate(a_certificate()).public_bytes(Encoding.DER)
    odd = base64.encodebytes(der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03", 1))
    pem = b"-----BEGIN CERTIFICATE-----\n" + odd + b"-----END CERTIFICATE-----\n"

    with pytest.raises(Unauthenticated, match="cannot be read"):
        CertificateIdentities(identities=lambda: NO_IDENTITIES).identity(pem)


def test_removing_a_line_removes_its_roles() -> None:
    rosters: list[IdentitiesFile] = [read_identities(LINE.encode())]
    certificates = CertificateIdentities(identities=lambda: rosters[-1])
    pem = a_certificate()
    assert certificates.identity(pem).roles

    rosters.append(read_identities(b""))

    assert not certificates.identity(pem).roles


def test_revoked_tokens_are_listed() -> None:
    assert read_identities(b'revoked_tokens = ["4711"]').revoked_tokens == {"4711"}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("identity = ", "no TOML"),
        ("[[identities]]", "identities: unknown"),
        ("revoked_tokens = 7", "revoked_tokens: must be a list"),
        ('[identity]\nname = "a"', "double brackets"),
        (LINE + 'level = "root"', "identity 1: level: unknown"),
        (LINE + LINE, "identity 2: certificate"),
        (LINE.replace("dns:", "ip:"), "identity 1: certificate"),
        (LINE.replace('name = "gateway-1"', ""), "identity 1: name:"),
        (LINE.replace('"carrier"]\nregions', '"carier"]\nregions'), "'carier' is not one of"),
        (LINE.replace('["33"]', "[]"), "identity 1: regions"),
        (LINE.replace('["33"]', '["x"]'), "identity 1: regions"),
        (LINE.replace('sources = ["carrier"]', 'sources = ["police"]'), "identity 1: sources"),
    ],
)
def test_a_file_with_an_error_is_refused_completely(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        read_identities(text.encode())

    assert wrong in str(caught.value)
