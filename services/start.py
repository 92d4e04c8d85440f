"""Where the installed command begins: `fanzha up` starts its fork server before anything else."""

import sys

from services.processes import fork_server_start


def main() -> None:
    """Run the command."""
    fork_server_start.start_early(sys.argv[1:])
    from services.__main__ import main as run  # noqa: PLC0415 - takes 0.1 s, in which both start

    run()
