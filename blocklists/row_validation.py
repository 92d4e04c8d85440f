"""Validates rows sent by administrators: each becomes an entry or a rejection with its reason.

Column by column, for an import may have ten million rows: some 1 µs for a number or a host
name in canonical spelling. All list entries pass `validate`, so none bypasses the guard of
`blocklists.protected`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np

from blocklists import patterns, protected, region_codes
from blocklists.entries import NO_END_S, Direction, EntryKind, EntryMode, Source
from blocklists.entry_table import EntryTable, Identities
from blocklists.patterns import Patterns
from blocklists.provenance import Provenance
from blocklists.store.changes import RowOutcome
from fanzha import numbering
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from fanzha.tables import Bools, Int64s, Uint8s, Uint32s
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from infra.text_limits import CharacterSet, TextLimit, violation

ENTRY_TEXT = TextLimit(max_characters=1000, characters=CharacterSet.ANY, strip=False)
"""Reason, legal basis, author or campaign of an entry."""
_SOURCES = frozenset(Source)
_IMPOSSIBLE = gettext_noop("pattern: no number has this form: {pattern}")
NEEDS_REVIEW = Message("no_end: an entry that never ends needs a date of review (review_at_s)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRows:
    """Rows as received, a column per field; 0 or an empty text: not given.

    A column that no row sets is empty: most rows are just a pattern.
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
    regions: Sequence[str] = ()
    """Codes of regions, with or without trailing zeros."""
    authors: Sequence[str] = ()
    modes: Sequence[int] = ()
    reviews_s: Sequence[int] = ()
    no_ends: Sequence[bool] = ()
    """Whether a row is to have no end."""

    def __len__(self) -> int:
        return len(self.patterns)


NOTHING = ProposedRows(patterns=())
"""No rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDefaults:
    """Values for fields that a row does not set; 0 or empty: required."""

    kind: int = 0
    action: int = 0
    direction: int = Direction.BOTH
    fraud_type: int = FraudType.UNSPECIFIED
    source: int = 0
    expires_s: int
    reason: str = ""
    legal_basis: str = ""
    campaign: str = ""
    region: str = ""
    author: str
    mode: int = EntryMode.ENFORCE
    review_s: int = 0
    no_end: bool = False
    no_end_needs_review: bool = True
    gives_term: bool = False
    """Whether a row without an end that lacks its review gets ``expires_s``, or is invalid."""
    fraud_types_of: Mapping[int, int] = field(default_factory=dict)
    """The kind of fraud by source, of block rows for which none is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that was rejected."""

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
    """Rows without end or review that were given the default term."""


def validate(
    proposed: ProposedRows, defaults: RowDefaults, *, home: HomePlan, now_s: int
) -> CheckedRows:
    """Read and guard every row; a bad one never stops the others."""
    kinds = _column(proposed.kinds, defaults.kind, len(proposed))
    unknown = (kinds < 0) | (kinds > max(EntryKind))
    read = patterns.read(proposed.patterns, np.where(unknown, 0, kinds).astype(np.uint8), home)
    checking = _Checking(len(proposed))
    checking.refuse(unknown, lambda _: Message("kind: there is no such kind"))
    for row, message in read.errors.items():
        checking.add(row, RowOutcome.INVALID, message)
    # A typing error that would match nothing: traffic from such a number is implausible anyway.
    impossible = (read.kinds == EntryKind.NUMBER) & numbering.impossible(read.keys)
    checking.refuse(impossible, lambda row: Message(_IMPOSSIBLE, pattern=read.text(row)))
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
    """Collects rejections; the first of a row stays."""

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
    _name_fraud_types(columns, defaults.fraud_types_of)
    columns |= _ends(proposed, defaults, columns["reviews_s"], checking)
    for name, first, last, fault in (
        ("actions", 1, max(Action), Message("action: required, block or allow")),
        ("directions", 1, Direction.BOTH, Message("direction: there is no such direction")),
        ("fraud_types", 0, max(FraudType), Message("fraud_type: there is no such type")),
        ("sources", 1, max(Source), Message("source: required")),
        ("expires_s", now_s + 1, NO_END_S, Message("expires_at_s: already over, or beyond 2106")),
        ("modes", 1, max(EntryMode), Message("mode: there is no such mode")),
    ):
        column = columns[name]
        checking.refuse((column < first) | (column > last), lambda _, fault=fault: fault)  # type: ignore[misc]
    reviews = columns["reviews_s"]
    late = (reviews != 0) & ((reviews <= now_s) | (reviews >= NO_END_S))
    checking.refuse(late, lambda _: Message("review_at_s: already over, or beyond 2106"))
    idle = (columns["modes"] == EntryMode.SHADOW) & (columns["actions"] == Action.ALLOW)
    checking.refuse(
        idle, lambda _: Message("mode: a shadow entry only blocks; an allow entry acts")
    )
    return columns


def _name_fraud_types(columns: dict[str, Int64s], of_source: Mapping[int, int]) -> None:
    """Give block rows without a kind of fraud the one that their source mostly lists."""
    unnamed = (columns["fraud_types"] == FraudType.UNSPECIFIED) & (
        columns["actions"] == Action.BLOCK
    )
    for source, fraud_type in of_source.items():
        columns["fraud_types"][unnamed & (columns["sources"] == source)] = fraud_type


def _ends(
    proposed: ProposedRows, defaults: RowDefaults, reviews_s: Int64s, checking: _Checking
) -> dict[str, Int64s]:
    """Return when rows end: as given, or the default; never only where a review is set."""
    given = _column(proposed.expires_s, 0, len(proposed))
    never = given == NO_END_S
    if proposed.no_ends:
        never |= np.array(proposed.no_ends, np.bool_)
    if defaults.no_end:
        never |= given == 0
    ends = np.where(given == 0, defaults.expires_s, given)
    ends[never] = NO_END_S
    unreviewed = never & (reviews_s == 0) & defaults.no_end_needs_review
    if defaults.gives_term:
        ends[unreviewed] = defaults.expires_s
    else:
        checking.refuse(unreviewed, lambda _: NEEDS_REVIEW)
    return {"expires_s": ends, "terms_given": (unreviewed & defaults.gives_term).astype(np.int64)}


def _column(numbers: Sequence[int], default: int, rows: int) -> Int64s:
    """Return *numbers* as a column, *default* for 0."""
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
    """Return the place of each row's provenance, and the distinct provenance."""
    known: dict[tuple[int, int, str, str, str, str, str], int] = {}
    texts = [proposed.reasons, proposed.legal_bases, proposed.campaigns, proposed.regions]
    texts.append(proposed.authors)
    numbers = [columns["sources"], columns["reviews_s"]]
    # Most often all rows share it: then the first row stands for all.
    alike = not any(map(len, (*texts, proposed.sources, proposed.reviews_s)))
    distinct_rows = min(len(proposed), 1) if alike else len(proposed)
    fields = zip(
        *(column[:distinct_rows].tolist() for column in numbers),
        *(text or repeat("", distinct_rows) for text in texts),
        strict=True,
    )
    places = [known.setdefault(one, len(known)) for one in fields]
    column = np.zeros(len(proposed), np.uint32)
    column[:] = places
    written = []
    for place, (source, review_s, reason, basis, campaign, region, author) in enumerate(known):
        one = Provenance(
            # Rows without a known source are rejected already; any value will do for them.
            source=Source(source) if source in _SOURCES else Source.BUREAU,
            reason=reason or defaults.reason,
            legal_basis=basis or defaults.legal_basis,
            created_by=author or defaults.author,
            created_at_s=now_s,
            campaign=campaign or defaults.campaign,
            region=region_codes.region_key(region.strip() or defaults.region),
            review_at_s=review_s,
        )
        written.append(one)
        if wrong := _too_long(one) or _no_region(one):
            checking.refuse(column == place, lambda _, wrong=wrong: wrong)  # type: ignore[misc]
    return column, tuple(written)


def _too_long(one: Provenance) -> str:
    for name in ("reason", "legal_basis", "created_by", "campaign"):
        if found := violation(getattr(one, name), ENTRY_TEXT):
            return Message("{name}: {found}", name=name, found=found)
    return ""


def _no_region(one: Provenance) -> str:
    if one.region and not region_codes.is_code(one.region):
        return Message("region: two, four or six digits, such as 3301, or empty")
    return ""
