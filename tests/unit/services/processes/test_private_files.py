"""What is written into the data folder is created private, even under an open umask.

The umask of our processes makes up for a writer that forgets its modes; here it does not.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blocklists.entry_table import EntryTable
from blocklists.snapshot import verified_files
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.publication import Publisher
from infra import atomic_file, file_lock
from infra.data_paths import HANDSET_KEY, MODELS
from services.audit import keys, log_files, recovery
from services.auth.local_authority import AuthorityFolder
from services.decision.model_kinds import ModelKind
from services.decision_log import schema
from services.decision_log.handsets import handset_hash
from services.decision_log.maintenance import LogMaintenance, RetentionLimits
from services.models import desired_models
from services.models.desired_models import DesiredModel
from services.telemetry.metrics_exporter import MetricsPages
from services.telemetry.worker_metrics import DecisionMetrics
from tests.support.audit_logs import a_chain, an_event
from tests.support.builders import NINE_O_CLOCK_MS, an_entry, some_calls
from tests.support.decision_logs import HOUR_MS, NOW_MS, Clock, logged

LISTED = an_entry("+8617000000001")


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def write_lists(folder: Path) -> None:
    lists = ListSegments.of_table(1, 5, EntryTable.from_entries([LISTED]), commit="a")
    publisher = Publisher(folder / "lists")
    publisher.publish(publisher.publish(lists))


def write_notes_of_lists(folder: Path) -> None:
    with atomic_file.create(folder / "base.lists") as file:
        file.write(bytes(verified_files.WORTH_BYTES))
    verified_files.note(folder, ["base.lists"])


def write_decision_log(folder: Path) -> None:
    """Log decisions in two segments, and have them compacted an hour later."""
    log = logged(folder)
    log.decide(some_calls("+8617000000001"), LISTED)
    log.decide(some_calls("+8617000000001"), LISTED)
    limits = RetentionLimits(days=dict.fromkeys(schema.ALL_FOLDERS, 180), max_bytes=2**40)
    maintenance = LogMaintenance(log.folder, limits, now_ms=Clock(NOW_MS + 2 * HOUR_MS))
    assert maintenance.turn()
    maintenance.close(1)


def write_audit_log(folder: Path) -> None:
    """Write a log, tear its end, and open it again."""
    atomic_file.make_folder(folder / "audit")
    chain = a_chain(folder / "audit")
    chain.open()
    chain.append([an_event()])
    chain.close()
    (newest,) = log_files.files(folder / "audit")
    with newest.open("ab") as file:
        file.write(b"torn")
    assert recovery.find_end(folder / "audit", NINE_O_CLOCK_MS).torn


def write_audit_keys(folder: Path) -> None:
    keys.open_key(folder / "audit" / keys.KEY_FILE)


def write_handset_key(folder: Path) -> None:
    handset_hash.open_hash(folder / HANDSET_KEY, create=True)


def write_metrics(folder: Path) -> None:
    pages = MetricsPages(folder / "metrics")
    DecisionMetrics.on_page(pages.directory, "worker-0", 1)


def write_identities(folder: Path) -> None:
    AuthorityFolder(folder / "identity").make([], now=datetime.now(UTC), days=3)


def write_models(folder: Path) -> None:
    desired_models.save_copy(folder, {ModelKind.TEXT: DesiredModel(active="text-1")})


def write_lock(folder: Path) -> None:
    descriptor = file_lock.lock(folder / "owner.lock")
    assert descriptor is not None
    os.close(descriptor)


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (write_lists, "lists/current.json"),
        (write_notes_of_lists, verified_files.NOTES),
        (write_decision_log, "call/**/*.parquet"),
        (write_audit_log, "audit/*.torn"),
        (write_audit_keys, "audit/key"),
        (write_handset_key, HANDSET_KEY),
        (write_metrics, "metrics/worker-0.1.page"),
        (write_identities, "identity/private/ca.key"),
        (write_models, MODELS),
        (write_lock, "owner.lock"),
    ],
)
def test_files_of_every_writer_are_private(
    tmp_path: Path, write: Callable[[Path], None], name: str
) -> None:
    tmp_path.chmod(0o700)

    write(tmp_path)

    assert list(tmp_path.glob(name))
    assert [
        f"{path.relative_to(tmp_path)}: {path.lstat().st_mode & 0o777:o}"
        for path in tmp_path.rglob("*")
        if path.lstat().st_mode & 0o077
    ] == []
