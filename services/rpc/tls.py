"""TLS of a port: certificate, key and client authority, reloaded when the files change.

gRPC calls before each handshake. Files are replaced one after the other, so while a certificate
does not match its key or cannot be read, the former one stays in force, and the next connection
retries.
"""

import logging
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from fanzha.errors import InvalidConfiguration

logger = logging.getLogger(__name__)

_Mark = tuple[tuple[int, int, int], ...]


class ServerTls:
    """The files of a port. With *client_ca*, every client needs a certificate issued by it.

    gRPC for Python requires a client certificate or ignores it; it cannot make it optional.
    """

    def __init__(self, *, certificate: Path, key: Path, client_ca: Path | None = None) -> None:
        self._certificate = certificate
        self._key = key
        self._client_ca = client_ca
        self._mark = self._look()
        self._faulty: _Mark | None = None
        self._first = self._read()

    def credentials(self) -> grpc.ServerCredentials:
        """Return the credentials for a listening port."""
        changed: Any = self._changed  # the stubs do not allow None, which means unchanged
        return grpc.dynamic_ssl_server_credentials(
            self._first, changed, self._client_ca is not None
        )

    def _changed(self) -> "grpc.ServerCertificateConfiguration | None":
        # Called by a thread of gRPC's core, before a handshake.
        mark = self._look()
        if mark == self._mark:
            return None
        try:
            taken = self._read()
        except ValueError as error:
            if mark != self._faulty:
                self._faulty = mark
                logger.warning("%s; the former certificate stays in force", error)
            return None
        self._mark = mark
        logger.info("%s: reloaded", self._certificate)
        return taken

    def _read(self) -> "grpc.ServerCertificateConfiguration":
        chain, key = _contents(self._certificate), _contents(self._key)
        try:
            certificate = x509.load_pem_x509_certificate(chain)
            private = load_pem_private_key(key, None)
        except (ValueError, TypeError) as error:
            raise InvalidConfiguration(
                "{certificate}, {key}: {error}",
                certificate=self._certificate,
                key=self._key,
                error=error,
            ) from error
        form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if certificate.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
            raise InvalidConfiguration(
                "{key}: is not the key of {certificate}",
                key=self._key,
                certificate=self._certificate,
            )
        authority = None
        if self._client_ca is not None:
            authority = _contents(self._client_ca)
            try:
                x509.load_pem_x509_certificates(authority)
            except ValueError as error:
                raise InvalidConfiguration(
                    "{client_ca}: {error}", client_ca=self._client_ca, error=error
                ) from error
        return grpc.ssl_server_certificate_configuration([(key, chain)], authority)

    def _look(self) -> _Mark:
        files = (self._certificate, self._key, self._client_ca)
        return tuple(_mark(file) for file in files if file is not None)


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidConfiguration("{path}: {error}", path=path, error=error) from error


def _mark(path: Path) -> tuple[int, int, int]:
    try:
        stat = path.stat()
    except OSError:
        return (0, 0, 0)
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
