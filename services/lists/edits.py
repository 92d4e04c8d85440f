"""Edits of current entries: some fields change, the others stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from blocklists import region_codes
from blocklists.entries import Direction, Entry, EntryKind, Source
from blocklists.entry_table import Identities
from blocklists.queries import rows_of
from blocklists.row_validation import ENTRY_TEXT, NEEDS_REVIEW, RejectedRow
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from blocklists.store.changes import RowOutcome
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from infra import text_limits
from services.changes.report import Reference, resolve_references

_LAST_SECOND = 2**32 - 1
_TEXTS = ("reason", "legal_basis", "campaign")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """An entry and its new field values."""

    entry: Reference
    fields: Mapping[str, Any]
    """By the field names of `Entry`, but ``expires_s`` for its expiry; others stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditResult:
    """Edited entries, and edits that failed."""

    entries: Sequence[Entry]
    rows: Sequence[int]
    """The index of each entry's edit."""
    problems: Sequence[RejectedRow]


def apply_edits(
    snapshot: Snapshot,
    edits: Sequence[Edit],
    home: HomePlan,
    *,
    now_s: int,
    no_end_needs_review: bool = True,
) -> EditResult:
    """Apply edits to the entries of *snapshot*; failed edits are reported, the others applied."""
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
            problems.append(RejectedRow(row=row, outcome=outcome, message=error.as_message()))
    return EditResult(entries=entries, rows=rows, problems=problems)


def _apply_edit(
    snapshot: Snapshot, edit: Edit, there: Sequence[int], unreadable: str | None, now_s: int
) -> Entry:
    if unreadable:
        raise InvalidInput(unreadable)
    if not there:
        raise InvalidInput("entry: does not exist")
    if len(there) > 1:
        raise InvalidInput("action: required, since a block and an allow entry exist")
    entry = snapshot.entry(there[0])
    after = replace(entry, **read_fields(edit.fields, now_s))
    return after if after.kind <= EntryKind.RANGE else replace(after, direction=Direction.BOTH)


def _check_expiry_or_review(entry: Entry) -> None:
    if not entry.ends and entry.review_at is None:
        raise InvalidInput(NEEDS_REVIEW)


def read_fields(fields: Mapping[str, Any], now_s: int) -> dict[str, Any]:
    """Check new values of fields, and return them as fields of `Entry`."""
    read = dict(fields)
    for name in _TEXTS:
        text_limits.optional(name, read.get(name, ""), ENTRY_TEXT)
    for name, known in (
        ("direction", Direction),
        ("fraud_type", FraudType),
        ("source", Source),
    ):
        if name in read:
            if read[name] not in {int(member) for member in known}:
                raise InvalidInput("{name}: unknown number {read}", name=name, read=read[name])
            read[name] = known(read[name])
    if "region" in read:
        read["region"] = region_codes.read(read["region"])
    if "expires_s" in read:
        ends_s = read.pop("expires_s")
        if not now_s < ends_s <= _LAST_SECOND:
            raise InvalidInput("expires_at_s: must be in the future and before 2106")
        read["expires_at"] = datetime.fromtimestamp(ends_s, UTC)
    if "review_at_s" in read:
        review_s = read.pop("review_at_s")
        if not now_s < review_s <= _LAST_SECOND:
            raise InvalidInput("review_at_s: must be in the future and before 2106")
        read["review_at"] = datetime.fromtimestamp(review_s, UTC)
    return read
