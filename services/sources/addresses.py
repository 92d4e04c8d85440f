"""Addresses of sources: of a server's file or folder, or of a folder here."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import httpx

from fanzha.errors import InvalidInput
from services.sources.model import Connector, DataSource
from services.warning.channels import address_filter

_SFTP_PORT = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpAddress:
    """Where files lie on an SFTP server."""

    host: str
    port: int
    user: str
    folder: str
    """Absolute; ``.`` is the home folder of the user."""


def check(source: DataSource) -> None:
    """Raise `InvalidInput` for an address that its connector cannot use."""
    address_filter.parse_networks(",".join(source.networks))
    match source.connector:
        case Connector.HTTPS:
            https_url(source.address)
        case Connector.SFTP:
            sftp(source.address)
            if not source.secrets.host_keys:
                raise InvalidInput(
                    "host_keys: required; ask who runs the server for its public key, and do not "
                    "take the one that the network shows"
                )
        case Connector.FOLDER:
            folder(source.address)


def https_url(text: str) -> httpx.URL:
    """Read the URL of a file; `InvalidInput` unless it is plain https."""
    url = address_filter.parse(text, "address")
    if url.scheme != "https":
        raise InvalidInput("address: must begin with https://")
    return url


def sftp(text: str) -> SftpAddress:
    """Read ``sftp://user@host:22/folder``; `InvalidInput` for anything else."""
    try:
        parts = urlsplit(text)
        port = parts.port or _SFTP_PORT
    except ValueError as error:
        raise InvalidInput("address: no URL: {error}", error=error) from error
    if parts.scheme != "sftp" or not parts.hostname or not parts.username:
        raise InvalidInput("address: such as sftp://user@host/folder")
    if parts.password is not None or parts.query or parts.fragment:
        raise InvalidInput("address: must have no password, query or fragment")
    path = unquote(parts.path)
    if not path.isprintable() or ".." in PurePosixPath(path).parts:
        raise InvalidInput("address: such as sftp://user@host/folder")
    return SftpAddress(
        host=parts.hostname, port=port, user=unquote(parts.username), folder=path or "."
    )


def folder(text: str) -> Path:
    """Read the absolute path of a folder; `InvalidInput` for anything else."""
    path = Path(text)
    if not path.is_absolute():
        raise InvalidInput("address: an absolute path, such as /srv/drop")
    return path
