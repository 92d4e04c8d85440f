"""Keeps a port for processes that will share it (SO_REUSEPORT), and from those that would not.

gRPC shares every port it listens on, so a second server there gets some of the requests, and
nobody is told.
"""

import socket

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is asked, not listened on
_PATIENCE_SECONDS = 2.0


def insist_on_being_alone(host: str, port: int) -> None:
    """Raise RuntimeError where somebody serves on a port that we are to serve on, too."""
    if not port:
        return
    try:
        with socket.create_connection((_ANY.get(host, host), port), _PATIENCE_SECONDS):
            pass
    except OSError:
        return
    raise RuntimeError(f"cannot listen on {host}:{port}: somebody serves there already")


class SharedPort:
    """A bound socket that never listens: it keeps the port ours while workers come and go."""

    def __init__(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        if port:
            # Alone first: another program that shares the port would get half the requests.
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                _bind(probe, host, port)
        self._socket = socket.socket(family)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _bind(self._socket, host, port)
        self.number: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


def _bind(target: socket.socket, host: str, port: int) -> None:
    try:
        target.bind((host, port))
    except OSError as error:
        raise RuntimeError(f"cannot listen on {host}:{port}: {error.strerror}") from error
