"""Refuses to serve sensitive ports unprotected, and logs a warning where others are."""

import ipaddress
import logging

from services.settings.settings import Settings

logger = logging.getLogger(__name__)

NO_AUTHENTICATION = (
    "authentication is off: everyone who can connect has all roles. "
    "`fanzha identity init DIR` creates keys to try roles with"
)


def check_admin(settings: Settings) -> None:
    """Raise `ValueError` when list administration is exposed without TLS or authentication."""
    if is_loopback(settings.admin_host):
        return
    outside = f"admin_host (FANZHA_ADMIN_HOST): {settings.admin_host} is not loopback, and"
    if settings.tls_certificate is None:
        raise ValueError(
            f"{outside} TLS is off: eavesdroppers could steal credentials. Set "
            "tls_certificate and tls_key, or keep list administration on 127.0.0.1"
        )
    if not settings.auth_enabled:
        raise ValueError(
            f"{outside} authentication is off: everyone could change the lists. Set "
            "jwks_file or identities_file, or keep list administration on 127.0.0.1"
        )


def check_warning(settings: Settings) -> None:
    """Raise `ValueError` when the warning port is exposed without TLS or authentication."""
    if is_loopback(settings.warning_host):
        return
    outside = f"warning_host (FANZHA_WARNING_HOST): {settings.warning_host} is not loopback"
    if settings.tls_certificate is None:
        raise ValueError(f"{outside}, and TLS is off: set tls_certificate and tls_key")
    if not settings.auth_enabled:
        raise ValueError(f"{outside}, and authentication is off: set jwks_file")


def warn_admin_exposure(settings: Settings) -> None:
    """Log a warning when list administration has no authentication."""
    if not settings.auth_enabled:
        logger.warning("list administration: %s", NO_AUTHENTICATION)


def warn_decision_exposure(settings: Settings) -> None:
    """Log a warning when the decision port is exposed without TLS or authentication."""
    if is_loopback(settings.listen_host):
        return
    if settings.tls_certificate is None:
        logger.warning(
            "decisions: served on %s without TLS; calls and texts%s can be read in transit",
            settings.listen_host,
            " and tokens" if settings.jwks_file is not None else "",
        )
    if not settings.auth_enabled:
        logger.warning("decisions: %s", NO_AUTHENTICATION)


def is_loopback(host: str) -> bool:
    """Return whether *host* is a loopback address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
