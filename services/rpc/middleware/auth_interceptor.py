"""Authenticates the caller and checks its role and regions, before a request is read.

A token identifies who sends it and outranks a client certificate: a person's token may travel over
a gateway's connection. A certificate never makes up for a token that is not valid.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from fanzha.errors import Unauthenticated
from fanzha.translation.catalogue import gettext_noop
from services.auth import roles, whole_province
from services.auth.certificates import CertificateIdentities
from services.auth.identity import ANONYMOUS, Identity, set_identity
from services.auth.roles import AccessLevel
from services.auth.tokens import TokenVerifier
from services.rpc.middleware.identity_limits import IdentityLimits

Authenticate: TypeAlias = Callable[[Any], None]
"""Takes the context of a request; makes the caller the current identity, or raises."""

_BEARER = "bearer "
_CREDENTIALS = {
    (True, False): gettext_noop("no credentials: send a token (authorization: Bearer …)"),
    (False, True): gettext_noop("no credentials: connect with a client certificate"),
    (True, True): gettext_noop(
        "no credentials: send a token (authorization: Bearer …) or connect with a client "
        "certificate"
    ),
}
"""What to do, by whether tokens, and whether certificates are accepted."""


class AuthInterceptor:
    """Authenticates callers by token, certificate, or both."""

    def __init__(
        self,
        *,
        tokens: TokenVerifier | None,
        certificates: CertificateIdentities | None,
        note: Callable[[Identity], None] | None = None,
        limits: IdentityLimits | None = None,
    ) -> None:
        """*note* is called with each caller; None where calls are too many for that.

        *limits* bounds the requests of each; None: they are not bounded.
        """
        self.tokens = tokens
        self._certificates = certificates
        self._note = note
        self._limits = limits
        accepted = tokens is not None, certificates is not None
        self._no_credentials = _CREDENTIALS.get(accepted, "no credentials")

    def authenticate(self, path: str) -> Authenticate:
        """Return the check for requests to the method at *path*."""
        allowed = roles.access_of(path)
        if allowed is None:
            return refuse_all(path)
        if allowed is AccessLevel.OPEN:
            return lambda _context: set_identity(ANONYMOUS)

        def authenticate(context: Any) -> None:
            identity = self.identity(context)
            set_identity(identity)
            if self._limits is not None:
                self._limits.take(identity.name)
            if self._note is not None:
                self._note(identity)
            if not roles.is_allowed(identity, allowed) or whole_province.is_refused(identity, path):
                raise roles.refusal(identity, path)

        return authenticate

    def identity(self, context: Any) -> Identity:
        """Return the identity of a caller; raise `Unauthenticated` when it has none."""
        token = _bearer_token(context)
        if token is not None:
            if self.tokens is None:
                raise Unauthenticated("token: not accepted here, jwks_file is not set")
            return self.tokens.identity(token)
        if self._certificates is not None:
            certificates = context.auth_context().get("x509_pem_cert")
            if certificates:
                return self._certificates.identity(next(iter(certificates)))
        raise Unauthenticated(self._no_credentials)


def refuse_all(path: str) -> Authenticate:
    """Return a check that refuses everyone: the table of roles does not list the method."""

    def refuse(_context: Any) -> None:
        raise roles.refusal(ANONYMOUS, path)

    return refuse


def _bearer_token(context: Any) -> str | None:
    found: str | None = None
    for name, value in context.invocation_metadata() or ():
        if name == "authorization":
            if found is not None:
                raise Unauthenticated("authorization: must come once")
            if not isinstance(value, str) or value[: len(_BEARER)].lower() != _BEARER:
                raise Unauthenticated("authorization: must be Bearer and a token")
            found = value[len(_BEARER) :].strip()
    return found
