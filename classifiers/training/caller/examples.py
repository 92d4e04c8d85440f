"""A site's examples as subscribers for the caller model, where a carrier added its counters.

How callers behave is not logged, so the export has none of these columns: whoever has the counters
of the carrier joins them to the number that a full export names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifiers.caller.classifier import TABLE_COLUMNS, activity_from_table
from classifiers.training import examples, examples_card, examples_split
from classifiers.training.bundle_writer import percent_of
from classifiers.training.caller.data import Subscribers, joined
from classifiers.training.caller.metrics import Score
from classifiers.training.examples import Fields, TrainingExample
from classifiers.training.examples_card import LABELS, SiteExamples
from classifiers.training.examples_split import ECHO
from fanzha.tables import Float32s

LEARNED, MEASURED = "learned", "measured"
_NO_COLUMN = (
    "there is no such column: how callers behaved is not logged, so no export has it; join the "
    f"carrier's own counters to the callers of a full export: {', '.join(TABLE_COLUMNS)}"
)
_LEARNED_PERCENT = 80
"""As much as the table's development part is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerExamples:
    """Subscribers of a site, on both sides of the split."""

    taught: Subscribers
    measured: Subscribers
    sources: tuple[str, ...]
    """Of the rows that are only measured."""
    used: tuple[str, ...]
    """Of all rows."""
    site: SiteExamples

    def beside(self, subscribers: Subscribers) -> Subscribers:
        """Return *subscribers*, and after them the rows to learn from."""
        return Subscribers(
            activity=joined([subscribers.activity, self.taught.activity]),
            frauds=np.concatenate([subscribers.frauds, self.taught.frauds]),
        )

    def blocked(self, score: Score, threshold: float) -> list[dict[str, object]]:
        """Count what is blocked of the rows that are only measured, by source and label."""
        found = score(self.measured.activity) >= np.float32(threshold)
        sources = np.array(self.sources)
        return [
            {"source": source, "label": LABELS[fraud], "rows": int(part.sum()), "blocked": blocked}
            for source in sorted({*self.sources})
            for fraud in (True, False)
            if (part := (sources == source) & (self.measured.frauds == fraud)).any()
            for blocked in [int(found[part].sum())]
        ]


def read(paths: Sequence[Path]) -> CallerExamples:
    """Read and split the callers of some files; one caller is on one side."""
    found = examples.read(paths, "sender", _caller, more=dict.fromkeys(TABLE_COLUMNS, _NO_COLUMN))
    callers = [one.content for one in found.rows]
    places, left_out = examples_split.agreed(found.rows, callers)
    agreed = [found.rows[place] for place in places]
    sides = [_side(one) for one in agreed]
    learned = {one.content for one, side in zip(agreed, sides, strict=True) if side == LEARNED}
    used, seen = [], set()
    for one, side in zip(agreed, sides, strict=True):
        # One caller, one row: its counters are the same in all of its cases.
        if (side == LEARNED or one.content not in learned) and one.content not in seen:
            seen.add(one.content)
            used.append((one, side))
    left_out[ECHO] = len(agreed) - len(used)
    taught = [one for one, side in used if side == LEARNED]
    measured = [one for one, side in used if side == MEASURED]
    return CallerExamples(
        taught=_subscribers(taught),
        measured=_subscribers(measured),
        sources=tuple(one.source for one in measured),
        used=tuple(one.source for one, _ in used),
        site=examples_card.summed(
            found, [one for one, _ in used], [side == LEARNED for _, side in used], left_out
        ),
    )


def _caller(fields: Fields) -> str:
    for name in TABLE_COLUMNS:
        if not (fields[name] == "" or _number(fields[name]) >= 0):
            raise ValueError(f"{name}: a number from 0 on, or empty, not {fields[name]!r}")
    return fields["sender"].strip()


def _side(example: TrainingExample) -> str:
    percent = percent_of(example.group)
    return LEARNED if percent < _LEARNED_PERCENT else MEASURED


def _subscribers(rows: Sequence[TrainingExample]) -> Subscribers:
    columns = {name: _column(rows, name) for name in TABLE_COLUMNS}
    return Subscribers(
        activity=activity_from_table(columns),
        frauds=np.array([one.is_fraud for one in rows], np.bool_),
    )


def _column(rows: Sequence[TrainingExample], name: str) -> Float32s:
    return np.array([_number(one.fields[name]) for one in rows], np.float32)


def _number(text: str) -> float:
    try:
        found = float(text or "nan")
    except ValueError:
        return -1.0
    return found if np.isfinite(found) or not text else -1.0
