"""The keys that checkpoints are signed with: Ed25519, one private file, its public key beside it.

``key`` is a private key in PEM (PKCS #8), readable by its owner only, made at the first start.
``key.pub`` holds its public key in PEM; when the private key is exchanged, the new public key is
added below the old ones, so that old checkpoints can still be checked.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from infra import atomic_file

KEY_FILE = "key"
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
_OTHERS = 0o077


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """Signs for one key id."""

    key_id: str
    public_pem: str
    private: Ed25519PrivateKey

    def sign(self, told: bytes) -> str:
        """Return the signature of *told* in base64."""
        return base64.b64encode(self.private.sign(told)).decode()


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """Keys that signatures are checked with, by key id."""

    by_id: Mapping[str, Ed25519PublicKey]

    def signed(self, key_id: str, told: bytes, signature: str) -> bool:
        """Tell whether *signature* is of *told* by the key; False when the key is unknown."""
        try:
            written = base64.b64decode(signature, validate=True)
        except ValueError:
            return False
        canonical = base64.b64encode(written).decode() == signature
        return canonical and self.signed_bytes(key_id, told, written)

    def signed_bytes(self, key_id: str, told: bytes, signature: bytes) -> bool:
        """Tell the same of a signature that is not in base64."""
        key = self.by_id.get(key_id)
        if key is None:
            return False
        try:
            key.verify(signature, told)
        except InvalidSignature:
            return False
        return True


def public_path(private: Path) -> Path:
    """Return where the public key of a private one lies."""
    return private.with_name(f"{private.name}.pub")


def open_key(path: Path) -> SigningKey:
    """Read the private key, or make it; raise ValueError when it cannot be used."""
    if not path.exists():
        _make(path)
    if path.stat().st_mode & _OTHERS:
        raise ValueError(f"{path}: others may read this key; chmod 600 it")
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: no private key in PEM: {error}") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise _other_kind(str(path), private)
    pem = _public_pem(private.public_key())
    _publish(public_path(path), pem)
    return SigningKey(key_id=key_id(private.public_key()), public_pem=pem, private=private)


def read_public(text: str, origin: str) -> PublicKeys:
    """Read all public keys in *text*; raise ValueError when there is none."""
    found = {}
    for pem in _PEM.findall(text):
        try:
            key = serialization.load_pem_public_key(pem.encode())
        except ValueError as error:
            raise ValueError(f"{origin}: not a public key in PEM: {error}") from error
        if not isinstance(key, Ed25519PublicKey):
            raise _other_kind(origin, key)
        found[key_id(key)] = key
    if not found:
        raise ValueError(f"{origin}: holds no public key in PEM")
    return PublicKeys(found)


def key_id(public: Ed25519PublicKey) -> str:
    """Name a key: the first 16 hexadecimal digits of the SHA-256 of its 32 bytes."""
    return sha256(public.public_bytes_raw()).hexdigest()[:16]


def _other_kind(origin: str, key: object) -> ValueError:
    return ValueError(f"{origin}: an Ed25519 key is wanted, not {type(key).__name__}")


def _make(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    atomic_file.make_folder(path.parent)
    # Whole or not at all: half a key would keep the next start from making one.
    atomic_file.write(path, pem)


def _publish(path: Path, pem: str) -> None:
    known = path.read_text() if path.exists() else ""
    if pem not in known:
        atomic_file.write(path, known + pem)


def _public_pem(public: Ed25519PublicKey) -> str:
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
