"""Signatures of messages (TSIG, RFC 8945), with HMAC-SHA256."""

import base64
import binascii
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import dns.exception
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.tsig
from dns.rdtypes.ANY.TSIG import TSIG

from infra.clock import now_ms
from integrations.dns.codec import error

FUDGE_SECONDS = 300
NOT_AUTHENTIC = 9
"""NOTAUTH, the code of an answer to a message whose signature does not hold."""
BAD_SIGNATURE, BAD_KEY, BAD_TIME = 16, 17, 18
_TYPE, _ANY = 250, 255
_ADDITIONAL = struct.Struct(">H")
_ADDITIONAL_AT = 10
_LEAST_SECRET_BYTES = 16

# dnspython has no types for these two.
_TSIG: Any = TSIG
_sign: Any = dns.tsig.sign

Keys = Mapping[dns.name.Name, dns.tsig.Key]


class BadKeys(ValueError):
    """A file of keys that cannot be used."""


def read_keys(path: Path | None) -> dict[dns.name.Name, dns.tsig.Key]:
    """Read keys, a line each: a name, and a secret in Base64; raise `BadKeys` or OSError."""
    keys: dict[dns.name.Name, dns.tsig.Key] = {}
    if path is None:
        return keys
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            text, secret = line.split()
            name, raw = dns.name.from_text(text), base64.b64decode(secret, validate=True)
        except (ValueError, binascii.Error, dns.exception.DNSException) as fault:
            raise BadKeys(f"{path}:{number}: not a name and a secret in Base64") from fault
        if len(raw) < _LEAST_SECRET_BYTES:
            raise BadKeys(f"{path}:{number}: a secret has {_LEAST_SECRET_BYTES} bytes or more")
        keys[name] = dns.tsig.Key(name, raw, dns.tsig.HMAC_SHA256)
    return keys


def _now_s() -> float:
    return now_ms() / 1000


class Signer:
    """Signs the messages that answer one signed request, one after the other."""

    def __init__(
        self,
        key: dns.tsig.Key,
        query_id: int,
        request_mac: bytes,
        now_s: Callable[[], float] = _now_s,
    ) -> None:
        self._now_s = now_s
        self._key = key
        self._query_id = query_id
        self._request_mac = request_mac
        self._context: Any = None

    def sign(self, wire: bytes) -> bytes:
        """Return a message with its signature."""
        blank = _data(self._key.algorithm, self._query_id)
        data, self._context = _sign(
            wire,
            self._key,
            blank,
            int(self._now_s()),
            self._request_mac,
            self._context,
            multi=True,
        )
        return _with(wire, self._key.name, data)


def refusal(wire: bytes, name: dns.name.Name, asked: Any, why: int, key: Any) -> bytes:
    """Answer a message whose signature does not hold: NOTAUTH, and *why* (RFC 8945, 5.2).

    *asked* is the signature of the request. Only an answer about the time is signed.
    """
    answer = error(wire, NOT_AUTHENTIC)
    query_id = struct.unpack_from(">H", wire)[0]
    if why == BAD_TIME and key is not None:
        now = int(_now_s()).to_bytes(6, "big")
        blank = _data(asked.algorithm, query_id, code=why, other=now)
        data, _ = _sign(answer, key, blank, asked.time_signed, asked.mac)
        return _with(answer, name, data)
    data = _data(asked.algorithm, query_id, at=asked.time_signed, code=why)
    return _with(answer, name, data)


def _data(
    algorithm: dns.name.Name, query_id: int, *, at: int = 0, code: int = 0, other: bytes = b""
) -> Any:
    """Return a signature without its bytes."""
    kind = (dns.rdataclass.ANY, dns.rdatatype.TSIG)
    return _TSIG(*kind, algorithm, at, FUDGE_SECONDS, b"", query_id, code, other)


def _with(wire: bytes, name: dns.name.Name, data: TSIG) -> bytes:
    content = data.to_wire() or b""
    record = (name.to_wire() or b"") + struct.pack(">HHIH", _TYPE, _ANY, 0, len(content)) + content
    count = _ADDITIONAL.unpack_from(wire, _ADDITIONAL_AT)[0] + 1
    return wire[:_ADDITIONAL_AT] + _ADDITIONAL.pack(count) + wire[_ADDITIONAL_AT + 2 :] + record
