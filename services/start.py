"""Where the installed command begins: `fanzha up` starts its fork server before anything else."""

import sys

PARENTS = frozenset({"up", "serve"})
"""Roles that start others."""


def main() -> None:
    """Run the command."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] in PARENTS and not {"-h", "--help"} & {*arguments}:
        from services.processes import fork_server_start  # noqa: PLC0415 - others do not need it

        fork_server_start.start_early()
    from services.__main__ import main as run  # noqa: PLC0415 - takes 0.1 s, in which both start

    run()
