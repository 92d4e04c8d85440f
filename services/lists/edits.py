"""Edits of entries that are there: some fields anew, the others as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from blocklists.entries import Direction, Entry, EntryKind, Source
from blocklists.entry_table import Identities
from blocklists.queries import rows_of
from blocklists.row_validation import MAX_TEXT_CHARACTERS, NEEDS_REVIEW, RejectedRow
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from blocklists.store.changes import RowOutcome
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from services.changes.report import Reference, resolve_references

_LAST_SECOND = 2**32 - 1
_TEXTS = ("reason", "legal_basis", "campaign")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Names an entry, and what its fields are from now on."""

    entry: Reference
    fields: Mapping[str, Any]
    """By the names of `Entry`, but ``expires_s`` for its end; fields that stay are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditResult:
    """Entries after their edits, and edits that were none."""

    entries: Sequence[Entry]
    rows: Sequence[int]
    """Which edit each entry is of."""
    problems: Sequence[RejectedRow]


def apply_edits(
    snapshot: Snapshot,
    edits: Sequence[Edit],
    home: HomePlan,
    *,
    now_s: int,
    no_end_needs_review: bool = True,
) -> EditResult:
    """Apply edits to the entries of *snapshot*; one that cannot be made stops no other."""
    named, unreadable = resolve_references([edit.entry for edit in edits], home)
    found = rows_of(snapshot, Identities.of([one for _, one in named])).tolist() if named else []
    there: dict[int, list[int]] = {}
    for (row, _), place in zip(named, found, strict=True):
        if place != NO_ENTRY:
            there.setdefault(row, []).append(place)
    entries, rows, problems = [], [], []
    for row, edit in enumerate(edits):
        try:
            after = _apply_edit(snapshot, edit, there.get(row, []), unreadable.get(row), now_s)
            if no_end_needs_review:
                _check_expiry_or_review(after)
            entries.append(after)
            rows.append(row)
        except InvalidInput as error:
            outcome = RowOutcome.INVALID if row in unreadable or row in there else RowOutcome.ABSENT
            problems.append(RejectedRow(row=row, outcome=outcome, message=str(error)))
    return EditResult(entries=entries, rows=rows, problems=problems)


def _apply_edit(
    snapshot: Snapshot, edit: Edit, there: Sequence[int], unreadable: str | None, now_s: int
) -> Entry:
    if unreadable:
        raise InvalidInput(unreadable)
    if not there:
        raise InvalidInput("there is no such entry to edit")
    if len(there) > 1:
        raise InvalidInput("action: there is a block entry and an allow entry; say which")
    entry = snapshot.entry(there[0])
    after = replace(entry, **_read(edit.fields, now_s))
    return after if after.kind <= EntryKind.RANGE else replace(after, direction=Direction.BOTH)


def _check_expiry_or_review(entry: Entry) -> None:
    if not entry.ends and entry.review_at is None:
        raise InvalidInput(NEEDS_REVIEW)


def _read(fields: Mapping[str, Any], now_s: int) -> dict[str, Any]:
    read = dict(fields)
    for name in _TEXTS:
        if len(read.get(name, "")) > MAX_TEXT_CHARACTERS:
            raise InvalidInput(f"{name}: longer than {MAX_TEXT_CHARACTERS} characters")
    for name, known in (
        ("direction", Direction),
        ("fraud_type", FraudType),
        ("source", Source),
    ):
        if name in read:
            if read[name] not in {int(member) for member in known}:
                raise InvalidInput(f"{name}: there is none with number {read[name]}")
            read[name] = known(read[name])
    if "expires_s" in read:
        ends_s = read.pop("expires_s")
        if not now_s < ends_s <= _LAST_SECOND:
            raise InvalidInput("expires_at_s: already over, or beyond 2106")
        read["expires_at"] = datetime.fromtimestamp(ends_s, UTC)
    if "review_at_s" in read:
        review_s = read.pop("review_at_s")
        if not now_s < review_s <= _LAST_SECOND:
            raise InvalidInput("review_at_s: already over, or beyond 2106")
        read["review_at"] = datetime.fromtimestamp(review_s, UTC)
    return read
