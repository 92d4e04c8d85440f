"""An address names a server, with or without a port, in IPv4, IPv6 or by name."""

import pytest

from fanzha.errors import InvalidInput
from services.cli._common import addresses


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("fanzha.bureau.example", "fanzha.bureau.example", 0),
        ("fanzha.bureau.example:7362", "fanzha.bureau.example", 7362),
        ("127.0.0.1", "127.0.0.1", 0),
        ("127.0.0.1:1", "127.0.0.1", 1),
        ("::1", "::1", 0),
        ("[::1]", "::1", 0),
        ("[::1]:65535", "::1", 65535),
    ],
)
def test_an_address_is_split(written: str, host: str, port: int) -> None:
    assert addresses.split(written) == (host, port)


@pytest.mark.parametrize("written", ["h:", "h:x", "h:0", "h:65536", "h:-1", "h:７３６２"])
def test_a_port_is_a_number(written: str) -> None:
    with pytest.raises(InvalidInput):
        addresses.split(written)


def test_an_address_without_a_server_is_that_of_the_command_itself() -> None:
    assert addresses.found("127.0.0.1:1") == dict.fromkeys(addresses.PORTS, "127.0.0.1:1")
