"""Where evidence comes from: a real store, one that is away, an audit log that is full."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from blocklists.entries import Entry
from blocklists.entry_table import EntryTable, Identities
from blocklists.store.changes import ListChange
from blocklists.store.store import Store
from blocklists.store.worker_reports import WorkerReport
from fanzha.errors import InvalidInput, NotFound, Unavailable
from fanzha.phone import HomePlan
from infra.redis.client import connect
from services.audit.log import AuditLog, open_log
from services.evidence_package import subjects
from services.evidence_package.list_history import PastChanges, Versions
from services.evidence_package.sections import EvidenceSource
from services.evidence_package.service import EvidencePackages
from services.models.store import ModelStore
from tests.support.audit_logs import Clock, no_file_beyond
from tests.support.builders import NINE_O_CLOCK_MS, an_entry

FRAUD, OTHER = "+8617000000123", "+8617000000321"
SUBJECT = subjects.read(FRAUD, HomePlan())
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    client = connect(redis_url, decode_responses=False)
    yield Store(client)
    await client.aclose()


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[AuditLog]:
    log = open_log(tmp_path / "audit", key_file=None, within=100, quiet_seconds=60, now_ms=Clock())
    await log.open()
    yield log
    await log.close()


async def commit(
    store: Store, *entries: Entry, removed: Sequence[Entry] = (), **words: str
) -> None:
    change: dict[str, Any] = {"author": "li", "reason": "weekly list"}
    await store.commit(
        ListChange(
            version=0,
            committed_at_ms=NINE_O_CLOCK_MS,
            additions=EntryTable.from_entries(entries),
            removals=Identities.of((one.kind, one.pattern, one.action) for one in removed),
            **change | words,
        ),
        expected_version=None,
    )


def dossiers(log: AuditLog, *sources: EvidenceSource) -> EvidencePackages:
    return EvidencePackages(sources, audit=log, home=HomePlan(), now_ms=Clock())


async def test_exactly_the_changes_about_a_number_are_included(store: Store) -> None:
    await commit(store, an_entry(FRAUD), an_entry(OTHER), commit="change:7:abc")
    await commit(store, an_entry(OTHER, reason="again"))
    await commit(store, an_entry("+8617000*"), removed=[an_entry(FRAUD)], author="wu")

    section = await PastChanges(store).section(SUBJECT)

    first, second = section.rows
    assert [entry["pattern"] for entry in first["added"]] == [FRAUD]
    assert (first["version"], first["request"]) == ("1", "change:7")
    assert [entry["pattern"] for entry in second["added"]] == ["+8617000*"]
    assert [entry["pattern"] for entry in second["removed"]] == [FRAUD]
    assert second["author"] == "wu"
    assert section.related == {"change:7"}


async def test_compacted_changes_are_reported_as_gone(store: Store) -> None:
    await commit(store, an_entry(FRAUD))
    await store.rebase(await store.head(), EntryTable.from_entries([an_entry(FRAUD)]))

    section = await PastChanges(store).section(SUBJECT)

    assert list(section.rows) == []
    assert any("folded into the base" in note for note in section.notes)


async def test_versions_of_the_store_and_of_each_worker_are_included(
    store: Store, redis_url: str
) -> None:
    await commit(store, an_entry(FRAUD))
    await store.report_worker(
        WorkerReport(
            worker="gw1/4711",
            list_version=1,
            applied_at_ms=NINE_O_CLOCK_MS,
            reported_at_ms=NINE_O_CLOCK_MS,
        )
    )
    client = connect(redis_url)

    section = await Versions(store, ModelStore(client), Clock()).section(SUBJECT)
    await client.aclose()

    assert [(row["what"], row["version"]) for row in section.rows] == [
        ("lists", "1"),
        ("lists in gw1/4711", "1"),
    ]


async def test_an_unavailable_section_is_named_and_the_rest_is_included(
    store: Store, log: AuditLog
) -> None:
    await commit(store, an_entry(FRAUD))
    away = Store(connect(NOBODY, decode_responses=False))

    made = await dossiers(log, PastChanges(store), PastChanges(away)).make(
        FRAUD, said_author="wang", reason="request 7"
    )

    with made, ZipFile(made) as package:
        assert len(json.loads(package.read("changes.json"))["rows"]) == 1
        missing = json.loads(package.read("pastchanges.json"))
    assert missing["titles"][1] == "Could not be looked up"
    assert "store" in missing["notes"][0]


async def test_nothing_on_record_is_not_found_and_the_question_recorded(
    store: Store, redis_url: str, log: AuditLog
) -> None:
    await commit(store, an_entry(OTHER))
    client = connect(redis_url)
    sources = PastChanges(store), Versions(store, ModelStore(client), Clock())

    with pytest.raises(NotFound, match="nothing is on record about"):
        await dossiers(log, *sources).make(FRAUD, said_author="wang", reason="request 7")
    with await dossiers(log, *sources).make(OTHER, said_author="wang", reason="request 7"):
        pass
    await client.aclose()

    (file,) = log.folder.glob("*.jsonl")
    records = [json.loads(line) for line in file.read_text().splitlines()]
    results = [one["details"].get("result") for one in records if one["kind"] == "exported"]
    assert results == ["nothing", None]


async def test_while_a_source_is_away_nothing_is_not_claimed(log: AuditLog) -> None:
    away = Store(connect(NOBODY, decode_responses=False))

    made = await dossiers(log, PastChanges(away)).make(
        FRAUD, said_author="wang", reason="request 7"
    )

    with made, ZipFile(made) as package:
        assert "pastchanges.json" in package.namelist()


async def test_without_an_audit_record_no_package_is_made(store: Store, log: AuditLog) -> None:
    (file,) = log.folder.glob("*.jsonl")

    with no_file_beyond(file.stat().st_size), pytest.raises(Unavailable):
        await dossiers(log).make(FRAUD, said_author="wang", reason="request 7")


@pytest.mark.parametrize("reason", ["", "x" * 501])
async def test_a_reason_is_required(log: AuditLog, reason: str) -> None:
    with pytest.raises(InvalidInput, match="reason"):
        await dossiers(log).make(FRAUD, said_author="wang", reason=reason)
