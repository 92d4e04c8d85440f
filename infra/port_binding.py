"""Reserve a port for worker processes that share it (SO_REUSEPORT), and detect foreign servers.

gRPC sets SO_REUSEPORT on every port it listens on. A second server on the same port would silently
get some of the requests.
"""

import socket

from fanzha.errors import CannotStart

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - connected to, not listened on
_PATIENCE_SECONDS = 2.0


def check_port_free(host: str, port: int) -> None:
    """Raise RuntimeError where another server listens on *port*; 0 is never taken."""
    if not port:
        return
    try:
        with socket.create_connection((_ANY.get(host, host), port), _PATIENCE_SECONDS):
            pass
    except OSError:
        return
    raise CannotStart(
        "cannot listen on {host}:{port}: another server listens there", host=host, port=port
    )


class SharedPort:
    """A bound socket that never listens: keeps the port reserved while workers restart."""

    def __init__(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        if port:
            # Without SO_REUSEPORT first, so that a server that shares the port is an error.
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                _bind(probe, host, port)
        self._socket = socket.socket(family)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _bind(self._socket, host, port)
        self.number: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Release the port."""
        self._socket.close()


def _bind(target: socket.socket, host: str, port: int) -> None:
    try:
        target.bind((host, port))
    except OSError as error:
        raise CannotStart(
            "cannot listen on {host}:{port}: {error}",
            host=host,
            port=port,
            error=error,
        ) from error
