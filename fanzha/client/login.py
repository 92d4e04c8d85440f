"""Credentials of a client: a token, a client certificate, the authorities it trusts.

Needs grpcio and nothing else of ours. A token is a bearer secret, so without TLS it is sent to
loopback only.
"""

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Self, TypeAlias

import grpc

Metadata: TypeAlias = tuple[tuple[str, str], ...]

TOKEN = "FANZHA_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE = "FANZHA_TOKEN_FILE"  # noqa: S105
TLS_CA = "FANZHA_TLS_CA"
TLS_CERTIFICATE = "FANZHA_TLS_CLIENT_CERTIFICATE"
TLS_KEY = "FANZHA_TLS_CLIENT_KEY"
"""Not FANZHA_TLS_KEY, which is the server's."""

RELOAD_SECONDS = 1.0
"""How often a token file is checked, while requests are sent."""


class LoginError(ValueError):
    """A credential is missing, unreadable, or must not be sent.

    *message* has places for *values*: a program that speaks other languages can translate it.
    """

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(message.format_map(values))
        self.message = message
        self.values = values


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """All empty: no TLS, no credentials."""

    token: str = ""
    token_file: str = ""
    """Reloaded when it changes, for tokens rotate."""
    ca: str = ""
    """PEM file with the authorities of servers; setting it turns TLS on. ``system``: gRPC's
    own."""
    certificate: str = ""
    """PEM file with the client's certificate; setting it turns TLS on."""
    key: str = ""
    """PEM file with its private key."""

    def __post_init__(self) -> None:
        if self.token and self.token_file:
            raise LoginError("token: give it or a file with it, not both")
        if not _is_sendable(self.token):
            raise LoginError("token: only letters, digits and signs of ASCII can be sent")
        if bool(self.certificate) != bool(self.key):
            raise LoginError("a client certificate and its key: both are needed, or none")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read FANZHA_TOKEN, FANZHA_TOKEN_FILE and FANZHA_TLS_…."""
        variables = os.environ if environment is None else environment
        return cls(
            token=variables.get(TOKEN, "").strip(),
            token_file=variables.get(TOKEN_FILE, ""),
            ca=variables.get(TLS_CA, ""),
            certificate=variables.get(TLS_CERTIFICATE, ""),
            key=variables.get(TLS_KEY, ""),
        )

    @property
    def encrypted(self) -> bool:
        """Whether TLS is on."""
        return bool(self.ca or self.certificate)

    def credentials(self) -> grpc.ChannelCredentials | None:
        """Read the files; None: no TLS."""
        if not self.encrypted:
            return None
        return grpc.ssl_channel_credentials(
            None if self.ca in ("", "system") else _contents(self.ca),
            _contents(self.key) if self.key else None,
            _contents(self.certificate) if self.certificate else None,
        )

    def bearer(self, target: str, *, encrypted: bool) -> "Bearer | None":
        """Return the token as metadata for *target*; None without one."""
        if not (self.token or self.token_file):
            return None
        if not encrypted and not is_local(target):
            raise LoginError(
                "the token is not sent: {target} is another machine, and without TLS anyone on "
                "the path could read it; set the authority of the server with --tls-ca or "
                "{variable}",
                target=target,
                variable=TLS_CA,
            )
        return Bearer(self)


class Bearer:
    """The token of a login, as metadata of a request."""

    def __init__(self, login: Login, clock: Callable[[], float] = monotonic) -> None:
        self._path = Path(login.token_file) if login.token_file else None
        self._clock = clock
        self._mark = 0
        self._reload_at = clock()
        self._metadata = _metadata(login.token)
        self.metadata()

    def metadata(self) -> Metadata:
        """Return the metadata; a changed token file is reloaded."""
        if self._path is not None and self._clock() >= self._reload_at:
            self._reload_at = self._clock() + RELOAD_SECONDS
            self._reload(self._path)
        return self._metadata

    def _reload(self, path: Path) -> None:
        try:
            mark = path.stat().st_mtime_ns
            if mark != self._mark:
                self._metadata = _metadata(_read(path))
                self._mark = mark
        except (OSError, ValueError) as error:
            if not self._mark:  # else keep the previous token: it may still be valid
                if isinstance(error, OSError):
                    raise _unreadable(path, error) from error
                raise LoginError("{file}: is no token", file=path) from error


def is_local(target: str) -> bool:
    """Return whether what is sent to *target* stays on this machine."""
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    for scheme in ("dns:///", "dns:", "ipv4:", "ipv6:"):
        target = target.removeprefix(scheme)
    host = target.rpartition(":")[0].strip("[]") or target
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(path: Path) -> str:
    token = path.read_text("ascii").strip()
    if not _is_sendable(token):
        raise ValueError("holds a control character")
    return token


def _is_sendable(token: str) -> bool:
    # gRPC fails on other values without saying why.
    return token.isascii() and token.isprintable()


def _metadata(token: str) -> Metadata:
    return (("authorization", f"Bearer {token}"),)


def _contents(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: str | Path, error: OSError) -> LoginError:
    return LoginError("{file}: {error}", file=file, error=error.strerror)
