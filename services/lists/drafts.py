"""Reads proposed rows, edits and removals into a draft, with a report on each."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from blocklists import row_validation
from blocklists.entries import Source
from blocklists.entry_table import EntryTable, Identities, concatenate
from blocklists.row_validation import CheckedRows, ProposedRows, RejectedRow, RowDefaults
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.changes import RowOutcome
from blocklists.store.current_lists import CurrentLists
from fanzha.errors import InvalidInput
from fanzha.phone import HomePlan
from fanzha.tables import Int64s
from services.auth import region_scope
from services.changes import model
from services.changes.diff import ChangeDiff, compute_diff
from services.changes.model import Draft
from services.changes.report import (
    Identity,
    Reference,
    RowReport,
    addition_reports,
    removal_reports,
    resolve_references,
)
from services.lists.edits import Edit, EditResult, apply_edits

_DAY_S = 86_400
_MAX_STORED_PROBLEMS = 20
"""Most problems stored with a change request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftContents:
    """A proposed change; 0 or an empty text means not given."""

    additions: ProposedRows
    removals: Sequence[Reference]
    edits: Sequence[Edit]
    reason: str
    legal_basis: str = ""
    source: int = 0
    campaign: str = ""
    region: str = ""
    """Of the additions that name none; empty: the author's own, if it is one."""
    expires_s: int = 0
    false_positive: bool = False
    """Whether the blocks it removes were wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftResult:
    """A draft, and the outcome of each row read."""

    draft: Draft
    judged: ChangeDiff
    """The draft compared with the lists at the time of reading."""
    checked: CheckedRows
    edits: EditResult
    named: Sequence[tuple[int, Identity]]
    unreadable: dict[int, str]

    def addition_reports(self, judged: ChangeDiff | None = None) -> list[RowReport]:
        """Report on each addition, then on each edit."""
        outcomes = (judged or self.judged).outcomes
        checked = replace(
            self.checked,
            table=self.draft.additions,
            rows=np.concatenate([self.checked.rows, self._edit_rows()]),
            problems=[*self.checked.problems, *self._edit_problems()],
        )
        return addition_reports(checked, outcomes)

    def removal_reports(self, judged: ChangeDiff | None = None) -> list[RowReport]:
        """Report on each removal."""
        there = (judged or self.judged).present.tolist()
        found = [one for (_, one), is_there in zip(self.named, there, strict=True) if is_there]
        return removal_reports(self.named, found, self.unreadable)

    @property
    def _first_edit(self) -> int:
        return len(self.checked.rows) + len(self.checked.problems)

    def _edit_rows(self) -> Int64s:
        rows: Int64s = np.array(self.edits.rows, np.int64) + self._first_edit
        return rows

    def _edit_problems(self) -> list[RejectedRow]:
        return [replace(one, row=one.row + self._first_edit) for one in self.edits.problems]


class DraftReader:
    """Reads drafts against the current lists."""

    def __init__(
        self,
        *,
        current: CurrentLists,
        home: HomePlan,
        now_ms: Callable[[], int],
        default_expiry_days: int,
        fraud_types_of: Mapping[int, int] | None = None,
        no_end_needs_review: bool = True,
    ) -> None:
        self._no_end_needs_review = no_end_needs_review
        self._current = current
        self._home = home
        self._now_ms = now_ms
        self._default_term_s = default_expiry_days * _DAY_S
        self._fraud_types_of = fraud_types_of or {}

    async def read(
        self, contents: DraftContents, author: str, *, expected_version: int | None = None
    ) -> DraftResult:
        """Read a proposed change; invalid rows are reported and left out."""
        if contents.source and contents.source not in set(Source):
            raise InvalidInput("source: unknown number {source}", source=contents.source)
        now_s = self._now_ms() // 1000
        checked = await self._check_rows(contents, author, now_s)
        snapshot = await region_scope.readable(await self._current.caught_up())
        edits = await self._apply_edits(snapshot, contents.edits, now_s)
        named, unreadable = resolve_references(contents.removals, self._home)
        table = checked.table
        if edits.entries:
            table = concatenate([table, EntryTable.from_entries(edits.entries)])
        removals = Identities.of([one for _, one in named])
        draft = replace(
            _draft(contents, author, table, removals),
            expected_version=expected_version,
            problems=first_problems([*checked.problems, *edits.problems]),
            dropped=dropped_counts(_outcomes(checked, edits, unreadable)),
            edits=len(edits.entries),
        )
        judged = await asyncio.to_thread(compute_diff, snapshot, table, removals)
        return DraftResult(
            draft=draft,
            judged=judged,
            checked=checked,
            edits=edits,
            named=named,
            unreadable=unreadable,
        )

    async def _check_rows(self, contents: DraftContents, author: str, now_s: int) -> CheckedRows:
        return await asyncio.to_thread(
            row_validation.validate,
            contents.additions,
            self._defaults(contents, author, now_s),
            home=self._home,
            now_s=now_s,
        )

    async def _apply_edits(
        self, snapshot: Snapshot, edits: Sequence[Edit], now_s: int
    ) -> EditResult:
        return await asyncio.to_thread(
            apply_edits,
            snapshot,
            edits,
            self._home,
            now_s=now_s,
            no_end_needs_review=self._no_end_needs_review,
        )

    def _defaults(self, contents: DraftContents, author: str, now_s: int) -> RowDefaults:
        return RowDefaults(
            source=contents.source,
            expires_s=contents.expires_s or now_s + self._default_term_s,
            reason=contents.reason,
            legal_basis=contents.legal_basis,
            campaign=contents.campaign,
            region=contents.region or region_scope.own_region(),
            author=author,
            no_end_needs_review=self._no_end_needs_review,
            fraud_types_of=self._fraud_types_of,
        )


def _draft(
    contents: DraftContents, author: str, additions: EntryTable, removals: Identities
) -> Draft:
    return Draft(
        author=author,
        reason=contents.reason,
        additions=additions,
        removals=removals,
        legal_basis=contents.legal_basis,
        source=Source(contents.source) if contents.source else None,
        campaign=contents.campaign,
        expires_s=contents.expires_s,
        false_positive=contents.false_positive,
    )


def first_problems(problems: Sequence[RejectedRow]) -> tuple[model.RowProblem, ...]:
    """Return the first problems, which are stored with the request."""
    return tuple(
        model.RowProblem(row=one.row, outcome=one.outcome, message=one.message)
        for one in problems[:_MAX_STORED_PROBLEMS]
    )


def dropped_counts(counts: Counter[RowOutcome]) -> dict[str, int]:
    """Return the number of rows left out of a request, by the name of their outcome."""
    return {outcome.name: rows for outcome, rows in counts.items() if rows}


def _outcomes(
    checked: CheckedRows, edits: EditResult, unreadable: dict[int, str]
) -> Counter[RowOutcome]:
    counts = Counter(one.outcome for one in [*checked.problems, *edits.problems])
    counts[RowOutcome.INVALID] += len(unreadable)
    return counts
