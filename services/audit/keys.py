"""The Ed25519 keys that sign and verify checkpoints.

``key`` is the private key in PEM (PKCS #8), readable by its owner only, created at the first
start. ``key.pub`` holds its public key in PEM; after a key rotation the new public key is appended,
so old checkpoints can still be verified.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from fanzha.errors import InvalidConfiguration
from infra import atomic_file

KEY_FILE = "key"
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
_OTHERS = 0o077


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """Signs for one key id."""

    key_id: str
    public_pem: str
    public_file: Path
    """Where the public key is published, after those of former keys."""
    private: Ed25519PrivateKey

    def sign(self, message: bytes) -> str:
        """Return the signature of *message* in base64."""
        return base64.b64encode(self.private.sign(message)).decode()


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """Public keys by key id."""

    by_id: Mapping[str, Ed25519PublicKey]

    def signed(self, key_id: str, message: bytes, signature: str) -> bool:
        """Return whether the base64 *signature* of *message* is valid; False for an unknown key."""
        try:
            written = base64.b64decode(signature, validate=True)
        except ValueError:
            return False
        canonical = base64.b64encode(written).decode() == signature
        return canonical and self.signed_bytes(key_id, message, written)

    def signed_bytes(self, key_id: str, message: bytes, signature: bytes) -> bool:
        """Like `signed`, for a binary signature."""
        key = self.by_id.get(key_id)
        if key is None:
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def public_path(private: Path) -> Path:
    """Return the path of the public key beside a private one."""
    return private.with_name(f"{private.name}.pub")


def open_key(path: Path) -> SigningKey:
    """Read or create the private key; raise `ValueError` when it is unusable."""
    if not path.exists():
        _create(path)
    if path.stat().st_mode & _OTHERS:
        raise InvalidConfiguration("{path}: others may read this key; chmod 600 it", path=path)
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidConfiguration(
            "{path}: no private key in PEM: {error}", path=path, error=error
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise _other_kind(str(path), private)
    pem, public_file = _public_pem(private.public_key()), public_path(path)
    _publish(public_file, pem)
    return SigningKey(
        key_id=key_id(private.public_key()),
        public_pem=pem,
        public_file=public_file,
        private=private,
    )


def read_public(text: str, origin: str) -> PublicKeys:
    """Read all public keys in *text*; raise ValueError when there is none."""
    found = {}
    for pem in _PEM.findall(text):
        try:
            key = serialization.load_pem_public_key(pem.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise InvalidConfiguration(
                "{origin}: not a public key in PEM: {error}", origin=origin, error=error
            ) from error
        if not isinstance(key, Ed25519PublicKey):
            raise _other_kind(origin, key)
        found[key_id(key)] = key
    if not found:
        raise InvalidConfiguration("{origin}: holds no public key in PEM", origin=origin)
    return PublicKeys(found)


def key_id(public: Ed25519PublicKey) -> str:
    """Return the id of a key: the first 16 hexadecimal digits of the SHA-256 of its 32 bytes."""
    return sha256(public.public_bytes_raw()).hexdigest()[:16]


def _other_kind(origin: str, key: object) -> ValueError:
    return ValueError(f"{origin}: must be an Ed25519 key, not {type(key).__name__}")


def _create(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    atomic_file.make_folder(path.parent)
    # Atomic: a partial key would fail every later start.
    atomic_file.write(path, pem)


def _publish(path: Path, pem: str) -> None:
    known = path.read_text() if path.exists() else ""
    if pem not in known:
        atomic_file.write(path, known + pem)


def _public_pem(public: Ed25519PublicKey) -> str:
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
