"""Believes signed tokens (JWT, RFC 7519), or says why not.

A carrier sends the same token thousands of times a second, so one that was verified is remembered
until it expires, or until the keys or the revoked tokens change. One thread only.
"""

from collections.abc import Callable
from time import time
from typing import Any

import jwt
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidSignatureError,
    InvalidTokenError,
    MissingRequiredClaimError,
)

from fanzha.errors import Unauthenticated
from services.auth import claims
from services.auth.identity import Credential, Identity
from services.auth.jwks import KeySet

LEEWAY_SECONDS = 10
"""Clocks of issuer and server may differ so much."""
LONGEST_TOKEN = 8192
"""Characters."""
MOST_REMEMBERED = 10_000
LAST_SECOND = 253_402_300_799
"""The end of the year 9999: no later `exp` is a time."""
_REQUIRED = ["exp", "iss", "aud", "sub"]
_WHY: tuple[tuple[type[InvalidTokenError], str], ...] = (
    (ExpiredSignatureError, "expired; get a new one"),
    (ImmatureSignatureError, "not valid yet; compare the clocks of issuer and server"),
    (InvalidIssuerError, "not from token_issuer"),
    (InvalidAudienceError, "not for token_audience"),
    (InvalidSignatureError, "its signature is wrong"),
)
_UNREADABLE = (ValueError, TypeError, OverflowError, RecursionError)
"""What PyJWT and the JSON parser let through for claims of wrong types and for deep nesting."""


class TokenVerifier:
    """Verifies tokens of one issuer.

    *keys* and *revoked* (ids of tokens, their claim ``jti``) give the same object until they
    change.
    """

    def __init__(
        self,
        *,
        keys: Callable[[], KeySet],
        revoked: Callable[[], frozenset[str]],
        issuer: str,
        audience: str,
        now_s: Callable[[], float] = time,
    ) -> None:
        self._keys = keys
        self._revoked = revoked
        self._issuer = issuer
        self._audience = audience
        self._now_s = now_s
        self._known: dict[str, Identity] = {}
        self._known_by: tuple[KeySet, frozenset[str]] = (keys(), revoked())

    def identity(self, token: str) -> Identity:
        """Return who *token* speaks for; raise `Unauthenticated` with the reason."""
        keys, revoked = self._keys(), self._revoked()
        if keys is not self._known_by[0] or revoked is not self._known_by[1]:
            self._known.clear()
            self._known_by = (keys, revoked)
        known = self._known.get(token)
        if known is not None and self._now_s() < known.expires_s:
            return known
        self._known.pop(token, None)
        found = self._verified(token, keys, revoked)
        while len(self._known) >= MOST_REMEMBERED:
            del self._known[next(iter(self._known))]  # the oldest
        self._known[token] = found
        return found

    def _verified(self, token: str, keys: KeySet, revoked: frozenset[str]) -> Identity:
        if len(token) > LONGEST_TOKEN:
            raise Unauthenticated(f"token: longer than {LONGEST_TOKEN} characters")
        try:
            said = self._decoded(token, keys)
        except InvalidTokenError as error:
            raise Unauthenticated(f"token: {_why(error)}") from error
        except _UNREADABLE as error:
            raise Unauthenticated("token: cannot be read") from error
        if _revocable(said) in revoked:
            raise Unauthenticated("token: revoked")
        try:
            return Identity(
                name=claims.name(said["sub"]),
                roles=claims.roles(said.get("roles"), strict=False),
                regions=claims.regions(said.get("regions")),
                sources=claims.sources(said.get("sources")),
                credential=Credential.TOKEN,
                expires_s=_expiry(said["exp"]) + LEEWAY_SECONDS,
            )
        except ValueError as error:
            raise Unauthenticated(f"token: {error}") from error

    def _decoded(self, token: str, keys: KeySet) -> dict[str, Any]:
        kid = jwt.get_unverified_header(token).get("kid")
        key = keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            said = "its header names no key" if kid is None else "its key is not in jwks_file"
            raise Unauthenticated(f"token: {said}")
        # The key says which algorithm it is for; "none" and shared secrets are no key's.
        decoded: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=self._issuer,
            audience=self._audience,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
        return decoded


def _revocable(said: dict[str, Any]) -> str:
    token_id = said.get("jti")
    return token_id if isinstance(token_id, str) else ""


def _expiry(said: Any) -> float:
    # A bool is an int, and a text such as "1e9" would pass for a number.
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 < said <= LAST_SECOND:
        raise ValueError("exp: not a time")
    return float(said)


def _why(error: InvalidTokenError) -> str:
    for kind, why in _WHY:
        if isinstance(error, kind):
            return why
    if isinstance(error, MissingRequiredClaimError):
        return f"its claim {error.claim} is missing"
    return "cannot be read"
