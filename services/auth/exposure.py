"""Refuses to serve what must not be served unprotected, and says what is served so."""

import ipaddress
import logging

from services.settings.settings import Settings

logger = logging.getLogger(__name__)

DEVELOPMENT = (
    "development: nobody is asked who they are, and everybody who can connect may do everything. "
    "`fanzha identity init DIR` makes keys to try real roles with"
)


def check_admin(settings: Settings) -> None:
    """Raise `ValueError` where others could change the lists from outside, or listen in."""
    if is_loopback(settings.admin_host):
        return
    outside = f"admin_host (FANZHA_ADMIN_HOST): {settings.admin_host} is reached from outside, and"
    if settings.tls_certificate is None:
        raise ValueError(
            f"{outside} there is no TLS: whoever listens could change the lists. Set "
            "tls_certificate and tls_key, or leave list administration on 127.0.0.1"
        )
    if not settings.auth_enabled:
        raise ValueError(
            f"{outside} nobody is asked who they are: everybody could change the lists. Set "
            "jwks_file or identities_file, or leave list administration on 127.0.0.1"
        )


def check_warning(settings: Settings) -> None:
    """Raise `ValueError` where others could send warnings to people from outside, or listen in."""
    if is_loopback(settings.warning_host):
        return
    outside = f"warning_host (FANZHA_WARNING_HOST): {settings.warning_host} is reached from outside"
    if settings.tls_certificate is None:
        raise ValueError(f"{outside}, and there is no TLS: set tls_certificate and tls_key")
    if not settings.auth_enabled:
        raise ValueError(f"{outside}, and nobody is asked who they are: set jwks_file")


def tell_of_admin(settings: Settings) -> None:
    """Log that whoever reaches list administration may change the lists, where it is so."""
    if not settings.auth_enabled:
        logger.warning("list administration: %s", DEVELOPMENT)


def tell_of_decisions(settings: Settings) -> None:
    """Log what may be read or asked by others than was meant, on the port of decisions."""
    if is_loopback(settings.listen_host):
        return
    if settings.tls_certificate is None:
        logger.warning(
            "decisions: served on %s without TLS; calls and texts can be read on the way%s",
            settings.listen_host,
            ", and so can tokens" if settings.jwks_file is not None else "",
        )
    if not settings.auth_enabled:
        logger.warning("decisions: %s", DEVELOPMENT)


def is_loopback(host: str) -> bool:
    """Tell whether *host* is reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
