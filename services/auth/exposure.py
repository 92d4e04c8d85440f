"""Refuses to serve sensitive ports unprotected, and logs a warning where others are."""

import ipaddress
import logging

from fanzha.errors import InvalidConfiguration
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from services.settings.settings import Settings

logger = logging.getLogger(__name__)

NO_AUTHENTICATION = gettext_noop(
    "authentication is off: everyone who can connect has all roles. "
    "`fanzha identity init DIR` creates keys to try roles with"
)


def check_admin(settings: Settings) -> None:
    """Raise `ValueError` when list administration is exposed without TLS or authentication."""
    if is_loopback(settings.admin_host):
        return
    outside = _not_loopback("admin_host", settings.admin_host)
    if settings.tls_certificate is None:
        raise InvalidConfiguration(
            "{outside}, and TLS is off: eavesdroppers could steal credentials. Set "
            "tls_certificate and tls_key, or keep list administration on 127.0.0.1",
            outside=outside,
        )
    if not settings.auth_enabled:
        raise InvalidConfiguration(
            "{outside}, and authentication is off: everyone could change the lists. Set "
            "jwks_file or identities_file, or keep list administration on 127.0.0.1",
            outside=outside,
        )


def check_warning(settings: Settings) -> None:
    """Raise `ValueError` when the warning port is exposed without TLS or authentication."""
    if is_loopback(settings.warning_host):
        return
    outside = _not_loopback("warning_host", settings.warning_host)
    if settings.tls_certificate is None:
        raise InvalidConfiguration(
            "{outside}, and TLS is off: set tls_certificate and tls_key", outside=outside
        )
    if not settings.auth_enabled:
        raise InvalidConfiguration(
            "{outside}, and authentication is off: set jwks_file", outside=outside
        )


def check_console(settings: Settings) -> None:
    """Raise `ValueError` when the console is exposed without TLS or authentication."""
    if is_loopback(settings.console_host):
        return
    outside = _not_loopback("console_host", settings.console_host)
    if not settings.console_speaks_tls and not settings.console_trusted_proxies:
        raise InvalidConfiguration(
            "{outside}, and TLS is off: set tls_certificate and tls_key, or "
            "console_trusted_proxies where a proxy ends TLS",
            outside=outside,
        )
    if not settings.auth_enabled:
        raise InvalidConfiguration(
            "{outside}, and authentication is off: set jwks_file", outside=outside
        )


def _not_loopback(name: str, host: str) -> Message:
    return Message(
        "{name} ({variable}): {host} is not loopback",
        name=name,
        variable=f"FANZHA_{name.upper()}",
        host=host,
    )


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
