"""Describes a server for `fanzha doctor`, and for clients that look for the others."""

import json
import shutil
from collections.abc import Callable
from importlib.metadata import version

from cryptography import x509

from fanzha.v1 import access_pb2 as pb
from infra.clock import now_ms
from infra.data_paths import ENDPOINTS
from infra.reloaded_file import ReloadedFile
from services.auth.exposure import is_loopback
from services.settings.settings import Settings

_IN_ENDPOINTS = {"decisions": "interception", "administration": "admin", "warnings": "warning"}
"""Names of the servers in the file of a running service."""


def describing(settings: Settings, name: str) -> Callable[[], pb.DescribeServerResponse]:
    """Return what describes the server *name*: decisions, administration or warnings."""
    default = Settings.model_construct()
    changed = sorted(
        field
        for field in Settings.model_fields
        if getattr(settings, field) != getattr(default, field)
    )
    fixed = pb.DescribeServerResponse(
        version=version("fanzha"),
        name=name,
        tls=settings.tls_certificate is not None,
        authentication=settings.auth_enabled,
        changed_settings=changed,
    )

    expiry = _tls_expiry(settings)

    def describe() -> pb.DescribeServerResponse:
        answer = pb.DescribeServerResponse()
        answer.CopyFrom(fixed)
        answer.addresses.extend(_addresses(settings))
        answer.time_ms = now_ms()
        disk = shutil.disk_usage(settings.data_dir)
        answer.tls_expires_at_s = expiry()
        answer.disk_free_bytes, answer.disk_bytes = disk.free, disk.total
        return answer

    return describe


def _tls_expiry(settings: Settings) -> Callable[[], int]:
    """Return what says when the server's certificate expires; it is read anew when it changes."""
    if settings.tls_certificate is None:
        return lambda: 0
    return ReloadedFile(settings.tls_certificate, _expiry_of).current


def _expiry_of(pem: bytes) -> int:
    return int(x509.load_pem_x509_certificates(pem)[0].not_valid_after_utc.timestamp())


def _addresses(settings: Settings) -> list[pb.ServerAddress]:
    """Return the addresses of the running service, or those of the settings."""
    by_settings = {
        "decisions": (settings.listen_host, settings.listen_port),
        "administration": (settings.admin_host, settings.admin_port),
        "warnings": (settings.warning_host, settings.warning_port),
    }
    running = _running(settings)
    return [
        pb.ServerAddress(
            name=name,
            host=host,
            port=running.get(_IN_ENDPOINTS[name], port),
            exposed=not is_loopback(host),
        )
        for name, (host, port) in by_settings.items()
    ]


def _running(settings: Settings) -> dict[str, int]:
    """Return the ports that `fanzha up` chose; none where it does not run."""
    try:
        found = json.loads((settings.data_dir / ENDPOINTS).read_text(encoding="utf-8"))
        return {name: int(found[name].rpartition(":")[2]) for name in _IN_ENDPOINTS.values()
                if name in found}  # fmt: skip
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
