"""Page tokens: where a list continues, signed together with the query it belongs to.

A token is ``<position>.<signature>``, both base64url. The position is what the list itself needs to
continue, such as a row or an id; a client can read it and cannot make one. The signature is
HMAC-SHA256 over the query and the position, cut to 128 bits. So a token works for its query only,
in every process that has the same key, see `infra.redis.shared_key`.
"""

import base64
import binascii
import contextlib
import hmac
import re
from hashlib import sha256

from fanzha.errors import InvalidInput

MIN_KEY_BYTES = 16
MAX_TOKEN_CHARACTERS = 2000
_SIGNATURE_BYTES = 16
_NUMBER = re.compile(r"[0-9]{1,18}")


def number_of(position: str) -> int:
    """Return the position of a list that continues at a number; 0 for an empty one."""
    if not position:
        return 0
    if not _NUMBER.fullmatch(position):
        raise InvalidInput("page_token: not one that was given out")
    return int(position)


def position_at(number: int) -> str:
    """Return the position that `number_of` reads; empty for 0, the end of a list."""
    return str(number) if number else ""


class PageTokens:
    """Seals positions into tokens and opens tokens; *key* is a secret of at least 16 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(f"key: {len(key)} bytes, fewer than {MIN_KEY_BYTES}")
        self._key = key

    def seal(self, position: str, query: bytes) -> str:
        """Return the token that continues *query* at *position*; empty for an empty position."""
        if not position:
            return ""
        return self._token(position.encode(), query)

    def open(self, token: str, query: bytes) -> str:
        """Return the position in a token, empty for an empty one.

        `InvalidInput` unless `seal` made it for the same *query* under the same key.
        """
        if not token:
            return ""
        place = _position(token)
        # Compared as texts: base64 would also take a last character with other unused bits.
        if not hmac.compare_digest(token, self._token(place, query)):
            raise InvalidInput(
                "page_token: not given out for this query; repeat the query that gave it, or start "
                "without a token"
            )
        return place.decode()

    def _token(self, place: bytes, query: bytes) -> str:
        # The length keeps a query and a position from running into each other.
        signed = len(query).to_bytes(8, "big") + query + place
        signature = hmac.digest(self._key, signed, sha256)[:_SIGNATURE_BYTES]
        return f"{_encode(place)}.{_encode(signature)}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _position(token: str) -> bytes:
    parts = token.split(".")
    well_formed = token.isascii() and len(token) <= MAX_TOKEN_CHARACTERS
    if well_formed and len(parts) == 2:  # noqa: PLR2004 - see the module
        padded = parts[0] + "=" * (-len(parts[0]) % 4)
        with contextlib.suppress(binascii.Error, ValueError):
            return base64.b64decode(padded, altchars=b"-_", validate=True)
    raise InvalidInput("page_token: not a token of this service")
