"""What a port does about strangers: TLS, who asks, and what becomes of those turned away."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from infra.reloaded_file import ReloadedFile
from services.auth import identities_file, jwks
from services.auth.certificates import CertificateIdentities
from services.auth.identity import ANONYMOUS, DEVELOPER, Identity
from services.auth.tokens import TokenVerifier
from services.rpc.middleware.auth_interceptor import AuthInterceptor
from services.rpc.middleware.errors import RefusalListener
from services.rpc.tls import ServerTls
from services.settings.settings import Settings

PortName = Literal["decisions", "admin"]


def _forget(_method: str, _peer: str, _error: Exception) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSecurity:
    """There is no default: either a *doorkeeper* asks who they are, or *development* is said."""

    tls: ServerTls | None = None
    interceptor: AuthInterceptor | None = None
    development: bool = False
    """Whether nobody is asked who they are, and everybody may do everything."""
    on_refusal: RefusalListener = _forget

    def __post_init__(self) -> None:
        if self.development == (self.interceptor is not None):
            raise ValueError("security: an interceptor, or development, and not both")

    @property
    def before_authentication(self) -> Identity:
        """Who a request is from until a doorkeeper has found out."""
        return DEVELOPER if self.development else ANONYMOUS


DEVELOPMENT = PortSecurity(development=True)
"""No TLS, and everybody is the developer: for tests, and never a default."""


def of(settings: Settings, port: PortName, on_refusal: RefusalListener = _forget) -> PortSecurity:
    """Return what *settings* ask for at a port; raise `ValueError` naming a file that is wrong."""
    return PortSecurity(
        tls=_tls(settings, port),
        interceptor=_interceptor(settings) if settings.auth_enabled else None,
        development=not settings.auth_enabled,
        on_refusal=on_refusal,
    )


def _tls(settings: Settings, port: PortName) -> ServerTls | None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    asks = settings.tls_client_ports in ("both", port)
    return ServerTls(
        certificate=settings.tls_certificate,
        key=settings.tls_key,
        client_ca=settings.tls_client_ca if asks else None,
    )


def _interceptor(settings: Settings) -> AuthInterceptor:
    listed = _listed(settings)
    tokens = None
    if settings.jwks_file is not None:
        tokens = TokenVerifier(
            keys=ReloadedFile(settings.jwks_file, jwks.read_keys).current,
            revoked=lambda: listed().revoked_tokens,
            issuer=settings.token_issuer,
            audience=settings.token_audience,
        )
    certificates = (
        None if settings.tls_client_ca is None else CertificateIdentities(identities=listed)
    )
    return AuthInterceptor(tokens=tokens, certificates=certificates)


def _listed(settings: Settings) -> Callable[[], identities_file.IdentitiesFile]:
    if settings.identities_file is None:
        return lambda: identities_file.NO_IDENTITIES
    return ReloadedFile(settings.identities_file, identities_file.read_identities).current
