"""Keyed hashes of handsets: the log keeps these, never what a switch sent.

An IMEI without its last digit is one of 10**14, of which the first eight digits name one of some
hundred thousand models: without a key, each hash is led back to its handset in minutes. With the
key of the installation it is a pseudonym: the same handset has the same hash until the key is
replaced. BLAKE2b with a key (RFC 7693), 64 bits: among 10**8 handsets, 0.0003 pairs are
expected to share one; of 32 bits it would be a million.
"""

import secrets
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from fanzha.errors import InvalidConfiguration
from fanzha.tables import Uint64s
from infra import atomic_file

KEY_BYTES = 32
_HASH_BYTES = 8
_UNKNOWN = bytes(_HASH_BYTES)
_OTHERS = 0o077
_IMEI_DIGITS = 14
"""Model (TAC) and serial number; a check digit or a software version of two follows."""
_MOST_IMEI_DIGITS = 16
_LEAST_CHARACTERS = 8
"""Of what is no IMEI: fewer tell no handset apart, and many say that nothing is known."""


class HandsetHash:
    """Hashes with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @property
    def key_id(self) -> str:
        """Eight hexadecimal digits that tell keys apart, for logs."""
        return blake2b(b"key id", digest_size=4, key=self._key).hexdigest()

    def of(self, texts: Sequence[str]) -> Uint64s:
        """Return the hash of each handset, shape (texts,); 0 for what identifies none."""
        key = self._key
        hashes = [
            blake2b(known, digest_size=_HASH_BYTES, key=key).digest() if known else _UNKNOWN
            for known in map(_identity, texts)
        ]
        # The first digit first: written in hexadecimal, a number is what other programs print.
        return np.frombuffer(b"".join(hashes), ">u8").astype(np.uint64)


def open_hash(path: Path, *, create: bool) -> HandsetHash:
    """Read the key in *path*, 64 hexadecimal digits; *create*: make it where there is none.

    Raises `InvalidConfiguration` for a key that is no such one, or that other users may read.
    """
    try:
        if create and not path.exists():
            atomic_file.make_folder(path.parent)
            atomic_file.write(path, secrets.token_hex(KEY_BYTES) + "\n")
        is_open = path.stat().st_mode & _OTHERS
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidConfiguration("{path}: {error}", path=path, error=reason) from error
    except ValueError as error:
        raise _no_key(path) from error
    if len(key) != KEY_BYTES:
        raise _no_key(path)
    if is_open:
        raise InvalidConfiguration("{path}: others may read this key; chmod 600 it", path=path)
    return HandsetHash(key)


def _no_key(path: Path) -> InvalidConfiguration:
    return InvalidConfiguration(
        "{file}: {digits} hexadecimal digits expected", file=path, digits=2 * KEY_BYTES
    )


def _identity(text: str) -> bytes:
    """Return what identifies a handset; empty for what many handsets have in common.

    Switches send placeholders of one repeated digit. Fewer digits than an IMEI has name a model, or
    ten handsets; the digits beyond change with the software.
    """
    known = text.strip()
    if known.isascii() and known.isdigit() and len(known) <= _MOST_IMEI_DIGITS:
        known = known[:_IMEI_DIGITS] if len(known) >= _IMEI_DIGITS else ""
    if len(known) < _LEAST_CHARACTERS or len(set(known)) == 1:
        return b""
    return known.encode(errors="replace")
