"""Changes all entries that meet criteria, however many, by one change request.

The server evaluates the criteria over one version of the lists, so that what is proposed is what
was counted: the author says how many entries that are, and nothing happens at another number.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from blocklists.entries import Direction, Entry, EntryKind, EntryMode, Source
from blocklists.entry_table import EntryTable, Identities, concatenate
from blocklists.provenance import EncodedProvenance, encode
from blocklists.snapshot.delta import same_contents
from blocklists.text_column import TextColumn
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, VersionConflict
from fanzha.tables import Bools
from fanzha.translation.message import Message
from services.changes.change_context import SubmissionResult
from services.changes.model import ChangeKind, Draft
from services.changes.report import ChangeTerms, RequestSummary, summarize_request
from services.changes.service import ChangeService
from services.lists.edits import read_fields
from services.lists.search.criteria import EntryCriteria
from services.lists.search.selection import EntrySelection

_EXAMPLES = 20
_IN_PROVENANCE = ("source", "reason", "legal_basis", "campaign", "region")


class Selector(Protocol):
    """Selects entries."""

    async def select(self, criteria: EntryCriteria) -> EntrySelection:
        """Return what meets *criteria* in the newest lists."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkChange:
    """What is to become of all entries that meet criteria."""

    criteria: EntryCriteria
    terms: ChangeTerms
    fields: Mapping[str, Any] = field(default_factory=dict)
    """New values, as in `services.lists.edits.Edit`, and ``mode``; the others stay."""
    remove: bool = False
    expected_rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """How it went."""

    version: int
    matching: int
    changed: int
    examples: Sequence[Entry] = ()
    requested: RequestSummary | None = None


class BulkChanges:
    """Proposes changes of all entries that meet criteria."""

    def __init__(
        self, *, search: Selector, changes: ChangeService, now_ms: Callable[[], int]
    ) -> None:
        self._search = search
        self._changes = changes
        self._now_ms = now_ms

    async def change(self, wanted: BulkChange) -> BulkResult:
        """Submit a change, and apply it where one person may; a dry run only counts."""
        fields = _checked(wanted, self._now_ms() // 1000)
        selection = await self._search.select(wanted.criteria)
        _check_expectations(wanted, selection)
        rows = selection.rows()
        table = await asyncio.to_thread(_table, selection, rows)
        additions, removals = await asyncio.to_thread(_changed, table, fields, wanted.remove)
        changed = len(removals) if wanted.remove else len(additions)
        result = BulkResult(
            version=selection.snapshot.version, matching=selection.matching, changed=changed
        )
        if wanted.terms.dry_run:
            some = table.take(np.arange(min(len(table), _EXAMPLES)))
            return replace(result, examples=[some.entry(row) for row in range(len(some))])
        if not changed:
            return result
        done = await self._submit(wanted, selection, additions, removals)
        return replace(result, version=done.version, requested=summarize_request(done))

    async def _submit(
        self,
        wanted: BulkChange,
        selection: EntrySelection,
        additions: EntryTable,
        removals: Identities,
    ) -> SubmissionResult:
        terms = wanted.terms
        draft = Draft(
            kind=ChangeKind.NORMAL,
            author=terms.author,
            reason=terms.reason,
            additions=additions,
            removals=removals,
            legal_basis=str(wanted.fields.get("legal_basis", "")),
            source=Source(wanted.fields["source"]) if "source" in wanted.fields else None,
            campaign=str(wanted.fields.get("campaign", "")),
            expires_s=int(wanted.fields.get("expires_s", 0)),
            expected_version=selection.snapshot.version,
            confirmed_risks=terms.confirmed_risks,
            false_positive=terms.false_positive,
            edits=len(additions),
        )
        return await self._changes.submit_and_apply(draft)


def _checked(wanted: BulkChange, now_s: int) -> dict[str, Any]:
    if wanted.criteria == EntryCriteria():
        raise InvalidInput("criteria: at least one is required")
    if wanted.remove == bool(wanted.fields):
        raise InvalidInput("edit or remove: exactly one is required")
    if wanted.expected_rows is None and not wanted.terms.dry_run:
        raise InvalidInput("expected_rows: required; a dry run tells how many entries match")
    fields = dict(wanted.fields)
    mode = fields.pop("mode", None)
    if mode is not None and mode not in set(EntryMode):
        raise InvalidInput("mode: unknown number {mode}", mode=mode)
    checked = read_fields(fields, now_s)
    return checked if mode is None else checked | {"mode": EntryMode(mode)}


def _check_expectations(wanted: BulkChange, selection: EntrySelection) -> None:
    version, expected = selection.snapshot.version, wanted.terms.expected_version
    if expected not in (None, version):
        raise VersionConflict.between(
            "expected_version", Message("the lists are"), expected=expected, actual=version
        )
    if wanted.expected_rows not in (None, selection.matching):
        raise VersionConflict(
            "expected_rows: {matching:,} entries meet the criteria, not {expected:,}; look again "
            "before you change them",
            matching=selection.matching,
            expected=wanted.expected_rows,
        )


def _table(selection: EntrySelection, rows: Any) -> EntryTable:
    return concatenate(selection.snapshot.table(rows))


def _changed(
    table: EntryTable, fields: Mapping[str, Any], remove: bool
) -> tuple[EntryTable, Identities]:
    """Return the entries that change, as they will be, and the identities to remove."""
    if remove:
        return table.take(np.zeros(0, np.int64)), _identities(table)
    after = _edited(table, fields)
    same: Bools = same_contents(table, after) & (table.expires_s == after.expires_s)
    after = after.take(np.flatnonzero(~same))
    # An enforcing entry becomes a shadow only where the same change removes it.
    softened = (after.modes == EntryMode.SHADOW) & (table.modes[~same] == EntryMode.ENFORCE)
    return after, _identities(after.take(np.flatnonzero(softened)))


def _edited(table: EntryTable, fields: Mapping[str, Any]) -> EntryTable:
    columns: dict[str, Any] = {}
    if "direction" in fields:
        directed = np.isin(table.kinds, (EntryKind.NUMBER, EntryKind.RANGE))
        columns["directions"] = np.where(
            directed, np.uint8(fields["direction"]), np.uint8(Direction.BOTH)
        )
    if "fraud_type" in fields:
        columns["fraud_types"] = np.full(len(table), fields["fraud_type"], np.uint8)
    if "expires_at" in fields:
        end_s = int(fields["expires_at"].timestamp())
        columns["expires_s"] = np.full(len(table), end_s, np.uint32)
    if "mode" in fields:
        blocks = table.actions == Action.BLOCK
        columns["modes"] = np.where(blocks, np.uint8(fields["mode"]), table.modes)
    changed = {name: fields[name] for name in _IN_PROVENANCE if name in fields}
    if "review_at" in fields:
        changed["review_at_s"] = int(fields["review_at"].timestamp())
    if changed:
        texts = [_with(text, changed) for text in encode(table.provenance).all_raw()]
        columns["provenance"] = EncodedProvenance(TextColumn.of_bytes(texts))
    return replace(table, **columns)


def _with(text: bytes, changed: Mapping[str, Any]) -> bytes:
    fields = json.loads(text) | changed
    if not fields.get("region"):
        fields.pop("region", None)  # as `blocklists.provenance` writes it: equal ones, equal bytes
    return json.dumps(fields, ensure_ascii=False).encode()


def _identities(table: EntryTable) -> Identities:
    return Identities(
        kinds=table.kinds,
        keys=table.keys,
        digits=table.digits,
        actions=table.actions,
        patterns=table.patterns,
    )
