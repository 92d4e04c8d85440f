"""Where the installed command begins: `fanzha up` starts its fork server before anything else."""

import sys

PARENTS = frozenset({"up", "serve"})
"""Roles that start others."""


def main() -> None:
    """Run the command."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] in PARENTS and not {"-h", "--help"} & {*arguments}:
        from services.cli import role_forks  # noqa: PLC0415 - others do not need it

        role_forks.start_early()
    from services.__main__ import main as run  # noqa: PLC0415 - the fork server needs none of it

    run()
