"""Certificates and PASSporTs of STIR/SHAKEN for tests: an authority, providers and their calls."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

TN_AUTH_LIST = ObjectIdentifier("1.3.6.1.5.5.7.1.26")
X5U = "https://certificates.carrier.example/shaken.pem"


def der(tag: int, *parts: bytes) -> bytes:
    """Return an element of DER with a length below 65,536."""
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content


def provider_code(code: str) -> bytes:
    """Return an entry of a TNAuthList (RFC 8226, section 9): a service provider."""
    return der(0xA0, der(0x16, code.encode()))


def number_range(start: str, count: int) -> bytes:
    """Return an entry: so many numbers from the first."""
    size = max(1, (count.bit_length() + 8) // 8)
    return der(0xA1, der(0x30, der(0x16, start.encode()), der(0x02, count.to_bytes(size, "big"))))


def one_number(number: str) -> bytes:
    """Return an entry: one number."""
    return der(0xA2, der(0x16, number.encode()))


@dataclass(kw_only=True)
class ShakenAuthority:
    """Issues certificates to providers."""

    name: str = "STI-CA"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def __post_init__(self) -> None:
        builder = _builder(self.name, self.name, self.key.public_key(), days=30)
        self.certificate = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(_identifier(self.key), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def issue(
        self,
        entries: Sequence[bytes] = (provider_code("709J"),),
        *,
        days: float = 30,
        curve: ec.EllipticCurve | None = None,
    ) -> "ShakenProvider":
        """Issue a certificate whose TNAuthList has these entries; without any, none."""
        key = ec.generate_private_key(curve or ec.SECP256R1())
        builder = (
            _builder("Carrier SHAKEN 709J", self.name, key.public_key(), days=days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(_identifier(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if entries:
            extension = x509.UnrecognizedExtension(TN_AUTH_LIST, der(0x30, *entries))
            builder = builder.add_extension(extension, critical=False)
        return ShakenProvider(key=key, certificate=builder.sign(self.key, hashes.SHA256()))


@dataclass(kw_only=True)
class ShakenProvider:
    """Signs calls."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    clock: Callable[[], float] = time.time

    def identity(
        self,
        *,
        orig: str,
        dest: str,
        attest: str = "A",
        age: float = 0,
        x5u: str = X5U,
        info: str | None = None,
        header: dict[str, Any] | None = None,
        claims: dict[str, Any] | None = None,
    ) -> str:
        """Return the value of an Identity header; *header* and *claims* replace parts of it."""
        payload = {
            "attest": attest,
            "dest": {"tn": [dest]},
            "iat": int(self.clock() - age),
            "orig": {"tn": orig},
            "origid": "8b1c7f60-5f0e-4e0d-9c35-0a7a3d4f9e11",
        } | (claims or {})
        headers = {"typ": "passport", "ppt": "shaken", "x5u": x5u} | (header or {})
        token = jwt.api_jws.encode(
            json.dumps(payload).encode(), self.key, algorithm="ES256", headers=headers
        )
        return f"{token};info=<{info or x5u}>;alg=ES256;ppt=shaken"


def write_trust_list(
    folder: Path, anchors: Sequence[ShakenAuthority], providers: dict[str, ShakenProvider]
) -> Path:
    """Write a trust list and its certificates; return its path."""
    for number, anchor in enumerate(anchors):
        (folder / f"anchor{number}.pem").write_bytes(_pem(anchor.certificate))
    lines = [f"anchors = {json.dumps([f'anchor{number}.pem' for number in range(len(anchors))])}"]
    lines.append("[certificates]")
    for number, (url, provider) in enumerate(providers.items()):
        (folder / f"provider{number}.pem").write_bytes(_pem(provider.certificate))
        lines.append(f'"{url}" = "provider{number}.pem"')
    file = folder / "trust.toml"
    file.write_text("\n".join([*lines, ""]))
    return file


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: str, issuer: str, key: ec.EllipticCurvePublicKey, *, days: float
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
    )


def _identifier(key: ec.EllipticCurvePrivateKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
