"""Reads the URL of the store: one server, a cluster, or a primary that Sentinels name.

=====================================  ============================================================
``redis://``, ``rediss://`` (TLS)      one server
``unix://``                            one server on this machine
``redis+cluster://host:port``          a cluster; also ``rediss+cluster://``
``redis+sentinel://h:p,h:p/name/0``    the primary that the Sentinels at these addresses call
                                       *name*, and the number of its database; also
                                       ``rediss+sentinel://``. User and password are the primary's
=====================================  ============================================================

For TLS, ``tls_ca=FILE`` names the authorities that the store's certificate is checked against, by
default those of the system; ``tls_certificate=FILE`` and ``tls_key=FILE`` are shown to it. With
``sentinel_login=yes`` Sentinels take the user and password of the primary, too.

The parameter ``wait_replicas=1`` says how many replicas, besides the primary, must have a write in
their append-only files before it counts as durable; with ``wait_for=memory`` in their memory. See
docs/explanation/what-is-kept.md for what either survives, and costs.
"""

from dataclasses import dataclass
from enum import Enum
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from fanzha.errors import InvalidConfiguration
from infra import url_secrets

SCHEMES = ("redis://", "rediss://", "unix://", "redis+cluster://", "rediss+cluster://",
           "redis+sentinel://", "rediss+sentinel://")  # fmt: skip
_SENTINEL_PORT = 26379
_MOST_REPLICAS = 10
_WAIT, _WAIT_FOR = "wait_replicas", "wait_for"
_DISK, _MEMORY = "disk", "memory"
_TLS = {"tls_ca": "ssl_ca_certs", "tls_certificate": "ssl_certfile", "tls_key": "ssl_keyfile"}
"""Our parameters, and what redis-py calls them."""
_LOGIN = "sentinel_login"


class StoreKind(Enum):
    """What answers at an address."""

    SERVER = "server"
    CLUSTER = "cluster"
    SENTINEL = "sentinel"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaWait:
    """What a write waits for, besides the disk of the primary."""

    replicas: int = 0
    memory: bool = False
    """Whether the memory of replicas is enough, or their disks have to hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAddress:
    """A URL of the store, read."""

    kind: StoreKind
    url: str
    """What redis-py reads; empty for Sentinels."""
    wait: ReplicaWait = ReplicaWait()
    sentinels: tuple[tuple[str, int], ...] = ()
    primary: str = ""
    database: int = 0
    username: str | None = None
    password: str | None = None
    tls: bool = False
    tls_files: tuple[tuple[str, str], ...] = ()
    """Files of certificates and keys, by redis-py's names."""
    sentinel_login: bool = False
    """Whether Sentinels take the user and password, too."""


def read(url: str) -> StoreAddress:
    """Read a URL; raise ValueError, without quoting it, for one that is none of these."""
    if not url.startswith(SCHEMES):
        raise InvalidConfiguration("must start with one of {schemes}", schemes=", ".join(SCHEMES))
    scheme, _, rest = url.partition("://")
    plain, _, kind = scheme.partition("+")
    if kind == StoreKind.SENTINEL.value:
        return _sentinel(plain, rest)
    url_secrets.check(url)
    wait, bare = _without_wait(f"{plain}://{rest}")
    files, bare = _without_files(bare)
    return StoreAddress(
        kind=StoreKind.CLUSTER if kind else StoreKind.SERVER,
        url=bare,
        wait=wait,
        tls=plain == "rediss",
        tls_files=files,
    )


def _sentinel(scheme: str, rest: str) -> StoreAddress:
    wait, bare = _without_wait(f"{scheme}://{rest}")
    files, bare = _without_files(bare)
    logins, bare = _taken(bare, _LOGIN)
    if logins not in ([], ["yes"], ["no"]):
        raise InvalidConfiguration("sentinel_login must be yes or no")
    try:
        parts = urlsplit(bare)
    except ValueError:  # its words quote the URL
        raise InvalidConfiguration("must name the Sentinels as host:port,host:port") from None
    user, _, hosts = parts.netloc.rpartition("@")
    username, colon, password = user.partition(":")
    primary, _, database = parts.path.strip("/").partition("/")
    if not primary or (database and not database.isdecimal()) or parts.query:
        raise InvalidConfiguration(
            "must end with the name of the primary, and perhaps a database: …/primary/0"
        )
    return StoreAddress(
        kind=StoreKind.SENTINEL,
        url="",
        wait=wait,
        sentinels=tuple(_host(one) for one in hosts.split(",")),
        primary=unquote(primary),
        database=int(database or 0),
        username=unquote(username) or None,
        password=unquote(password) if colon else None,
        tls=scheme == "rediss",
        tls_files=files,
        sentinel_login=logins == ["yes"],
    )


def _host(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        raise InvalidConfiguration("must name the Sentinels as host:port,host:port")
    return host, port or _SENTINEL_PORT


def _without_wait(url: str) -> tuple[ReplicaWait, str]:
    """Take ``wait_replicas`` and ``wait_for`` out of a URL."""
    found, bare = _taken(url, _WAIT)
    places, bare = _taken(bare, _WAIT_FOR)
    if not found and not places:
        return ReplicaWait(), bare
    numbers = {str(number): number for number in range(_MOST_REPLICAS + 1)}
    if len(found) != 1 or found[0] not in numbers:
        raise InvalidConfiguration(
            "wait_replicas must be a number from 0 to {most}", most=_MOST_REPLICAS
        )
    if places not in ([], [_DISK], [_MEMORY]):
        raise InvalidConfiguration("wait_for must be disk or memory")
    return ReplicaWait(replicas=numbers[found[0]], memory=places == [_MEMORY]), bare


def _without_files(url: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """Take the files for TLS out of a URL."""
    files: dict[str, str] = {}
    for name, known in _TLS.items():
        found, url = _taken(url, name)
        if len(found) > 1 or found == [""]:
            raise InvalidConfiguration("{name} must be one file", name=name)
        if found:
            files[known] = found[0]
    if files and not url.startswith("rediss"):
        raise InvalidConfiguration("tls_ca, tls_certificate and tls_key are for rediss://")
    if (_TLS["tls_certificate"] in files) != (_TLS["tls_key"] in files):
        raise InvalidConfiguration("tls_certificate and tls_key: set both or neither")
    return tuple(files.items()), url


def _taken(url: str, name: str) -> tuple[list[str], str]:
    """Return the values of a parameter, and the URL without it."""
    head, _, query = url.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    found = [value for key, value in pairs if key == name]
    if not found:
        return [], url
    others = urlencode([pair for pair in pairs if pair[0] != name])
    return found, f"{head}?{others}" if others else head
