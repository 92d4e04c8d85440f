"""Turns rows as administrators send them into entries, or into reasons why not.

Column by column, for an import may have ten million rows: some 1 µs for a number or a host
name in its one spelling. Whatever enters the lists comes through `validate`, so nothing gets past
the guard of `blocklists.protected`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from blocklists import patterns, protected
from blocklists.entries import NO_END_S, Direction, EntryKind, EntryMode, Source
from blocklists.entry_table import EntryTable, Identities
from blocklists.patterns import Patterns
from blocklists.provenance import Provenance
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from fanzha.tables import Bools, Int64s, Uint8s, Uint32s

MAX_TEXT_CHARACTERS = 1000
"""Characters of a reason, legal basis, author or campaign."""
_SOURCES = frozenset(Source)
NEEDS_REVIEW = "no_end: an entry that never ends needs a date of review (review_at_s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRows:
    """Rows as they came, a column per field; 0 or an empty text: not said.

    A column is empty where no row says anything: most rows are a pattern and nothing else.
    """

    patterns: Sequence[str]
    kinds: Sequence[int] = ()
    actions: Sequence[int] = ()
    directions: Sequence[int] = ()
    fraud_types: Sequence[int] = ()
    sources: Sequence[int] = ()
    expires_s: Sequence[int] = ()
    reasons: Sequence[str] = ()
    legal_bases: Sequence[str] = ()
    campaigns: Sequence[str] = ()
    authors: Sequence[str] = ()
    modes: Sequence[int] = ()
    reviews_s: Sequence[int] = ()
    no_ends: Sequence[bool] = ()
    """Whether a row asks never to end."""

    def __len__(self) -> int:
        return len(self.patterns)


NOTHING = ProposedRows(patterns=())
"""No rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDefaults:
    """What holds where a row does not say; 0 or empty: rows must say."""

    kind: int = 0
    action: int = 0
    direction: int = Direction.BOTH
    fraud_type: int = FraudType.UNSPECIFIED
    source: int = 0
    expires_s: int
    reason: str = ""
    legal_basis: str = ""
    campaign: str = ""
    author: str
    mode: int = EntryMode.ENFORCE
    review_s: int = 0
    no_end: bool = False
    no_end_needs_review: bool = True
    gives_term: bool = False
    """Whether a row without an end that lacks its review gets ``expires_s``, or is invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that becomes no entry."""

    row: int
    outcome: RowOutcome
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRows:
    """The rows that may enter the lists, and the others."""

    table: EntryTable
    rows: Int64s
    """Which proposed row each row of ``table`` was."""
    problems: Sequence[RejectedRow]
    """By row."""
    terms_given: int = 0
    """Rows that asked for no end without a review, and end after the default term."""


def validate(
    proposed: ProposedRows, defaults: RowDefaults, *, home: HomePlan, now_s: int
) -> CheckedRows:
    """Read and guard every row; a bad one never stops the others."""
    kinds = _column(proposed.kinds, defaults.kind, len(proposed))
    unknown = (kinds < 0) | (kinds > max(EntryKind))
    read = patterns.read(proposed.patterns, np.where(unknown, 0, kinds).astype(np.uint8), home)
    checking = _Checking(len(proposed))
    checking.refuse(unknown, lambda _: "kind: there is no such kind")
    for row, message in read.errors.items():
        checking.add(row, RowOutcome.INVALID, message)
    columns = _columns(proposed, defaults, checking, now_s)
    _guard(read, columns["actions"].astype(np.uint8), checking)
    provenances, provenance = _provenance(proposed, defaults, columns, checking, now_s)
    rows = np.flatnonzero(checking.fine)
    table = EntryTable(
        kinds=read.kinds[rows],
        keys=read.keys[rows],
        digits=read.digits[rows],
        actions=columns["actions"][rows].astype(np.uint8),
        patterns=read.texts.take(rows),
        directions=np.where(
            read.kinds[rows] <= EntryKind.RANGE, columns["directions"][rows], Direction.BOTH
        ).astype(np.uint8),
        fraud_types=columns["fraud_types"][rows].astype(np.uint8),
        expires_s=columns["expires_s"][rows].astype(np.uint32),
        provenances=provenances[rows],
        provenance=provenance,
        modes=columns["modes"][rows].astype(np.uint8),
    )
    return CheckedRows(
        table=table,
        rows=rows,
        problems=checking.problems(),
        terms_given=int(np.count_nonzero(columns["terms_given"][rows])),
    )


class _Checking:
    """Collects what is wrong; the first thing said of a row stays."""

    def __init__(self, rows: int) -> None:
        self.fine = np.ones(rows, np.bool_)
        self._problems: dict[int, RejectedRow] = {}

    def add(self, row: int, outcome: RowOutcome, message: str) -> None:
        if self.fine[row]:
            self.fine[row] = False
            self._problems[row] = RejectedRow(row=row, outcome=outcome, message=message)

    def refuse(self, wrong: Bools, message: Callable[[int], str]) -> None:
        for row in np.flatnonzero(wrong).tolist():
            self.add(row, RowOutcome.INVALID, message(row))

    def problems(self) -> list[RejectedRow]:
        return [self._problems[row] for row in sorted(self._problems)]


def _columns(
    proposed: ProposedRows, defaults: RowDefaults, checking: _Checking, now_s: int
) -> dict[str, Int64s]:
    rows = len(proposed)
    columns = {
        "actions": _column(proposed.actions, defaults.action, rows),
        "directions": _column(proposed.directions, defaults.direction or Direction.BOTH, rows),
        "fraud_types": _column(proposed.fraud_types, defaults.fraud_type, rows),
        "sources": _column(proposed.sources, defaults.source, rows),
        "modes": _column(proposed.modes, defaults.mode or EntryMode.ENFORCE, rows),
        "reviews_s": _column(proposed.reviews_s, defaults.review_s, rows),
    }
    columns |= _ends(proposed, defaults, columns["reviews_s"], checking)
    for name, first, last, wanted in (
        ("actions", 1, max(Action), "action: required, block or allow"),
        ("directions", 1, Direction.BOTH, "direction: there is no such direction"),
        ("fraud_types", 0, max(FraudType), "fraud_type: there is no such type"),
        ("sources", 1, max(Source), "source: required"),
        ("expires_s", now_s + 1, NO_END_S, "expires_at_s: already over, or beyond 2106"),
        ("modes", 1, max(EntryMode), "mode: there is no such mode"),
    ):
        column = columns[name]
        checking.refuse((column < first) | (column > last), lambda _, wanted=wanted: wanted)  # type: ignore[misc]
    reviews = columns["reviews_s"]
    late = (reviews != 0) & ((reviews <= now_s) | (reviews >= NO_END_S))
    checking.refuse(late, lambda _: "review_at_s: already over, or beyond 2106")
    idle = (columns["modes"] == EntryMode.SHADOW) & (columns["actions"] == Action.ALLOW)
    checking.refuse(idle, lambda _: "mode: a shadow entry only blocks; an allow entry acts")
    return columns


def _ends(
    proposed: ProposedRows, defaults: RowDefaults, reviews_s: Int64s, checking: _Checking
) -> dict[str, Int64s]:
    """Tell when rows end: what they say, or the default; never only for what is reviewed."""
    said = _column(proposed.expires_s, 0, len(proposed))
    never = said == NO_END_S
    if proposed.no_ends:
        never |= np.array(proposed.no_ends, np.bool_)
    if defaults.no_end:
        never |= said == 0
    ends = np.where(said == 0, defaults.expires_s, said)
    ends[never] = NO_END_S
    unreviewed = never & (reviews_s == 0) & defaults.no_end_needs_review
    if defaults.gives_term:
        ends[unreviewed] = defaults.expires_s
    else:
        checking.refuse(unreviewed, lambda _: NEEDS_REVIEW)
    return {"expires_s": ends, "terms_given": (unreviewed & defaults.gives_term).astype(np.int64)}


def _column(numbers: Sequence[int], default: int, rows: int) -> Int64s:
    """Return what each row says, *default* for those that say nothing."""
    if not len(numbers):
        return np.full(rows, default, np.int64)
    column = np.array(numbers, np.int64)
    column[column == 0] = default
    return column


def _guard(read: Patterns, actions: Uint8s, checking: _Checking) -> None:
    """Refuse what would cut off the protected, or too many."""
    entries = Identities(
        kinds=read.kinds, keys=read.keys, digits=read.digits, actions=actions, patterns=read.texts
    )
    suspects = protected.suspects(entries)
    for row in suspects[checking.fine[suspects]].tolist():
        kind, key, digits = (
            EntryKind(int(read.kinds[row])),
            int(read.keys[row]),
            int(read.digits[row]),
        )
        why = protected.refusal(kind, read.text(row), key, digits, Action(int(actions[row])))
        if why:
            checking.add(row, RowOutcome.REFUSED, why)


def _provenance(
    proposed: ProposedRows,
    defaults: RowDefaults,
    columns: dict[str, Int64s],
    checking: _Checking,
    now_s: int,
) -> tuple[Uint32s, tuple[Provenance, ...]]:
    """Find the distinct grounds on which the rows stand, and number them."""
    known: dict[tuple[int, int, str, str, str, str], int] = {}
    texts = [proposed.reasons, proposed.legal_bases, proposed.campaigns, proposed.authors]
    numbers = [columns["sources"], columns["reviews_s"]]
    # Most often all rows stand on the same: then one is looked at, and is meant for all.
    alike = not any(map(len, (*texts, proposed.sources, proposed.reviews_s)))
    looked_at = min(len(proposed), 1) if alike else len(proposed)
    grounds = zip(
        *(column[:looked_at].tolist() for column in numbers),
        *(text or repeat("", looked_at) for text in texts),
        strict=True,
    )
    places = [known.setdefault(ground, len(known)) for ground in grounds]
    column = np.zeros(len(proposed), np.uint32)
    column[:] = places
    written = []
    for place, (source, review_s, reason, basis, campaign, author) in enumerate(known):
        ground = Provenance(
            # Rows without a known source are refused already; any stands in for theirs.
            source=Source(source) if source in _SOURCES else Source.BUREAU,
            reason=reason or defaults.reason,
            legal_basis=basis or defaults.legal_basis,
            created_by=author or defaults.author,
            created_at_s=now_s,
            campaign=campaign or defaults.campaign,
            review_at_s=review_s,
        )
        written.append(ground)
        if wrong := _too_long(ground):
            checking.refuse(column == place, lambda _, wrong=wrong: wrong)  # type: ignore[misc]
    return column, tuple(written)


def _too_long(ground: Provenance) -> str:
    for name in ("reason", "legal_basis", "created_by", "campaign"):
        if len(getattr(ground, name)) > MAX_TEXT_CHARACTERS:
            return f"{name}: longer than {MAX_TEXT_CHARACTERS} characters"
    return ""
