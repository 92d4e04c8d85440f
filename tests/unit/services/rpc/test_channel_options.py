"""Options of servers and clients: gRPC's core ignores a name that it does not know."""

from pathlib import Path

import grpc
import pytest

from fanzha.client import channels
from services.rpc.server_options import ConnectionTimes, channel_options


@pytest.fixture(scope="module")
def core() -> bytes:
    (binary,) = Path(grpc.__file__).parent.glob("_cython/cygrpc*.so")
    return binary.read_bytes()


def test_the_core_knows_the_name_of_each_option(core: bytes) -> None:
    server = channel_options(
        max_message_bytes=1,
        max_connection_requests=1,
        max_queued_requests=1,
        times=ConnectionTimes(),
    )
    names = {name for name, _ in [*server, *channels.OPTIONS]}

    # With what ends a name in the binary, so that no other name contains it.
    unknown = {name for name in names if name.encode() + b"\0" not in core}

    assert unknown == set()
