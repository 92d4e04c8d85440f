"""Security of a port: TLS, authentication, and recording of refusals."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Literal

from infra.reloaded_file import ReloadedFile
from services.auth import identities_file, jwks
from services.auth.certificates import CertificateIdentities
from services.auth.identity import ANONYMOUS, DEVELOPER, Identity
from services.auth.tokens import TokenVerifier
from services.rpc.middleware.auth_interceptor import AuthInterceptor
from services.rpc.middleware.errors import RefusalListener
from services.rpc.middleware.identity_limits import IdentityLimits
from services.rpc.tls import ServerTls
from services.settings.settings import Settings

PortName = Literal["decisions", "admin"]


def _ignore(_method: str, _peer: str, _error: Exception) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSecurity:
    """Either an *interceptor* authenticates callers, or *development* is set; no default."""

    tls: ServerTls | None = None
    interceptor: AuthInterceptor | None = None
    development: bool = False
    """Whether callers are not authenticated and may do everything."""
    on_refusal: RefusalListener = _ignore

    def __post_init__(self) -> None:
        if self.development == (self.interceptor is not None):
            raise ValueError("security: an interceptor, or development, and not both")

    @property
    def before_authentication(self) -> Identity:
        """Identity of a request until an interceptor has authenticated its caller."""
        return DEVELOPER if self.development else ANONYMOUS


DEVELOPMENT = PortSecurity(development=True)
"""No TLS, and every caller is the developer: for tests, never a default."""


def of(
    settings: Settings,
    port: PortName,
    on_refusal: RefusalListener = _ignore,
    note: Callable[[Identity], None] | None = None,
) -> PortSecurity:
    """Return the security of a port by *settings*; raise `ValueError` naming a bad file.

    *note* is called with each caller that was authenticated.
    """
    return PortSecurity(
        tls=_tls(settings, port),
        interceptor=_interceptor(settings, port, note) if settings.auth_enabled else None,
        development=not settings.auth_enabled,
        on_refusal=on_refusal,
    )


def _tls(settings: Settings, port: PortName) -> ServerTls | None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    verifies_clients = settings.tls_client_ports in ("both", port)
    return ServerTls(
        certificate=settings.tls_certificate,
        key=settings.tls_key,
        client_ca=settings.tls_client_ca if verifies_clients else None,
    )


def _interceptor(
    settings: Settings, port: PortName, note: Callable[[Identity], None] | None
) -> AuthInterceptor:
    roster = _roster(settings)
    tokens = None
    if settings.jwks_file is not None:
        tokens = TokenVerifier(
            keys=ReloadedFile(settings.jwks_file, jwks.read_keys).current,
            revoked=lambda: roster().revoked_tokens,
            issuer=settings.token_issuer,
            audience=settings.token_audience,
        )
    certificates = (
        None if settings.tls_client_ca is None else CertificateIdentities(identities=roster)
    )
    return AuthInterceptor(
        tokens=tokens, certificates=certificates, note=note, limits=_limits(settings, port)
    )


def _limits(settings: Settings, port: PortName) -> IdentityLimits | None:
    per_second = (
        settings.identity_decision_requests if port == "decisions" else settings.identity_requests
    )
    return IdentityLimits(per_second, monotonic) if per_second else None


def _roster(settings: Settings) -> Callable[[], identities_file.IdentitiesFile]:
    if settings.identities_file is None:
        return lambda: identities_file.NO_IDENTITIES
    return ReloadedFile(settings.identities_file, identities_file.read_identities).current
