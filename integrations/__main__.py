"""The `fanzha-adapter` command: runs one adapter between a network and the service."""

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from integrations.common.settings import AdapterSettings

ADAPTERS: dict[str, tuple[str, str]] = {
    "sip": ("integrations.sip.command", "answers a SIP proxy whether a call may ring"),
    "call-ends": (
        "integrations.sip.call_ends.command",
        "reports ended calls from files that a switch writes",
    ),
    "ext-authz": (
        "integrations.http.ext_authz",
        "answers Envoy's external authorization (gRPC) about HTTP requests",
    ),
    "icap": ("integrations.http.icap", "answers Squid and other proxies over ICAP (RFC 3507)"),
    "forward-auth": (
        "integrations.http.forward_auth",
        "answers subrequests of nginx, Traefik and Caddy about HTTP requests",
    ),
    "block-page": (
        "integrations.http.block_page",
        "shows people why a page was blocked, and takes their appeals",
    ),
    "dns": ("integrations.dns.command", "serves listed hosts to resolvers as a policy zone (RPZ)"),
    "cmpp": ("integrations.cmpp.command", "relays CMPP between service providers and an ISMG"),
    "dnstap": (
        "integrations.dnstap.command",
        "reports who looked up a listed name, for warnings, as resolvers tell it (dnstap)",
    ),
    "smpp": ("integrations.smpp.command", "relays SMPP between ESMEs and an SMSC"),
}
"""Name of each adapter: the module whose ``main(config)`` runs it, and its summary.

Summaries stand here so that help loads no adapter.
"""


class AdapterModule(Protocol):
    """A module that runs an adapter."""

    SETTINGS: "type[AdapterSettings]"
    """What an operator may set of it."""

    def main(self, config: Path | None) -> None:
        """Run until the process is told to end."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the adapter that the first argument names."""
    parser = argparse.ArgumentParser(
        prog="fanzha-adapter",
        description="Connects a network's own servers to Fanzha. Each adapter lets traffic through "
        "when no service answers, unless its fail_policy says otherwise.",
        epilog="Settings: a TOML file, or the environment, FANZHA_<ADAPTER>_<NAME>.",
    )
    commands = parser.add_subparsers(dest="adapter", required=True, metavar="adapter")
    for name, (_, summary) in ADAPTERS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        command.add_argument("--config", type=Path, help="TOML file with settings")
    chosen = parser.parse_args(arguments)
    module_of(chosen.adapter).main(chosen.config)


def module_of(name: str) -> AdapterModule:
    """Return the module of an adapter."""
    return cast("AdapterModule", import_module(ADAPTERS[name][0]))


if __name__ == "__main__":
    main()
