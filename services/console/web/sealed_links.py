"""Addresses that name a number, sender or link without showing it: sealed with a key of the store.

The same words always give the same address, so that a page can be shared and bookmarked; who sees
the address, in a history or a log of a proxy, learns nothing but that it is the same page.
"""

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from fanzha.errors import NotFound

LINK_KEY = "console:link-key"
_MOST_CHARACTERS = 24_000


class SealedLinks:
    """Seals words into a part of a path, and opens it."""

    def __init__(self, key: Callable[[], Awaitable[bytes]]) -> None:
        """*key* gives 32 secret bytes, the same in all processes."""
        self._key = key

    async def sealer(self) -> Callable[[Sequence[str]], str]:
        """Return what seals, for pages with many links."""
        cipher = AESSIV(await self._key())

        def seal(words: Sequence[str]) -> str:
            sealed = cipher.encrypt(json.dumps(list(words), ensure_ascii=False).encode(), None)
            return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

        return seal

    async def seal(self, words: Sequence[str]) -> str:
        """Return the part of a path that stands for *words*."""
        return (await self.sealer())(words)

    async def open(self, sealed: str) -> list[str]:
        """Return the words; `NotFound` for what was not sealed here."""
        if len(sealed) > _MOST_CHARACTERS:
            raise NotFound("there is no such page")
        try:
            data = base64.b64decode(
                sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True
            )
            words: list[str] = json.loads(AESSIV(await self._key()).decrypt(data, None))
        except (InvalidTag, ValueError, binascii.Error):
            raise NotFound("there is no such page") from None
        return words
