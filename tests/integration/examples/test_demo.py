"""``make demo`` shows the service at work wherever it runs."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from services.settings import loader
from services.settings.settings import Settings
from services.settings.variables import PREFIX
from tests.support.checkout import CHECKOUT


@pytest.fixture
def default_ports_taken() -> Iterator[None]:
    """Listen on every port that a service takes unless told otherwise, or leave whoever does."""
    with ExitStack() as stack:
        for variable in loader.free_ports():
            field = Settings.model_fields[variable.removeprefix(PREFIX).lower()]
            listener = stack.enter_context(socket.socket())
            with suppress(OSError):
                listener.bind(("127.0.0.1", field.default))
                listener.listen()
        yield


@pytest.mark.usefixtures("default_ports_taken")
def test_the_demo_runs_where_the_default_ports_are_taken() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=CHECKOUT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip

    assert not done.returncode, done.stdout[-4000:] + done.stderr[-4000:]
    assert "What it took" in done.stdout
