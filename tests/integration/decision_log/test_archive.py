"""Segments reach a real object store over TLS, whatever happens to it, and come back."""

import json
import signal
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from infra.clock import now_ms
from services.decision_log.archive import receipts
from services.decision_log.archive.archive_reader import ArchiveReader
from services.decision_log.archive.follower import ArchiveFollower, ArchiveScope
from services.decision_log.archive.object_store import ArchiveCause, ArchiveFault
from services.decision_log.archive.s3_objects import S3Objects, S3Place
from services.decision_log.partitions import logged_hours
from tests.support import processes
from tests.support.builders import an_entry, some_calls
from tests.support.decision_logs import HOUR_MS, logged
from tests.support.object_server import BUCKET, READER, ObjectServer, object_server
from tests.support.processes import LEAN, eventually, fanzha_up

FRAUD, ANN = "+8617000000123", "+8619900000001"
DAY = "2026-01-05"
SCOPE = ArchiveScope(kinds=("call",), days=3650)
ARCHIVED = {
    "fanzha_decision_log_archive_segments_total 2.0",
    "fanzha_decision_log_archive_lag_seconds 0.0",
}
"""What a page says of two hours of which none is left to do."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    with object_server(tmp_path_factory.mktemp("objects")) as running:
        yield running


def objects(server: ObjectServer, prefix: str, **changed: object) -> S3Objects:
    """Reach the server; what tests store lies below prefixes of their own."""
    where: dict[str, object] = {
        "bucket": BUCKET,
        "prefix": prefix,
        "endpoint": server.endpoint,
        "credentials_file": server.credentials(),
        "ca_file": server.authority,
        "timeout_seconds": 60.0,
    }
    return S3Objects(S3Place(**(where | changed)))  # type: ignore[arg-type]


def a_log(folder: Path, hours: int) -> None:
    log = logged(folder)
    for _ in range(hours):
        log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))
        log.clock.now_ms += HOUR_MS


def a_file(folder: Path, content: bytes = b"a segment") -> tuple[Path, str]:
    path = folder / "file"
    path.write_bytes(content)
    return path, sha256(content).hexdigest()


def test_what_is_stored_is_described_listed_read_and_removed(
    server: ObjectServer, tmp_path: Path
) -> None:
    stored = objects(server, "round/")
    path, digest = a_file(tmp_path, bytes(range(256)) * 20_000)

    stored.put("day=2026-01-05/a", path, sha256=digest)
    stored.put("day=2026-01-06/b", path, sha256=digest)
    found, read = stored.find("day=2026-01-05/a"), BytesIO()
    stored.fetch("day=2026-01-05/a", read)
    listed = [one.key for one in stored.names("day=")]
    stored.delete(["day=2026-01-05/a", "never there"])

    assert found is not None
    assert (found.size, found.sha256) == (path.stat().st_size, digest)
    assert read.getvalue() == path.read_bytes()
    assert listed == ["day=2026-01-05/a", "day=2026-01-06/b"]
    assert stored.find("day=2026-01-05/a") is None


def test_the_store_refuses_what_is_not_what_was_announced(
    server: ObjectServer, tmp_path: Path
) -> None:
    path, _ = a_file(tmp_path)

    with pytest.raises(ArchiveFault) as raised:
        objects(server, "wrong/").put("a", path, sha256=sha256(b"another").hexdigest())

    assert raised.value.cause is ArchiveCause.DAMAGED
    assert objects(server, "wrong/").find("a") is None


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"credentials_file": ("writer", "wrong")}, ArchiveCause.REFUSED),
        ({"credentials_file": READER}, ArchiveCause.REFUSED),
        ({"bucket": "nobodys"}, ArchiveCause.REFUSED),
        ({"ca_file": None}, ArchiveCause.UNREACHABLE),
        ({"endpoint": "https://127.0.0.1:1"}, ArchiveCause.UNREACHABLE),
    ],
    ids=["wrong secret", "may only read", "no such bucket", "unknown authority", "nobody there"],
)
def test_each_way_to_be_turned_away_has_its_cause(
    server: ObjectServer, tmp_path: Path, changed: dict[str, object], cause: ArchiveCause
) -> None:
    path, digest = a_file(tmp_path)
    login = changed.get("credentials_file")
    if isinstance(login, tuple):
        file = tmp_path / "credentials"
        file.write_text(f"access_key_id={login[0]}\nsecret_access_key={login[1]}\n")
        changed = {"credentials_file": file}

    with pytest.raises(ArchiveFault) as raised:
        objects(server, "refused/", **changed).put("a", path, sha256=digest)

    assert raised.value.cause is cause
    assert "wrong" not in str(raised.value)


def test_credentials_are_read_again_when_their_file_changes(
    server: ObjectServer, tmp_path: Path
) -> None:
    path, digest = a_file(tmp_path)
    file = tmp_path / "credentials"
    file.write_text("access_key_id=writer\nsecret_access_key=old\n")
    stored = objects(server, "rotated/", credentials_file=file)

    with pytest.raises(ArchiveFault):
        stored.put("a", path, sha256=digest)
    file.write_text(server.credentials().read_text())
    stored.put("a", path, sha256=digest)

    assert stored.find("a") is not None


def test_a_store_that_is_killed_in_the_middle_loses_and_doubles_nothing(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    a_log(tmp_path / "log", hours=6)
    with object_server(tmp_path / "store") as server:
        stored = objects(server, "killed/")
        archive = ArchiveFollower(tmp_path / "log", stored, SCOPE, now_ms=now_ms, turn_seconds=0.05)
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        archive.start()
        eventually(lambda: archive.figures.waiting == 6)
        server.kill()
        eventually(lambda: archive.figures.failures[ArchiveCause.UNREACHABLE] > 0)
        hours = list(logged_hours(tmp_path / "log", "call"))
        held = [archive.may_go(hour) for hour in hours]

        server.start()
        eventually(lambda: archive.figures.segments == 6 and archive.figures.waiting == 0)
        archive.close(processes.PATIENCE_SECONDS)
        check = ArchiveReader(stored, tmp_path / "log").verify(DAY, ["call"])

    assert held == [False] * 6
    assert all(map(receipts.covers, hours))
    assert (check.whole, check.damaged, check.missing) == (6, [], [])


def test_a_service_archives_its_log_and_brings_a_day_back_on_record(
    server: ObjectServer, tmp_path: Path
) -> None:
    a_log(tmp_path / "decisions", hours=2)
    settings = server.settings() | {
        "FANZHA_DECISION_LOG_ARCHIVE_PREFIX": "service/",
        "FANZHA_DECISION_LOG_ARCHIVE_DAYS": "3650",
        "FANZHA_DECISION_LOG_DAYS": "3650",
    }
    with fanzha_up(tmp_path, workers=1, **LEAN, **settings) as running:
        # The last segment counts a moment before its hour does.
        eventually(lambda: set(running.metrics_page().splitlines()) >= ARCHIVED)
        host = settings | {"FANZHA_DATA_DIR": str(tmp_path)}
        status = processes.run("decisions", "archive", "status", "--json", **host)
        verified = processes.run("decisions", "archive", "verify", DAY, **host)
        fetched = processes.run("decisions", "archive", "fetch", DAY, "--json", **host)
        eventually(lambda: "decisions_restored" in running.fanzha("audit", "list").stdout)
    asked = processes.run(
        *("decisions", "find", "--offline", "--folder", str(tmp_path / "restored")),
        *("--since", "2026-01-01", "--number", FRAUD, "--json"),
    )

    assert [one["segments"] for one in json.loads(status.stdout)["days"]] == [2]
    assert verified.returncode == 0, verified.stderr
    found = json.loads(fetched.stdout)
    assert (found["segments"], found["rows"], found["recorded"]) == (2, 2, True)
    assert json.loads(asked.stdout)["total"] == 2
