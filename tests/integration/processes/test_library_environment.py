"""What a role tells libraries in the environment: they read it when they are imported."""

import os
import subprocess
import sys

from services.rpc.server_options import EXPERIMENTS, MERGED_FILTERS

PATIENCE = 120
TOLD = {EXPERIMENTS, "ARROW_DEFAULT_MEMORY_POOL"}
UNKNOWN = "Unknown experiment: no_such_experiment"
"""The core says so of a name that it does not know, if it reads it at all."""
WORKER = """
import sys
from services.rpc import server_options
server_options.MERGED_FILTERS = {tried!r}
sys.argv = ["fanzha", "worker"]
from services.__main__ import main
main()
"""
FORKS = """
from services.rpc import server_options
server_options.MERGED_FILTERS = {tried!r}
from services.cli import role_forks
from services.processes import roles
roles.load("worker")
"""


ARROW = """
from services.processes import roles
roles.load("worker")
import pyarrow
print(pyarrow.default_memory_pool().backend_name)
"""


def run(program: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    inherited = {name: text for name, text in os.environ.items() if name not in TOLD}
    return subprocess.run(
        [sys.executable, "-c", program], env=inherited | environment, capture_output=True,
        text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


def stderr_of(program: str, **environment: str) -> str:
    return run(program, **environment).stderr


def test_a_worker_says_what_to_try_before_it_imports_grpc() -> None:
    program = WORKER.format(tried="no_such_experiment")

    # Without a store it ends at once.
    assert UNKNOWN in stderr_of(program, FANZHA_REDIS_URL="")


def test_the_fork_server_says_what_to_try_before_it_imports_grpc() -> None:
    assert UNKNOWN in stderr_of(FORKS.format(tried="no_such_experiment"))


def test_the_installed_core_knows_what_it_is_to_try() -> None:
    assert "Unknown experiment" not in stderr_of(FORKS.format(tried=MERGED_FILTERS))


def test_what_the_environment_asks_for_goes_first() -> None:
    environment = {EXPERIMENTS: "no_such_experiment"}

    assert UNKNOWN in stderr_of(FORKS.format(tried=MERGED_FILTERS), **environment)


def test_arrow_keeps_no_memory_of_its_own() -> None:
    assert run(ARROW).stdout.strip() == "system"
