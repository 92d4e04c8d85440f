"""List administration over a real socket and a real store, for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fanzha.client import channels
from fanzha.v1 import blocklist_pb2_grpc
from services.cli.lists.commands import app
from tests.support.list_admin import ANY_RANGE, administering
from tests.support.list_client import ListClock, Run


@pytest.fixture
def clock() -> ListClock:
    return ListClock()


@pytest.fixture
def target(redis_url: str, tmp_path: Path, clock: ListClock) -> Iterator[str]:
    """Run list administration in a thread, by the clock of the test."""
    with administering(redis_url, tmp_path / "lists", clock.now_ms, risks=ANY_RANGE) as address:
        yield address


@pytest.fixture
def stub(target: str) -> Iterator[blocklist_pb2_grpc.BlocklistServiceStub]:
    with channels.blocking(target) as channel:
        yield blocklist_pb2_grpc.BlocklistServiceStub(channel)


@pytest.fixture
def run(target: str) -> Run:
    def run_command(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--target", target])

    return run_command
