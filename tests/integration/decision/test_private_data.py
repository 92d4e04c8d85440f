"""What a real service writes is closed to other users of the machine, whatever the umask is."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis

from fanzha.client import channels
from fanzha.v1 import decision_pb2, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb
from tests.support.processes import Running, eventually, fanzha_up

CALLER, CALLEE, HANDSET = "+8617000000123", "+8619900000001", "35209900176148"
OURS = ("valkey", "lists", "admin-lists", "audit", "metrics", "siblings", "decisions", "appeals",
        "handset-key")  # fmt: skip


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    found = []
    for path in (folder, *folder.rglob("*")):
        # The service goes on: what it was writing has another name by now.
        with suppress(FileNotFoundError):
            mode = path.lstat().st_mode
            if mode & 0o077:
                found.append(f"{path.relative_to(folder)}: {mode & 0o777:o}")
    return sorted(found)


def denied_by_the_store(data: Path) -> list[str]:
    """Return what processes of ours asked of the store and its access list does not allow."""
    with redis.Redis.from_url((data / "valkey" / "url").read_text(), decode_responses=True) as one:
        return [f"{entry['username']}: {entry['object']}" for entry in one.acl_log()]


def blocked(service: Running) -> int:
    """Ask for a call; return the decision when it is blocked, and 0 otherwise."""
    with channels.blocking(service.interception) as channel:
        stub = interception_pb2_grpc.InterceptionServiceStub(channel)
        request = pb.DecideCallRequest(call=pb.Call(caller=CALLER, callee=CALLEE, handset=HANDSET))
        answer = stub.DecideCall(request, timeout=30).decision
    return answer.decision_id if answer.action == decision_pb2.ACTION_BLOCK else 0


def write_everything(service: Running, outside: Path) -> None:
    """Block, decide, appeal with a document, and drop a file of warnings."""
    service.fanzha("blocklist", "add", CALLER, "--source", "bureau", "--reason", "three victims",
                   "--legal-basis", "Order 7", "--by", "li")  # fmt: skip
    eventually(lambda: blocked(service) > 0)
    decision = str(blocked(service))
    document = outside / "licence.pdf"
    document.write_bytes(b"%PDF licence")
    opening = ("appeals", "open", decision, "--name", "Zhang San", "--contact", "z@bank.example",
               "--grounds", "our service", "--document", str(document), "--json")  # fmt: skip
    eventually(lambda: service.fanzha(*opening, check=False).returncode == 0)
    eventually(lambda: any((service.folder / "decisions").rglob("*.parquet")))


def test_files_of_a_service_are_private(tmp_path: Path) -> None:
    data, outside = tmp_path / "data", tmp_path / "outside"
    data.mkdir()
    outside.mkdir()
    dropped = data / "drops"
    with fanzha_up(
        data,
        workers=1,
        FANZHA_DECISION_LOG_FLUSH_SECONDS="0.5",
        FANZHA_DECISION_LOG_HANDSETS="1",
        FANZHA_CASCADE_SHARE="0",
        FANZHA_WARNING_DROP_DIR=str(dropped),
    ) as service:
        write_everything(service, outside)
        eventually(dropped.is_dir)
        evidence = outside / "evidence.zip"
        service.fanzha("audit", "evidence", CALLER, "--reason", "court", "--out", str(evidence))
        found = [line for line in open_to_others(data) if not line.startswith("up.log")]
        names = {path.name for path in data.iterdir()}
        denied = denied_by_the_store(data)

    assert found == []
    assert denied == []
    assert set(OURS) <= names
    files = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    assert not [content for content in files if HANDSET.encode() in content]
    assert (data / "appeals").is_dir()
    assert evidence.stat().st_mode & 0o777 == 0o600


def test_permissions_of_an_earlier_release_are_tightened_at_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "decisions" / "call").mkdir(parents=True)
    old = data / "decisions" / "call" / "old.parquet.torn"
    old.write_text(json.dumps({"caller": CALLER}))

    with fanzha_up(data, workers=1, FANZHA_WARNING_ENABLED="false", FANZHA_CASCADE_SHARE="0"):
        found = [line for line in open_to_others(data) if not line.startswith("up.log")]

    assert found == []
    assert "were open to other users" in (data / "up.log").read_text()
