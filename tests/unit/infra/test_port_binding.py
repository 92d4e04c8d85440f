"""A port is ours alone, or shared with whom we mean to share it."""

import socket
from collections.abc import Iterator

import pytest

from infra.port_binding import SharedPort, check_port_free

LOOPBACK = "127.0.0.1"


@pytest.fixture
def stranger() -> Iterator[socket.socket]:
    with socket.socket() as bound:
        # As gRPC does: whoever sets this, too, would share the port.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((LOOPBACK, 0))
        yield bound


@pytest.mark.parametrize("host", [LOOPBACK, "0.0.0.0"])
def test_a_port_in_use_is_not_shared(stranger: socket.socket, host: str) -> None:
    stranger.listen()

    with pytest.raises(RuntimeError, match=f"{host}:.*another server listens there"):
        check_port_free(host, stranger.getsockname()[1])


def test_a_reserved_port_can_be_served_on(stranger: socket.socket) -> None:
    check_port_free(LOOPBACK, stranger.getsockname()[1])
    check_port_free(LOOPBACK, 0)


def test_sharing_a_port_takes_it_from_no_other_program(stranger: socket.socket) -> None:
    with pytest.raises(RuntimeError, match="cannot listen"):
        SharedPort(LOOPBACK, stranger.getsockname()[1])


def test_a_port_to_share_can_be_shared() -> None:
    reserved = SharedPort(LOOPBACK, 0)

    with socket.socket() as worker:
        worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        worker.bind((LOOPBACK, reserved.number))
    reserved.close()
