"""Takes files from a folder of an SFTP server whose host key is known.

A server that shows another key is never talked to: there is no trust on first use. Of OpenSSH's
configuration, known hosts and agents on this host nothing is used.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fanzha.errors import InvalidConfiguration, InvalidInput
from services.sources import addresses, secret_files
from services.sources.addresses import SftpAddress
from services.sources.fetched_file import (
    MOST_NAMES,
    OK,
    DropFile,
    FetchedFile,
    SourceFailed,
    is_candidate,
    store,
)
from services.sources.model import AfterPull, DataSource
from services.warning.channels import address_filter
from services.warning.channels.address_filter import Resolver, system_addresses

if TYPE_CHECKING:
    import asyncssh

_CONNECT_SECONDS = 30.0
_KEEPALIVE_SECONDS = 20.0
_BLOCK_BYTES = 2**18


@asynccontextmanager
async def opened(
    source: DataSource, *, resolver: Resolver = system_addresses
) -> AsyncIterator["SftpDrop"]:
    """Connect to the server of a source. Raises `SourceFailed`, and `InvalidConfiguration`."""
    asyncssh = _library()
    address = addresses.sftp(source.address)
    host = await _resolved(source, address, resolver)
    try:
        async with (
            asyncssh.connect(
                host,
                address.port,
                username=address.user,
                known_hosts=(host_keys(source), [], []),
                config=None,
                agent_path=None,
                x509_trusted_certs=None,
                connect_timeout=_CONNECT_SECONDS,
                login_timeout=_CONNECT_SECONDS,
                keepalive_interval=_KEEPALIVE_SECONDS,
                **_login(source),
            ) as connection,
            connection.start_sftp_client(path_errors="surrogateescape") as client,
        ):
            yield SftpDrop(source, client, address.folder)
    except asyncssh.HostKeyNotVerifiable as error:
        raise SourceFailed(
            "the server shows a host key that is not in host_keys; nothing was sent to it"
        ) from error
    except asyncssh.PermissionDenied as error:
        raise SourceFailed("the server refuses the login") from error
    except (asyncssh.Error, OSError, TimeoutError) as error:
        why = str(error)[:200] or type(error).__name__
        raise SourceFailed("the connection failed: {why}", why=why) from error


async def _resolved(source: DataSource, address: SftpAddress, resolver: Resolver) -> str:
    networks = address_filter.parse_networks(",".join(source.networks))
    try:
        return await address_filter.resolve_host(
            address.host, address.port, networks=networks, resolver=resolver, field="address"
        )
    except InvalidInput as error:
        raise SourceFailed(error.message, **error.values) from error
    except OSError as error:
        raise SourceFailed("no address: {error}", error=error) from error


class SftpDrop:
    """A folder of an SFTP server."""

    def __init__(self, source: DataSource, client: "asyncssh.SFTPClient", folder: str) -> None:
        self._source = source
        self._client = client
        self._folder = folder

    async def files(self) -> Sequence[DropFile]:
        """Return the files that are there, whole or not."""
        asyncssh = _library()
        found: list[DropFile] = []
        count = 0
        async for one in self._client.scandir(self._folder):
            count += 1
            if count > MOST_NAMES:
                raise SourceFailed("more than {most:,} names in the folder", most=MOST_NAMES)
            name = str(one.filename)
            regular = one.attrs.type == asyncssh.FILEXFER_TYPE_REGULAR
            if regular and is_candidate(name) and fnmatchcase(name, self._source.drop.files):
                found.append(_drop_file(name, one.attrs))
        return found

    async def read(self, file: DropFile, into: Path) -> FetchedFile:
        """Fetch a file; `SourceFailed` when it changes meanwhile."""
        path = self._path(file.name)
        async with self._client.open(path, "rb") as opened_file:
            sha256, size = await store(_blocks(opened_file), into, self._source)
            now = _drop_file(file.name, await opened_file.stat())
        if now != file or size != file.size:
            raise SourceFailed("the file changed while it was read")
        return FetchedFile(name=file.name, sha256=sha256, size=size)

    async def finish(self, file: DropFile, fetched: FetchedFile) -> None:
        """Leave, move or acknowledge a file that was taken."""
        asyncssh = _library()
        try:
            await self._finish(file, fetched)
        except (asyncssh.Error, OSError) as error:
            raise SourceFailed("{error}", error=error) from error

    async def _finish(self, file: DropFile, fetched: FetchedFile) -> None:
        terms = self._source.drop
        if terms.after is AfterPull.ACKNOWLEDGE:
            async with self._client.open(self._path(file.name + OK), "wb"):
                pass
        elif terms.after is AfterPull.MOVE:
            folder = self._path(terms.move_to)
            if not await self._client.exists(folder):
                await self._client.mkdir(folder)
            target = f"{folder}/{file.name}"
            if await self._client.exists(target):
                target = f"{folder}/{fetched.sha256[:12]}-{file.name}"
            await self._client.rename(self._path(file.name), target)

    def _path(self, name: str) -> str:
        return f"{self._folder.rstrip('/')}/{name}"


async def _blocks(file: Any) -> AsyncIterator[bytes]:
    while block := await file.read(_BLOCK_BYTES):
        yield block
        await asyncio.sleep(0)


def _drop_file(name: str, attributes: "asyncssh.SFTPAttrs") -> DropFile:
    return DropFile(name=name, size=attributes.size or 0, modified=int(attributes.mtime or 0))


def host_keys(source: DataSource) -> "list[asyncssh.SSHKey]":
    """Read the public keys of the server; `InvalidConfiguration` for what is none."""
    asyncssh = _library()
    try:
        return [asyncssh.import_public_key(text) for text in source.secrets.host_keys]
    except (asyncssh.KeyImportError, ValueError) as error:
        raise InvalidConfiguration(
            "host_keys: no public key of OpenSSH: {error}", error=error
        ) from error


def _login(source: DataSource) -> dict[str, Any]:
    asyncssh = _library()
    secrets = source.secrets
    if secrets.key_file is not None:
        try:
            key = asyncssh.import_private_key(secret_files.read(secrets.key_file))
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
            raise InvalidConfiguration("key_file: no private key: {error}", error=error) from error
        return {"client_keys": [key], "password": None}
    if secrets.password_file is None:
        raise InvalidConfiguration("either key_file or password_file is required")
    return {"client_keys": None, "password": secret_files.read_line(secrets.password_file)}


def _library() -> Any:
    try:
        import asyncssh  # noqa: PLC0415 - an extra, which takes 0.2 s
    except ImportError as error:
        raise InvalidConfiguration(
            "SFTP needs the extra sftp: pip install 'fanzha[sftp]'"
        ) from error
    return asyncssh
