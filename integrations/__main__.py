"""The `fanzha-adapter` command: runs one adapter between a network and the service."""

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

ADAPTERS: dict[str, tuple[str, str]] = {
    "dns": ("integrations.dns.command", "Serves listed hosts to resolvers as a policy zone (RPZ)."),
}
"""Name of each adapter: the module whose ``main(config)`` runs it, and its summary.

Summaries stand here so that help loads no adapter.
"""


class AdapterModule(Protocol):
    """A module that runs an adapter."""

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
    module = cast("AdapterModule", import_module(ADAPTERS[chosen.adapter][0]))
    module.main(chosen.config)


if __name__ == "__main__":
    main()
