"""Findings of the list follower about invalid changes in the store.

Findings are kept in the list file beside the lists they are about, so that a process that starts
again still says them, until an operator has dealt with them or a new base of the store has.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from blocklists import protected
from blocklists.column_checks import BadColumns, whole_number
from blocklists.entries import EntryKind
from blocklists.entry_table import EntryTable
from blocklists.store.changes import ListChange
from fanzha.decisions import Action
from fanzha.translation.message import Message, as_json, of_json

MAX_FINDINGS = 200
"""Findings that are kept; of more, those of skipped changes and then the newest stay."""
_LONGEST_WHY = 300
_WIDE = re.compile(r":[^}]*\d{3}")
"""A place that would be filled up with blanks."""
_ROWS_AT_ONCE = 100_000


class FindingKind(StrEnum):
    """Kind of a finding about a version."""

    UNREADABLE = "unreadable"
    """Its record cannot be read, or is none of the chain of commits; it is not applied."""
    NEWER = "newer"
    """A newer release seems to have written its record; it is not applied."""
    UNAUDITED = "unaudited"
    """List administration has not signed it, so the audit log knows nothing of it."""
    GUARDED = "guarded"
    """It has rows that the guard refuses; these are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something is wrong with one version."""

    version: int
    kind: FindingKind
    why: str
    rows: int = 0
    """Rows that were left out; 0 where the change as a whole is meant."""
    skipped: bool = False
    """Whether the change was not applied."""

    def written(self) -> list[Any]:
        """Return this as JSON can hold it."""
        return [self.version, self.kind.value, as_json(self.why), self.rows, self.skipped]


def read(written: object) -> tuple[Finding, ...]:
    """Read what `Finding.written` wrote of several; raise `BadColumns` for anything else."""
    if not isinstance(written, list) or len(written) > MAX_FINDINGS:
        raise BadColumns("findings: are no list")
    return tuple(map(_read, written))


def _read(one: object) -> Finding:
    match one:
        case [version, str(kind), why, rows, bool(skipped)] if kind in set(FindingKind):
            return Finding(
                version=whole_number(version, "findings"),
                kind=FindingKind(kind),
                why=_why(why),
                rows=whole_number(rows, "findings"),
                skipped=skipped,
            )
    raise BadColumns("findings: one is none")


def _why(written: object) -> str:
    """Read a reason, which is a text or what a message is made of."""
    if isinstance(written, dict):
        template = written.get("message")
        if not isinstance(template, str) or _WIDE.search(template):
            raise BadColumns("findings: a reason is none")
    try:
        why = of_json(written)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise BadColumns("findings: a reason is none") from error
    if not isinstance(why, str) or len(why) > _LONGEST_WHY:
        raise BadColumns("findings: a reason is none, or too long")
    return why


def _bounded(why: str) -> str:
    """Return a reason that may be kept: one that is cut is in English only."""
    return why if len(why) <= _LONGEST_WHY else why[:_LONGEST_WHY]


def screen(change: ListChange, *, refuse_unaudited: bool) -> tuple[ListChange, list[Finding]]:
    """Return the part of a change that may be applied, and the findings about it."""
    if change.skipped:
        kind = FindingKind.NEWER if change.newer else FindingKind.UNREADABLE
        why = _bounded(change.skipped)
        return change, [Finding(version=change.version, kind=kind, why=why, skipped=True)]
    found = []
    if change.audited is False:
        why = Message("list administration has not signed it: it was written past the audit log")
        found.append(
            Finding(
                version=change.version,
                kind=FindingKind.UNAUDITED,
                why=why,
                skipped=refuse_unaudited,
            )
        )
        if refuse_unaudited:
            nothing = np.zeros(0, np.int64)
            additions, removals = change.additions.take(nothing), change.removals.take(nothing)
            return replace(change, additions=additions, removals=removals, skipped=why), found
    additions, refused = drop_refused(change.additions, change.version)
    return replace(change, additions=additions), found + refused


def drop_refused(table: EntryTable, version: int) -> tuple[EntryTable, list[Finding]]:
    """Leave out of a table what the guard refuses."""
    refused: list[int] = []
    why = ""
    for start in range(0, len(table), _ROWS_AT_ONCE):  # bounds the texts that are read at once
        whole = start == 0 and len(table) <= _ROWS_AT_ONCE
        end = min(start + _ROWS_AT_ONCE, len(table))
        some = table if whole else table.take(np.arange(start, end))
        for row in protected.suspects(some).tolist():
            reason = protected.refusal(
                EntryKind(int(some.kinds[row])),
                some.pattern(row),
                int(some.keys[row]),
                int(some.digits[row]),
                Action(int(some.actions[row])),
            )
            if reason:
                refused.append(start + row)
                why = why or reason
    if not refused:
        return table, []
    stays = np.ones(len(table), np.bool_)
    stays[refused] = False
    finding = Finding(
        version=version, kind=FindingKind.GUARDED, why=_bounded(why), rows=len(set(refused))
    )
    return table.take(np.flatnonzero(stays)), [finding]


def retained(findings: Iterable[Finding], *, without: Collection[int] = ()) -> tuple[Finding, ...]:
    """Return those that stay, each once, in the order of their versions."""
    each = {(one.version, one.kind): one for one in findings if one.version not in without}
    by_priority = sorted(each.values(), key=lambda one: (not one.skipped, -one.version))
    return tuple(sorted(by_priority[:MAX_FINDINGS], key=lambda one: (one.version, one.kind)))


def counts(findings: Sequence[Finding]) -> dict[FindingKind, int]:
    """Count findings by their kind."""
    return {kind: sum(one.kind is kind for one in findings) for kind in FindingKind}
