"""Verifies signed tokens (JWT, RFC 7519).

A carrier sends the same token thousands of times a second, so verified tokens are cached until
they expire, or until the keys or the revoked tokens change. Not thread-safe.
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
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from services.auth import claims
from services.auth.identity import Credential, Identity
from services.auth.jwks import KeySet

LEEWAY_SECONDS = 10
"""Tolerated clock difference between issuer and server."""
MAX_TOKEN_CHARACTERS = 8192
MAX_CACHED = 10_000
MAX_EXPIRY_S = 253_402_300_799
"""The end of the year 9999, the latest accepted `exp`."""
_REQUIRED = ["exp", "iss", "aud", "sub"]
_MESSAGES: tuple[tuple[type[InvalidTokenError], str], ...] = (
    (ExpiredSignatureError, gettext_noop("expired; get a new one")),
    (
        ImmatureSignatureError,
        gettext_noop("not valid yet; compare the clocks of issuer and server"),
    ),
    (InvalidIssuerError, gettext_noop("not from token_issuer")),
    (InvalidAudienceError, gettext_noop("not for token_audience")),
    (InvalidSignatureError, gettext_noop("invalid signature")),
)
_PARSE_ERRORS = (ValueError, TypeError, OverflowError, RecursionError)
"""Raised by PyJWT and the JSON parser for claims of wrong types and for deep nesting."""


class TokenVerifier:
    """Verifies tokens of one issuer.

    *keys* and *revoked* (token ids, claim ``jti``) return the same object until they
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
        self._cache: dict[str, Identity] = {}
        self._cached_for: tuple[KeySet, frozenset[str]] = (keys(), revoked())

    def identity(self, token: str) -> Identity:
        """Return the identity in *token*; raise `Unauthenticated` with the reason."""
        keys, revoked = self._keys(), self._revoked()
        if keys is not self._cached_for[0] or revoked is not self._cached_for[1]:
            self._cache.clear()
            self._cached_for = (keys, revoked)
        cached = self._cache.get(token)
        if cached is not None and self._now_s() < cached.expires_s:
            return cached
        self._cache.pop(token, None)
        found = self._verified(token, keys, revoked)
        while len(self._cache) >= MAX_CACHED:
            del self._cache[next(iter(self._cache))]  # the oldest
        self._cache[token] = found
        return found

    def _verified(self, token: str, keys: KeySet, revoked: frozenset[str]) -> Identity:
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise Unauthenticated(
                "token: longer than {max_token_characters} characters",
                max_token_characters=MAX_TOKEN_CHARACTERS,
            )
        try:
            payload = self._decoded(token, keys)
        except InvalidTokenError as error:
            raise Unauthenticated("token: {error}", error=_message(error)) from error
        except _PARSE_ERRORS as error:
            raise Unauthenticated("token: cannot be read") from error
        if _token_id(payload) in revoked:
            raise Unauthenticated("token: revoked")
        try:
            return Identity(
                name=claims.name(payload["sub"]),
                roles=claims.roles(payload.get("roles"), strict=False),
                regions=claims.regions(payload.get("regions")),
                sources=claims.sources(payload.get("sources")),
                carrier=claims.carrier(payload.get("carrier")),
                credential=Credential.TOKEN,
                expires_s=_expiry(payload["exp"]) + LEEWAY_SECONDS,
            )
        except ValueError as error:
            raise Unauthenticated("token: {error}", error=error) from error

    def _decoded(self, token: str, keys: KeySet) -> dict[str, Any]:
        kid = jwt.get_unverified_header(token).get("kid")
        key = keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            has_none = Message("its header has no kid")
            problem = has_none if kid is None else Message("its kid is not in jwks_file")
            raise Unauthenticated("token: {problem}", problem=problem)
        # The algorithm is the key's, so "none" and shared secrets are never accepted.
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


def _token_id(payload: dict[str, Any]) -> str:
    token_id = payload.get("jti")
    return token_id if isinstance(token_id, str) else ""


def _expiry(value: Any) -> float:
    # `bool` is an `int`, and `float` would accept a string such as "1e9".
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= MAX_EXPIRY_S:
        raise ValueError("exp: not a time")
    return float(value)


def _message(error: InvalidTokenError) -> str:
    for kind, why in _MESSAGES:
        if isinstance(error, kind):
            return Message(why)
    if isinstance(error, MissingRequiredClaimError):
        return Message("its claim {claim} is missing", claim=error.claim)
    return Message("cannot be read")
