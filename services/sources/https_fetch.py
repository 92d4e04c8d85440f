"""Fetches a file by HTTPS, if it has changed since it was fetched last.

Redirects are refused, private addresses too unless they are listed, and an answer whose end could
not be told from a break: it needs a length or chunks. Content encodings are refused, so what is
counted is what comes over the line; a gzip file is unpacked where it is read, with bounds.
"""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from fanzha.errors import InvalidConfiguration, InvalidInput
from services.sources import addresses, secret_files
from services.sources.fetched_file import FetchedFile, SourceFailed, store
from services.sources.model import AccessSecrets, DataSource, SourceState
from services.warning.channels import address_filter
from services.warning.channels.address_filter import Resolver, WebhookTarget, system_addresses

_READ_SECONDS = 60.0
"""Between two pieces of an answer; the whole has its own bound."""
_NOT_MODIFIED = 304
_OK = 200
_MOST_HEADER = 1000
_ACCEPT = {"accept-encoding": "identity", "user-agent": "fanzha"}


async def fetch(
    source: DataSource,
    state: SourceState,
    into: Path,
    *,
    anew: bool = False,
    resolver: Resolver = system_addresses,
) -> FetchedFile | None:
    """Fetch a file; None when it has not changed. With *anew*, fetch it whether or not.

    Raises `SourceFailed`, `InvalidConfiguration` for credentials that cannot be used, and
    `InvalidInput` for a file that is too large.
    """
    url = addresses.https_url(source.address)
    target = await _resolved(url, source, resolver)
    headers = {"host": target.host_header} | _ACCEPT | _login(source.secrets)
    if not anew:
        headers |= _conditions(state)
    try:
        async with _answer(source, target, headers) as answer:
            if answer.status_code == _NOT_MODIFIED and not anew:
                return None
            _check(answer)
            sha256, size = await store(_blocks(answer), into, source)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        why = str(error)[:200] or type(error).__name__
        raise SourceFailed("no whole answer: {why}", why=why) from error
    return FetchedFile(
        name=Path(url.path).name or url.host,
        sha256=sha256,
        size=size,
        etag=_header(answer, "etag"),
        last_modified=_header(answer, "last-modified"),
    )


@asynccontextmanager
async def _answer(
    source: DataSource, target: WebhookTarget, headers: Mapping[str, str]
) -> AsyncIterator[httpx.Response]:
    # A proxy from the environment would resolve names itself and bypass the address filter.
    client = httpx.AsyncClient(
        verify=await asyncio.to_thread(_tls, source.secrets),
        follow_redirects=False,
        timeout=_READ_SECONDS,
        trust_env=False,
    )
    extensions = {"sni_hostname": target.server_name}
    async with (
        client,
        client.stream("GET", target.url, headers=headers, extensions=extensions) as answer,
    ):
        yield answer


async def _resolved(url: httpx.URL, source: DataSource, resolver: Resolver) -> WebhookTarget:
    networks = address_filter.parse_networks(",".join(source.networks))
    try:
        return await address_filter.resolve(
            url, networks=networks, resolver=resolver, field="address"
        )
    except InvalidInput as error:
        raise SourceFailed(error.message, **error.values) from error
    except OSError as error:
        raise SourceFailed("no address: {error}", error=error) from error


async def _blocks(answer: httpx.Response) -> AsyncIterator[bytes]:
    async for block in answer.aiter_raw():
        yield block


def _check(answer: httpx.Response) -> None:
    if answer.is_redirect or answer.has_redirect_location:
        raise SourceFailed("the server redirects elsewhere, which is not followed")
    if answer.status_code != _OK:
        raise SourceFailed("the server answered {status}", status=answer.status_code)
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise SourceFailed("the server packs its answer, though it was asked not to")
    chunked = "chunked" in answer.headers.get("transfer-encoding", "").lower()
    if not chunked and "content-length" not in answer.headers:
        raise SourceFailed("the answer has no length, so a break could not be noticed")


def _header(answer: httpx.Response, name: str) -> str:
    """Return a header that can be sent back; empty for one that cannot."""
    text: str = answer.headers.get(name, "")
    return text if text.isascii() and text.isprintable() and len(text) <= _MOST_HEADER else ""


def _conditions(state: SourceState) -> dict[str, str]:
    found = {"if-none-match": state.etag, "if-modified-since": state.last_modified}
    return {name: value for name, value in found.items() if value}


def _login(secrets: AccessSecrets) -> dict[str, str]:
    if secrets.token_file is not None:
        return {"authorization": f"Bearer {secret_files.read_line(secrets.token_file)}"}
    if secrets.user and secrets.password_file is not None:
        pair = f"{secrets.user}:{secret_files.read_line(secrets.password_file)}"
        return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    return {}


def _tls(secrets: AccessSecrets) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=secrets.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if secrets.certificate_file is not None and secrets.key_file is not None:
            secret_files.read(secrets.key_file)
            context.load_cert_chain(secrets.certificate_file, secrets.key_file)
    except (OSError, ssl.SSLError) as error:
        raise InvalidConfiguration("certificates: {error}", error=error) from error
    return context
