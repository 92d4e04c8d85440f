"""The roles of a running service: forked by one process, and started anew without it."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fanzha.client import Client, Text
from infra.data_paths import ENCODER
from tests.support.processes import (
    LEAN,
    NO_WARNINGS,
    Running,
    eventually,
    fanzha_up,
    processes_of,
)

FORKS = "services.cli.role_forks"
WORKER = "-m services worker"
_LOOKS_TWICE = re.compile(
    r'^fanzha_cascade_available{[^}]*channel="(?:sms|text)"[^}]*} 1', re.MULTILINE
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with fanzha_up(Path(tmp_path_factory.mktemp("up")), workers=2, **NO_WARNINGS) as running:
        yield running


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])


def shared_bytes(process: int) -> int:
    """Return how much of its memory a process shares with others."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    figures = dict(line.split(":") for line in rollup[1:])
    kilobytes = sum(int(figures[f"Shared_{kind}"].split()[0]) for kind in ("Clean", "Dirty"))
    return kilobytes * 1024


def test_all_roles_are_forked_by_one_process(service: Running) -> None:
    root = service.process.pid
    [forks] = processes_of(root, FORKS)
    roles = [*processes_of(root, WORKER), *processes_of(root, "-m services admin")]

    assert len(roles) == 3
    assert {parent_of(role) for role in roles} == {forks}


def test_workers_share_the_sentence_encoder(service: Running) -> None:
    table_bytes = 65 * 10**6

    for worker in processes_of(service.process.pid, WORKER):
        assert shared_bytes(worker) > table_bytes
    eventually(lambda: len(_LOOKS_TWICE.findall(service.metrics_page())) > 0)


def test_the_table_of_the_encoder_is_kept_for_the_next_start(service: Running) -> None:
    eventually((service.folder / ENCODER).exists)

    assert (service.folder / ENCODER).stat().st_mode & 0o777 == 0o600


def test_a_killed_worker_is_forked_again(service: Running) -> None:
    root = service.process.pid
    [forks] = processes_of(root, FORKS)
    before = processes_of(root, WORKER)

    os.kill(before[0], signal.SIGKILL)

    eventually(lambda: len(set(processes_of(root, WORKER)) - set(before)) == 1)
    [new] = set(processes_of(root, WORKER)) - set(before)
    assert parent_of(new) == forks
    assert "restarting" in (service.folder / "up.log").read_text()


def test_without_the_process_that_forks_a_killed_worker_is_started_anew(tmp_path: Path) -> None:
    with fanzha_up(tmp_path, workers=1, **LEAN) as service:
        root = service.process.pid
        [forks], [before] = processes_of(root, FORKS), processes_of(root, WORKER)
        with Client(service.interception) as client:
            os.kill(forks, signal.SIGKILL)
            assert not client.decide_text(Text(sender="+8617000000001", body="在吗")).blocked

        os.kill(before, signal.SIGKILL)

        eventually(lambda: processes_of(root, WORKER) not in ([], [before]))
        [new] = processes_of(root, WORKER)
        assert parent_of(new) == root
        serving = '"event": "serving"'
        eventually(lambda: (tmp_path / "up.log").read_text().count(serving) == 2)
    assert service.process.returncode == 0
