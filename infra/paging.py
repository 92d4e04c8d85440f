"""Page tokens: where a list continues, signed together with the query it belongs to.

A token is ``<position>.<signature>``, both base64url. The position is what the list itself needs to
continue, such as a row or an id; a client can read it and cannot make one. The signature is
HMAC-SHA256 over the query and the position, cut to 128 bits. So a token works for its query only,
in every process that has the same key, see `infra.redis.shared_key`.
"""

import base64
import binascii
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
        place = position.encode()
        return f"{_encode(place)}.{_encode(self._signature(place, query))}"

    def open(self, token: str, query: bytes) -> str:
        """Return the position in a token, empty for an empty one.

        `InvalidInput` unless `seal` made it for the same *query* under the same key.
        """
        if not token:
            return ""
        place, signature = _decode(token)
        if not hmac.compare_digest(signature, self._signature(place, query)):
            raise InvalidInput(
                "page_token: not given out for this query; repeat the query that gave it, or start "
                "without a token"
            )
        return place.decode()

    def _signature(self, place: bytes, query: bytes) -> bytes:
        # The length keeps a query and a position from running into each other.
        signed = len(query).to_bytes(8, "big") + query + place
        return hmac.digest(self._key, signed, sha256)[:_SIGNATURE_BYTES]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(token: str) -> tuple[bytes, bytes]:
    parts = token.split(".")
    if len(token) <= MAX_TOKEN_CHARACTERS and len(parts) == 2:  # noqa: PLR2004 - see the module
        try:
            place, signature = (
                base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
                for part in parts
            )
        except (binascii.Error, ValueError):
            pass
        else:
            return place, signature
    raise InvalidInput("page_token: not a token of this service")
