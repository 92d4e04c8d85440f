"""Servers of sources for tests: HTTPS with an authority of its own, and SFTP; both misbehave."""

import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import asyncssh
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOOPBACK = "127.0.0.1"
USER, PASSWORD = "fanzha", "a-password-of-tests"


@dataclass
class HttpsFeed:
    """What the server answers, and what it was asked."""

    port: int
    ca_file: Path
    body: bytes = b""
    etag: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    """Content-Length, where it is not that of the body; -1: none."""
    drips: threading.Event | None = None
    """Until it is set, the body comes a byte a second."""
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"https://{LOOPBACK}:{self.port}/lists/numbers.csv"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        feed: HttpsFeed = self.server.feed  # type: ignore[attr-defined]
        feed.asked.append({name.lower(): value for name, value in self.headers.items()})
        if feed.etag and self.headers.get("if-none-match") == feed.etag:
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(feed.status)
        length = len(feed.body) if feed.length is None else feed.length
        if length >= 0:
            self.send_header("content-length", str(length))
        if feed.etag:
            self.send_header("etag", feed.etag)
        for name, value in feed.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._send(feed)

    def _send(self, feed: HttpsFeed) -> None:
        try:
            if feed.drips is None:
                self.wfile.write(feed.body)
                return
            for byte in feed.body:
                self.wfile.write(bytes([byte]))
                if feed.drips.wait(1.0):
                    return
        except OSError:
            return  # the client has hung up, which is what it should do

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        return  # handshakes that fail on purpose


@contextmanager
def https_feed(folder: Path, *, client_ca: Path | None = None) -> Iterator[HttpsFeed]:
    """Serve one file by HTTPS on loopback; with *client_ca*, only to clients that it signed."""
    ca_file, certificate, key = certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
    server = _Server((LOOPBACK, 0), _Handler)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    feed = HttpsFeed(port=server.server_port, ca_file=ca_file)
    server.feed = feed  # type: ignore[attr-defined]
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.05))
    thread.start()
    try:
        yield feed
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Make an authority, and a certificate of it for loopback; return their files and the key."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    ca = (
        _builder("tests", "tests", ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))])
    leaf = (
        _builder("server", "tests", key.public_key())
        .add_extension(names, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    found = folder / "ca.pem", folder / "server.pem", folder / "server.key"
    found[0].write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    found[1].write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    secret(found[2], private)
    return found


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


def secret(file: Path, content: bytes) -> Path:
    """Write a file that nobody else may read."""
    file.touch(mode=0o600)
    file.write_bytes(content)
    return file


class _Login(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@dataclass
class SftpServer:
    """A server, and the public key it shows."""

    port: int
    host_key: str
    folder: Path
    acceptor: asyncssh.SSHAcceptor
    dies_after: list[int | None]
    """Place in a file at which its connections end; None: they do not."""

    @property
    def address(self) -> str:
        return f"sftp://{USER}@{LOOPBACK}:{self.port}/drop"


class _Files(asyncssh.SFTPServer):
    def __init__(
        self,
        channel: "asyncssh.SSHServerChannel[bytes]",
        folder: Path,
        dies_after: list[int | None],
    ) -> None:
        super().__init__(channel, chroot=str(folder).encode())
        self._dies_after = dies_after

    def read(self, file_obj: object, offset: int, size: int) -> Any:
        place = self._dies_after[0]
        if place is not None and offset >= place:
            self.channel.get_connection().abort()
        return super().read(file_obj, offset, size)


@asynccontextmanager
async def sftp_server(
    folder: Path, *, client_key: str = "", dies_after: int | None = None
) -> AsyncIterator[SftpServer]:
    """Serve *folder* by SFTP on loopback; its files for sources lie in ``drop``."""
    (folder / "drop").mkdir(parents=True, exist_ok=True)
    key = asyncssh.generate_private_key("ssh-ed25519")
    keys = asyncssh.import_authorized_keys(client_key) if client_key else None
    place = [dies_after]
    acceptor = await asyncssh.listen(
        LOOPBACK,
        0,
        server_factory=_Login,
        server_host_keys=[key],
        authorized_client_keys=keys,
        sftp_factory=lambda channel: _Files(channel, folder, place),
    )
    server = SftpServer(
        port=acceptor.get_port(),
        host_key=key.export_public_key().decode().strip(),
        folder=folder / "drop",
        acceptor=acceptor,
        dies_after=place,
    )
    try:
        yield server
    finally:
        acceptor.close()
        await acceptor.wait_closed()
