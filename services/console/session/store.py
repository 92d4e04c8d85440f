"""Sessions in Redis: any console process serves any session, and a restart ends none.

The cookie has 256 random bits. Redis has their SHA-256 as the key, and the session encrypted by a
key that is derived from them: who reads Redis can neither take over a session nor read its token.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fanzha.errors import InvalidInput
from infra.redis.client import Client, within
from services.console.session.model import DATA_BYTES, ConsoleSession

_KEY = "console:session:"
_OF = "console:sessions-of:"
_SECONDS = 5.0
_ID_BYTES = 32
_NONCE_BYTES = 12


class SessionStore:
    """The sessions of all console processes of one store. `Unavailable` while the store is down."""

    def __init__(
        self, client: Client, *, idle_seconds: int, most_seconds: int, now_s: Callable[[], float]
    ) -> None:
        """*client* gives bytes."""
        self._client = client
        self._idle_seconds = idle_seconds
        self._most_seconds = most_seconds
        self._now_s = now_s

    def until(self, credential_ends_s: float) -> float:
        """Return when a session that begins now must end; 0: its credential has no end."""
        most = self._now_s() + self._most_seconds
        return min(most, credential_ends_s) if credential_ends_s else most

    async def create(self, session: ConsoleSession) -> str:
        """Keep a new session and return its id, which nobody knew before."""
        session_id = secrets.token_urlsafe(_ID_BYTES)
        of = _of(session.name)
        async with within(_SECONDS):
            await self._client.sadd(of, _key(session_id))
            await self._client.expire(of, self._most_seconds)
        await self._set(session_id, session, new=True)
        return session_id

    async def save(self, session_id: str, session: ConsoleSession) -> None:
        """Keep what changed of a session; one that was ended meanwhile stays so."""
        await self._set(session_id, session, new=False)

    async def _set(self, session_id: str, session: ConsoleSession, *, new: bool) -> None:
        left = self._left(session)
        if left <= 0:
            await self.delete(session_id)
            return
        async with within(_SECONDS):
            await self._client.set(
                _key(session_id), _sealed(session_id, session), ex=left, xx=not new
            )

    async def load(self, session_id: str) -> ConsoleSession | None:
        """Return a session that has not ended, and count this as use of it."""
        if not 0 < len(session_id) <= 2 * _ID_BYTES:
            return None
        key = _key(session_id)
        async with within(_SECONDS):
            found: Any = await self._client.get(key)
        session = _opened(session_id, found) if found else None
        if session is None:
            return None
        left = self._left(session)
        if left <= 0:
            await self.delete(session_id)
            return None
        async with within(_SECONDS):
            # It may have been deleted meanwhile: expire never makes one again.
            await self._client.expire(key, left)
        return session

    async def delete(self, session_id: str) -> None:
        """End a session."""
        async with within(_SECONDS):
            await self._client.delete(_key(session_id))

    async def delete_all(self, name: str) -> int:
        """End all sessions of a person; return how many there were."""
        async with within(_SECONDS):
            keys: Any = await self._client.smembers(_of(name))
            ended = 0
            for key in keys:
                ended += int(await self._client.delete(key))
            await self._client.delete(_of(name))
        return ended

    def _left(self, session: ConsoleSession) -> int:
        return int(min(self._idle_seconds, session.ends_at_s - self._now_s()))


def _key(session_id: str) -> str:
    return _KEY + sha256(session_id.encode()).hexdigest()


def _of(name: str) -> str:
    return _OF + sha256(name.encode()).hexdigest()


def _cipher(session_id: str) -> AESGCM:
    return AESGCM(sha256(b"fanzha console session" + session_id.encode()).digest())


def _sealed(session_id: str, session: ConsoleSession) -> bytes:
    values = asdict(session) | {"methods": sorted(session.methods)}
    written = json.dumps(values).encode()
    if len(written) > DATA_BYTES + 16 * 1024:
        raise InvalidInput("session: holds too much; sign out and in again")
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(session_id).encrypt(nonce, written, None)


def _opened(session_id: str, sealed: bytes) -> ConsoleSession | None:
    nonce, written = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        values = json.loads(_cipher(session_id).decrypt(nonce, written, None))
        values["methods"] = frozenset(values["methods"])
        values["roles"], values["regions"] = tuple(values["roles"]), tuple(values["regions"])
        return ConsoleSession(**values)
    except (InvalidTag, ValueError, KeyError, TypeError):
        return None  # of another version, or damaged: sign in again
