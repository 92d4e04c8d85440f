"""Tries options of a training with sources left out.

`python -m classifiers.training.text.objectives.trials` trains with each option for each group of
sources left out. Printed is the recall of these sources at thresholds that validation rows of the
others chose: of both stages as they would be served, and of the fast stage where it blocks 1 in
1,000 and 1 in 10,000 of those legitimate rows. Test rows are in none of it, so options can be
chosen by it.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classifiers.evaluation.metrics import threshold_for
from classifiers.training.bundle_writer import markdown_table
from classifiers.training.text import data
from classifiers.training.text.data import FRAUD, OWN, TEST, LabelledText
from classifiers.training.text.network import Trained, logits
from classifiers.training.text.objectives.options import TRIALS
from classifiers.training.text.rounds.training_rounds import TextTrainingSetup
from classifiers.training.text.row_selection import RowSelection
from classifiers.training.text.scores import adjusted_classes, probabilities, review_only
from classifiers.training.text.teacher import Teacher
from fanzha.tables import Bools, Float32s

GROUPS: tuple[tuple[str, ...], ...] = (
    ("mendeley", "fbs", "teleantifraud"),
    ("indonesian_sms", "indonesian_reports", "thai_sms", "spamhunter", "spamhunter_labelled"),
)
RATES = (0.001, 0.0001)


class TrialLine(NamedTuple):
    """What became of one source that was left out."""

    source: str
    label: str
    rows: int
    both: float
    """Share blocked, by both stages as they would be served."""
    alone: float
    at_rates: tuple[float, ...]
    """Share blocked by the fast stage, at each of `RATES`."""


def tried(setup: TextTrainingSetup, one: RowSelection) -> Iterator[TrialLine]:
    """Train without the sources of *one*, and yield a line for each source and label of them."""
    trained = setup.fit(one)
    held = [row for row in setup.rows if one.selects(row) and row.label == "ham"]
    public = [row for row in held if row.source != OWN]
    thresholds = [threshold_for(_fast(trained, public), rate) for rate in RATES]
    rows = [row for row in setup.rows if one.leaves_out(row) and row.split != TEST]
    fast, capped = _fast(trained, rows), _review_only(trained, rows)
    judged = trained.stages.judge([row.text for row in rows], fast, capped)
    for source, label in sorted({(row.source, row.label) for row in rows}):
        part = np.array([(row.source, row.label) == (source, label) for row in rows])
        yield TrialLine(
            source,
            label,
            int(part.sum()),
            _share(judged.blocked, part),
            _share(judged.alone, part),
            tuple(_share(fast >= np.float32(threshold), part) for threshold in thresholds),
        )


def report(lines: Sequence[tuple[str, int, TrialLine]]) -> str:
    """Write a table in Markdown of options, seeds and lines."""
    heads = ("option", "seed", "source", "label", "rows", "both stages", "fast alone",
             *(f"fast at {rate:.2%}" for rate in RATES))  # fmt: skip
    return markdown_table(
        heads,
        (
            [name, seed, line.source, line.label, line.rows]
            + [f"{share:.1%}" for share in (line.both, line.alone, *line.at_rates)]
            for name, seed, line in lines
        ),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Try the named options, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled texts")
    parser.add_argument("--option", action="append", choices=TRIALS, help="may be repeated")
    parser.add_argument("--seed", type=int, action="append", help="may be repeated")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--templates", type=int, default=40, help="messages of each of our own")
    given = parser.parse_args(arguments)
    seeds = given.seed or [1]
    rows = data.read(given.data, seeds[0], given.templates)
    setup = TextTrainingSetup(
        rows=rows, teacher=Teacher(rows, seeds[0], lambda _: None), seed=seeds[0]
    )
    lines = []
    for name in given.option or TRIALS:
        for seed in seeds:
            one = replace(setup, seed=seed, options=TRIALS[name])
            for left_out in GROUPS:
                selection = RowSelection(left_out=left_out, epochs=given.epochs)
                lines += [(name, seed, line) for line in tried(one, selection)]
    sys.stdout.write(f"{report(lines)}\n")


def _fast(trained: Trained, rows: Sequence[LabelledText]) -> Float32s:
    classes = adjusted_classes(logits(trained.network, [row.text for row in rows]), trained.caution)
    found: Float32s = probabilities(classes, trained.calibration)[:, FRAUD]
    return found


def _review_only(trained: Trained, rows: Sequence[LabelledText]) -> Bools:
    return review_only(logits(trained.network, [row.text for row in rows]), trained.review_only)


def _share(chosen: Bools, part: Bools) -> float:
    return float(chosen[part].mean())


if __name__ == "__main__":
    main()
