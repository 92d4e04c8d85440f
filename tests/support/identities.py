"""Issues tokens and certificates for tests; serves stubs behind authentication."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fanzha.errors import InvalidInput
from services.auth import issuer
from services.settings.settings import Settings

ISSUER = "https://login.bureau.example"
AUDIENCE = "fanzha"


def now() -> datetime:
    return datetime.now(UTC)


def encoded(part: bytes) -> bytes:
    """Return a part of a token."""
    return base64.urlsafe_b64encode(part).rstrip(b"=")


@dataclass
class Issuer:
    """Signs tokens, and keeps a JWKS file up to date."""

    jwks: Path
    key: Ed25519PrivateKey = field(default_factory=issuer.token_key)
    others: list[dict[str, str]] = field(default_factory=list)
    """Public keys in the file besides its own."""

    def __post_init__(self) -> None:
        self.publish()

    @property
    def kid(self) -> str:
        return issuer.public_jwk(self.key)["kid"]

    def publish(self) -> None:
        """Write the JWKS file."""
        keys = [issuer.public_jwk(self.key), *self.others]
        beside = self.jwks.with_suffix(".new")
        beside.write_text(json.dumps({"keys": keys}))
        beside.replace(self.jwks)

    def rotate(self, *, keep_old: bool) -> None:
        """Sign with another key from now on."""
        self.others = [issuer.public_jwk(self.key)] if keep_old else []
        self.key = issuer.token_key()
        self.publish()

    def claims(self, *roles: str, **more: Any) -> dict[str, Any]:
        """Return valid claims; *more* replaces some, None removes one."""
        values = {
            "sub": "wang",
            "iss": ISSUER,
            "aud": AUDIENCE,
            "exp": now() + timedelta(hours=1),
            "roles": list(roles),
        } | more
        return {name: value for name, value in values.items() if value is not None}

    def token(self, *roles: str, headers: dict[str, Any] | None = None, **more: Any) -> str:
        """Sign a token; *more* replaces claims, None removes one."""
        values = {"kid": self.kid} | (headers or {})
        return jwt.encode(self.claims(*roles, **more), self.key, algorithm="EdDSA", headers=values)

    def signed(self, said: dict[str, Any]) -> str:
        """Sign claims as they are: PyJWT would refuse to write what is no claim."""
        exp = said.get("exp")
        if isinstance(exp, datetime):
            said = said | {"exp": int(exp.timestamp())}
        header = {"alg": "EdDSA", "kid": self.kid}
        body = b".".join(encoded(json.dumps(part).encode()) for part in (header, said))
        return (body + b"." + encoded(self.key.sign(body))).decode()

    def settings(self, **more: Any) -> Settings:
        """Return settings that accept these tokens."""
        values: dict[str, Any] = {
            "jwks_file": self.jwks,
            "token_issuer": ISSUER,
            "token_audience": AUDIENCE,
        } | more
        return Settings(**values)


class Reached:
    """A stand-in for any servicer: every method reports that it was called."""

    def __getattr__(self, method: str) -> Callable[[Any, Any], Any]:
        async def serve(_request: Any, _context: Any) -> Any:
            raise InvalidInput("reached")

        return serve


class ReachedDecisions:
    """The same for the methods that decide."""

    def methods(self) -> dict[str, tuple[Any, bool]]:
        names = ("DecideCall", "DecideText", "DecideLink")
        return {method: (self, True) for name in names for method in (name, f"{name}s")}

    def open(self, *_data: object, **_options: object) -> None:
        raise InvalidInput("reached")
