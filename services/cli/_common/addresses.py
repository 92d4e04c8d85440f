"""Finds the servers of a service from one address: ``--server``, or a profile.

Fanzha serves decisions, administration and warnings on three ports. Any of them tells where the
others are, so that a user names one.
"""

import os
from functools import cache
from typing import Any

import typer

from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import language
from services.cli._common.profiles import SERVER

PORTS = {"decisions": 7361, "administration": 7362, "warnings": 7365}
"""The ports of the servers where no setting changes them."""
VARIABLES = {
    "decisions": "FANZHA_TARGET",
    "administration": "FANZHA_ADMIN_TARGET",
    "warnings": "FANZHA_WARNING_TARGET",
}
"""Where each server is, unless an option says otherwise."""
WAIT_SECONDS = 5.0
_PORTS_END = 1 << 16
_ORDER = ("administration", "decisions", "warnings")


def resolved(context: Any, parameter: Any, value: str) -> str:
    """Return the address for an option ``--target``: as given, or found from ``--server``."""
    given = str(context.get_parameter_source(parameter.name)).rpartition(".")[2] != "DEFAULT"
    server = os.environ.get(SERVER, "")
    if given or not server or context.resilient_parsing:
        return value
    name = next(name for name, port in PORTS.items() if value.endswith(f":{port}"))
    try:
        return found(server)[name]
    except InvalidInput as error:
        raise typer.BadParameter(error.translated(language()), param_hint="--server") from None


def of_variables() -> dict[str, str]:
    """Return the address of each server that a variable names."""
    named = {name: os.environ.get(variable, "") for name, variable in VARIABLES.items()}
    return {name: address for name, address in named.items() if address}


@cache
def found(server: str) -> dict[str, str]:
    """Return the address of each server of the service at *server*, ``host`` or ``host:port``.

    Where no server answers they are those of the default ports, so that a command says what it
    could not reach.
    """
    host, port = split(server)
    addresses = {name: _joined(host, number) for name, number in PORTS.items()}
    for tried in [_joined(host, port)] if port else [addresses[name] for name in _ORDER]:
        described = describe(tried)
        if described is not None:
            return addresses | {
                one.name: _joined(host, one.port) for one in described.addresses if one.port
            }
    return dict.fromkeys(PORTS, server) if port else addresses


def describe(address: str) -> Any:
    """Return what the server at *address* says of itself; None where it says nothing."""
    import grpc

    from fanzha.client import channels
    from fanzha.v1 import access_pb2, access_pb2_grpc
    from services.cli._common.console import one_sentence

    with one_sentence(address), channels.blocking(address) as channel:
        stub = access_pb2_grpc.AccessServiceStub(channel)
        try:
            return stub.DescribeServer(access_pb2.DescribeServerRequest(), timeout=WAIT_SECONDS)
        except grpc.RpcError:
            # The command meets the same error, and says it with what it was about to do.
            return None


def split(server: str) -> tuple[str, int]:
    """Return host and port of an address, 0 for none."""
    host, colon, port = server.rpartition(":")
    if not colon or server.endswith("]") or (":" in host.strip("[]") and not host.endswith("]")):
        return server.strip("[]"), 0
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < _PORTS_END:
        raise InvalidInput("{server!r} is not HOST or HOST:PORT", server=server)
    return host.strip("[]"), int(port)


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
