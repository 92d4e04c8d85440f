"""Refuses to serve sensitive ports unprotected, and logs a warning where others are."""

import ipaddress
import logging
from pathlib import Path

from fanzha.errors import InvalidConfiguration
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message, Messages
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


def check_decisions(settings: Settings) -> None:
    """Raise `ValueError` when decisions are exposed without TLS or authentication, unasked."""
    if is_loopback(settings.listen_host):
        return
    outside = _not_loopback("listen_host", settings.listen_host)
    missing = []
    if settings.tls_certificate is None:
        missing.append(Message("TLS"))
    if not settings.auth_enabled:
        missing.append(Message("authentication"))
    if not missing:
        return
    if settings.decisions_plaintext:
        logger.warning(
            "decisions: served on %s without %s, as decisions_plaintext says",
            settings.listen_host,
            " and ".join(missing),
        )
        return
    raise InvalidConfiguration(
        "{outside}, and decisions would be served without {missing}. Set tls_certificate, tls_key, "
        "tls_client_ca and identities_file (`fanzha identity init DIR` makes them all), or "
        "decisions_plaintext = true where no one else reaches that network",
        outside=outside,
        missing=Messages(missing, ", "),
    )


def check_metrics(settings: Settings) -> None:
    """Raise `ValueError` when Prometheus endpoints are exposed without TLS, unasked."""
    if is_loopback(settings.metrics_host) or not settings.metrics_enabled:
        return
    if settings.tls_certificate is None and not settings.metrics_plaintext:
        raise InvalidConfiguration(
            "{outside}, and TLS is off: set tls_certificate and tls_key, or metrics_plaintext = "
            "true where no one else reaches that network",
            outside=_not_loopback("metrics_host", settings.metrics_host),
        )


def metrics_certificate(settings: Settings) -> tuple[Path, Path] | None:
    """Return certificate and key of the Prometheus endpoints; None: they speak plain HTTP."""
    if is_loopback(settings.metrics_host) or settings.metrics_plaintext:
        return None
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return settings.tls_certificate, settings.tls_key


def is_loopback(host: str) -> bool:
    """Return whether *host* is a loopback address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
