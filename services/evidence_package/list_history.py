"""What the lists say and said of a subject: entries now, changes since the base, versions."""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from blocklists.entries import Entry, EntryKind
from blocklists.entry_table import Identities
from blocklists.queries import ListQueries
from blocklists.store.changes import ListChange
from blocklists.store.store import ListHead
from blocklists.store.worker_reports import WorkerReport
from fanzha.decisions import Action
from services.evidence_package.sections import Section, format_time
from services.evidence_package.subjects import PackageSubject
from services.models.store import ModelStore

_CHANGE = re.compile(r"change:[0-9]+")


class ChangeStream(Protocol):
    """The part of `blocklists.store.store.Store` that is read here."""

    async def head(self) -> ListHead:
        """Return the version of the lists."""
        ...

    async def base_head(self) -> ListHead:
        """Return the version of the base."""
        ...

    async def changes_after(self, version: int, commit: str) -> list[ListChange] | None:
        """Return some of the changes after a version."""
        ...

    async def workers(self, now_ms: int) -> list[WorkerReport]:
        """Return what workers report."""
        ...


class EntriesNow:
    """The entries that match now."""

    def __init__(self, views: ListQueries) -> None:
        self._views = views

    async def section(self, subject: PackageSubject) -> Section:
        """Return the entries, expired ones too."""
        found = await self._views.find(subject.pattern)
        notes = [f"lists at version {found.version}"]
        if found.protected_because:
            notes.append(f"protected: {found.protected_because}")
        if subject.kind in (EntryKind.HOST, EntryKind.URL_PREFIX):
            notes.append("entries for longer URLs below this one are not looked for")
        return Section(
            name="entries",
            titles=("现有名单条目", "Entries in the lists now"),
            rows=[entry_words(entry) for entry in found.entries],
            notes=notes,
        )


class PastChanges:
    """Committed changes that concerned the subject, as the store still has them."""

    def __init__(self, store: ChangeStream) -> None:
        self._store = store

    async def section(self, subject: PackageSubject) -> Section:
        """Return the changes since the base, oldest first."""
        base = await self._store.base_head()
        notes = [f"committed changes after version {base.version}"]
        if base.version:
            notes.append(
                "earlier changes were folded into the base of the lists; of those that were "
                "change requests, see there"
            )
        rows: list[Mapping[str, Any]] = []
        version, commit = base.version, base.commit
        while some := await self._store.changes_after(version, commit):
            version, commit = some[-1].version, some[-1].commit
            rows += await asyncio.to_thread(_concerning, some, subject)
        if some is None:
            notes.append("the base of the lists was made anew meanwhile: changes may be missing")
        return Section(
            name="changes",
            titles=("名单变更", "Changes to the lists"),
            rows=rows,
            notes=notes,
            related=frozenset(row["request"] for row in rows if row["request"]),
        )


class Versions:
    """Which lists and models decide now."""

    def __init__(self, store: ChangeStream, models: ModelStore, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._models = models
        self._now_ms = now_ms

    async def section(self, subject: PackageSubject) -> Section:  # noqa: ARG002 - the same for all
        """Return the version of the lists, and of lists and models in each worker."""
        head = await self._store.head()
        rows: list[Mapping[str, Any]] = [
            {
                "what": "lists",
                "version": str(head.version),
                "commit": head.commit,
                "since": format_time(head.committed_at_ms),
            }
        ]
        rows += [
            {"what": f"lists in {one.worker}", "version": str(one.list_version), "commit": "",
             "since": format_time(one.applied_at_ms)}
            for one in await self._store.workers(self._now_ms())
        ]  # fmt: skip
        for report in await self._models.reports(self._now_ms()):
            rows += [
                {"what": f"{kind} model in {report.worker}", "version": str(fields["active"]),
                 "commit": "", "since": ""}
                for kind, fields in sorted(report.channels.items())
            ]  # fmt: skip
        return Section(
            name="versions",
            titles=("名单与模型版本", "Versions of lists and models"),
            rows=rows,
            notes=["now; a decision names the versions it was made with"],
            general=True,
        )


def entry_words(entry: Entry) -> dict[str, str]:
    """Write an entry as texts."""
    return {
        "entry_id": entry.entry_id,
        "kind": entry.kind.name.lower(),
        "pattern": entry.pattern,
        "action": entry.action.name.lower(),
        "direction": str(entry.direction.name).lower(),
        "fraud_type": entry.fraud_type.name.lower(),
        "source": entry.source.name.lower(),
        "reason": entry.reason,
        "legal_basis": entry.legal_basis,
        "created_by": entry.created_by,
        "approved_by": entry.approved_by,
        "created_at": f"{entry.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "expires_at": f"{entry.expires_at:%Y-%m-%dT%H:%M:%SZ}" if entry.ends else "never",
        "mode": entry.mode.name.lower(),
        "campaign": entry.campaign,
        "region": entry.region,
    }


def identity_words(identities: Identities, row: int) -> dict[str, str]:
    """Write what names an entry as texts."""
    return {
        "kind": EntryKind(int(identities.kinds[row])).name.lower(),
        "pattern": identities.pattern(row),
        "action": Action(int(identities.actions[row])).name.lower(),
    }


def _concerning(changes: list[ListChange], subject: PackageSubject) -> list[dict[str, Any]]:
    rows = []
    for change in changes:
        added = subject.rows(change.additions).tolist()
        removed = subject.rows(change.removals).tolist()
        if not added and not removed:
            continue
        request = _CHANGE.match(change.commit)
        rows.append(
            {
                "version": str(change.version),
                "time": format_time(change.committed_at_ms),
                "author": change.author,
                "reason": change.reason,
                "request": request[0] if request else "",
                "commit": change.commit,
                "added": [entry_words(change.additions.entry(row)) for row in added],
                "removed": [identity_words(change.removals, row) for row in removed],
            }
        )
    return rows
