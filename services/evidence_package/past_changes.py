"""Change requests that concerned a subject: author, approver and outcome."""

import asyncio
from collections.abc import Mapping
from typing import Any

from blocklists.entry_table import EntryTable, Identities
from fanzha.errors import NotFound
from services.changes.model import ChangeRequest
from services.changes.store import ChangeStore
from services.evidence_package.list_history import entry_words, identity_words
from services.evidence_package.sections import Section, format_time
from services.evidence_package.subjects import PackageSubject

MAX_EXAMINED = 20_000
_PAGE = 200


class PastRequests:
    """Change requests, whatever became of them."""

    def __init__(self, requests: ChangeStore) -> None:
        self._requests = requests

    async def section(self, subject: PackageSubject) -> Section:
        """Return the requests with a row that concerns the subject, newest first."""
        rows: list[Mapping[str, Any]] = []
        examined = forgotten = before_id = 0
        while ids := await self._requests.page_ids(None, before_id=before_id, size=_PAGE):
            before_id = ids[-1]
            for record in await self._requests.get_many(ids):
                examined += 1
                try:
                    row = await self._row(record, subject)
                except NotFound:
                    forgotten += 1
                    continue
                if row is not None:
                    rows.append(row)
            if examined >= MAX_EXAMINED:
                break
        return Section(
            name="requests",
            titles=("变更申请", "Change requests"),
            rows=rows,
            notes=_notes(examined, forgotten, complete=not ids),
            related=frozenset(str(row["request"]) for row in rows),
        )

    async def _row(self, record: ChangeRequest, subject: PackageSubject) -> dict[str, Any] | None:
        additions = await self._requests.additions(record) if record.additions.rows else None
        removals = await self._requests.removals(record) if record.removals.rows else None
        added = await asyncio.to_thread(_entries, additions, subject)
        removed = await asyncio.to_thread(_identities, removals, subject)
        if not added and not removed:
            return None
        before = await self._requests.before(record) if record.before.rows else None
        return _words(record) | {
            "added": added,
            "removed": removed,
            "before": await asyncio.to_thread(_entries, before, subject),
        }


def _entries(table: EntryTable | None, subject: PackageSubject) -> list[dict[str, str]]:
    if table is None:
        return []
    return [entry_words(table.entry(row)) for row in subject.rows(table).tolist()]


def _identities(identities: Identities | None, subject: PackageSubject) -> list[dict[str, str]]:
    if identities is None:
        return []
    return [identity_words(identities, row) for row in subject.rows(identities).tolist()]


def _words(record: ChangeRequest) -> dict[str, Any]:
    urgent = record.emergency
    return {
        "request": record.subject,
        "kind": record.kind.name.lower(),
        "state": record.state.name.lower(),
        "author": record.author,
        "reason": record.reason,
        "legal_basis": record.legal_basis,
        "created": format_time(record.created_ms),
        "approved_by": record.approved_by,
        "one_person": "yes" if record.one_person else "",
        "applied_by": record.applied_by,
        "applied": format_time(record.applied_ms),
        "applied_version": str(record.applied_version or ""),
        "reverts": f"change:{record.reverts}" if record.reverts else "",
        "reverted_by": f"change:{record.reverted_by}" if record.reverted_by else "",
        "emergency_because": urgent.why if urgent else "",
        "emergency_confirmed_by": urgent.confirmed_by if urgent else "",
        "steps": [
            {
                "time": format_time(event.at_ms),
                "who": event.who,
                "what": event.what,
                "note": event.note,
            }
            for event in record.events
        ],
    }


def _notes(examined: int, forgotten: int, *, complete: bool) -> list[str]:
    notes = [f"{examined} requests were looked at"]
    if not complete:
        notes.append(f"the newest {MAX_EXAMINED} only; there are older ones")
    if forgotten:
        notes.append(f"of {forgotten} of them the rows are no longer kept (change_retention_days)")
    return notes
