"""The fork server of `fanzha up` and `serve`: ``python -m services.cli.role_forks DESCRIPTOR``."""

import gc
import os
import socket
import sys

from fanzha.translation import catalogue
from infra import fork_server
from infra.fork_server import ForkRequest
from services.processes import roles


def main() -> int:
    """Fork roles until the parent is gone; return the exit status, of a role in its process."""
    gc.disable()  # imports leave no garbage, and a child enables it again
    shared = roles.load_shared()
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        return fork_server.serve(
            channel,
            prepare=lambda request: shared.prepare(request.arguments[0], request.environment),
            run=_run,
            once_idle=shared.keep,
        )


def _run(request: ForkRequest) -> int:
    try:
        # What only this role imports, it imports here, beside the others.
        role = roles.load(request.arguments[0])
        gc.enable()
        catalogue.use(catalogue.language_of(os.environ))
        return roles.run(role)
    except (ValueError, RuntimeError, OSError) as error:
        from services.cli._common import console, exit_status

        console.print_fault(console.fault_text(error))
        return int(exit_status.ExitStatus.USAGE)


if __name__ == "__main__":
    sys.exit(main())
