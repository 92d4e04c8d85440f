"""Finds out who asks, and whether they may, before a request is read.

A token speaks for who sends it, and outranks a client certificate: a person's token may travel
over a gateway's connection. A token that cannot be believed is never made up for by a certificate.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from fanzha.errors import NotAllowed, Unauthenticated
from services.auth import roles
from services.auth.certificates import CertificateIdentities
from services.auth.identity import NOBODY, Identity, set_identity
from services.auth.roles import AccessLevel
from services.auth.tokens import TokenVerifier

Enter: TypeAlias = Callable[[Any], None]
"""Makes who asks the current identity, by the context of a request, or raises."""

_BEARER = "bearer "
_HOW = (
    "send a token (authorization: Bearer …)",
    "connect with a client certificate",
)


class AuthInterceptor:
    """Stands before every method where identities are asked for."""

    def __init__(
        self, *, tokens: TokenVerifier | None, certificates: CertificateIdentities | None
    ) -> None:
        self.tokens = tokens
        self._certificates = certificates
        ways = [
            how for how, way in zip(_HOW, (tokens, certificates), strict=True) if way is not None
        ]
        self._nobody = f"nobody knows who asks: {' or '.join(ways)}"

    def entrance(self, path: str) -> Enter:
        """Return what lets requests for *path* in."""
        allowed = roles.allowed_at(path)
        if allowed is None:
            return closed(path)
        if allowed is AccessLevel.OPEN:
            return lambda _context: set_identity(NOBODY)

        def enter(context: Any) -> None:
            identity = self.who(context)
            set_identity(identity)
            if not roles.may(identity, allowed):
                raise NotAllowed(roles.refusal(identity, path))

        return enter

    def who(self, context: Any) -> Identity:
        """Return who asks; raise `Unauthenticated` when that is not known."""
        token = _bearer(context)
        if token is not None:
            if self.tokens is None:
                raise Unauthenticated("token: none are taken here, for jwks_file is not set")
            return self.tokens.identity(token)
        if self._certificates is not None:
            shown = context.auth_context().get("x509_pem_cert")
            if shown:
                return self._certificates.identity(next(iter(shown)))
        raise Unauthenticated(self._nobody)


def closed(path: str) -> Enter:
    """Return what lets nobody in: the method has no line in the table of roles."""

    def refuse(_context: Any) -> None:
        raise NotAllowed(roles.refusal(NOBODY, path))

    return refuse


def _bearer(context: Any) -> str | None:
    found: str | None = None
    for name, value in context.invocation_metadata() or ():
        if name == "authorization":
            if found is not None:
                raise Unauthenticated("authorization: must come once")
            if not isinstance(value, str) or value[: len(_BEARER)].lower() != _BEARER:
                raise Unauthenticated("authorization: must be Bearer and a token")
            found = value[len(_BEARER) :].strip()
    return found
