"""Makes keys, tokens and certificates to try real identities with, or to begin with.

Ed25519 for tokens; P-256 for certificates, because gRPC's TLS takes no Ed25519 there. Private keys
are written for their owner's eyes only, and never over ones that are there.
"""

import base64
import hashlib
import ipaddress
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fanzha.errors import InvalidConfiguration
from infra import atomic_file

_BACKDATED = timedelta(minutes=5)
"""Clocks differ."""


@dataclass(frozen=True, slots=True)
class CertificateAndKey:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def write(self, certificate: Path, key: Path) -> None:
        """Write both as PEM files."""
        write_private(key, _private_pem(self.key))
        atomic_file.write(certificate, self.certificate.public_bytes(Encoding.PEM))

    @classmethod
    def read(cls, certificate: Path, key: Path) -> "CertificateAndKey":
        """Read what `write` wrote."""
        private = load_pem_private_key(key.read_bytes(), None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise InvalidConfiguration("{key}: is no elliptic curve key", key=key)
        return cls(x509.load_pem_x509_certificate(certificate.read_bytes()), private)


def authority(name: str, *, now: datetime, days: int) -> CertificateAndKey:
    """Make an authority that signs certificates, and no authorities."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(name)
    builder = _builder(subject, subject, key, now, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return CertificateAndKey(builder.sign(key, hashes.SHA256()), key)


def server(
    by: CertificateAndKey, hosts: Sequence[str], *, now: datetime, days: int
) -> CertificateAndKey:
    """Make a server's certificate for names and addresses."""
    return _leaf(by, hosts, ExtendedKeyUsageOID.SERVER_AUTH, now, days)


def client(by: CertificateAndKey, host: str, *, now: datetime, days: int) -> CertificateAndKey:
    """Make a client's certificate: it shows ``dns:`` and *host*."""
    return _leaf(by, [host], ExtendedKeyUsageOID.CLIENT_AUTH, now, days)


def token_key() -> Ed25519PrivateKey:
    """Make a key to sign tokens with."""
    return Ed25519PrivateKey.generate()


def write_token_key(path: Path, key: Ed25519PrivateKey) -> None:
    """Write it as a PEM file."""
    write_private(path, _private_pem(key))


def read_token_key(path: Path) -> Ed25519PrivateKey:
    """Read it; raise `ValueError` when it is no Ed25519 key."""
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidConfiguration("{path}: is no Ed25519 key", path=path)
    return key


def public_jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """Return the public key as a server's JWKS file has it; its id is its thumbprint (RFC 7638)."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    return jwk | {
        "kid": _base64url(hashlib.sha256(canonical).digest()),
        "alg": "EdDSA",
        "use": "sig",
    }


def token(key: Ed25519PrivateKey, claims: dict[str, Any], *, now: datetime, days: float) -> str:
    """Sign *claims*, with a time, an id and an end *days* from *now*."""
    payload = claims | {
        "iat": now,
        "nbf": now - _BACKDATED,
        "exp": now + timedelta(days=days),
        "jti": secrets.token_hex(8),
    }
    return jwt.encode(payload, key, algorithm="EdDSA", headers={"kid": public_jwk(key)["kid"]})


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read; raise `FileExistsError` when it is there."""
    with atomic_file.create(path, fresh=False) as file:
        file.write(content)


def _leaf(
    by: CertificateAndKey,
    hosts: Sequence[str],
    purpose: x509.ObjectIdentifier,
    now: datetime,
    days: int,
) -> CertificateAndKey:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_named(hosts[0]), by.certificate.subject, key, now, days)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
    for extension, critical in (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([purpose]), False),
        (x509.SubjectAlternativeName([_general(host) for host in hosts]), False),
        (issuer, False),
    ):
        builder = builder.add_extension(extension, critical=critical)
    return CertificateAndKey(builder.sign(by.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


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


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _private_pem(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
