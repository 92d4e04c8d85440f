"""Commands that are forked for tests end and write as those that are started."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.support import preloaded
from tests.support.processes import FANZHA, run

SETTINGS = {"FANZHA_ADMIN_TARGET": "127.0.0.1:1", "COLUMNS": "80"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("version",),
        ("blocklist", "list"),
        ("blocklst",),
        ("audit", "verify", "/nowhere"),
        ("admin",),
        ("identity", "show", "--target", "fanzha.example"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_forked_command_behaves_like_a_started_one(arguments: tuple[str, ...]) -> None:
    started = subprocess.run(
        [*FANZHA, *arguments],
        env=SETTINGS,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    forked = run(*arguments, **SETTINGS)

    assert (forked.returncode, forked.stdout, forked.stderr) == (
        started.returncode,
        started.stdout,
        started.stderr,
    )


def test_the_status_of_a_forked_command_names_its_fatal_signal(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        command = preloaded.start(["warn"], {"FANZHA_REDIS_URL": "redis://127.0.0.1:1"}, out, out)
        running = command.poll()
        command.send_signal(signal.SIGKILL)

        assert running is None
        assert command.wait(60) == -signal.SIGKILL
        assert command.poll() == -signal.SIGKILL
