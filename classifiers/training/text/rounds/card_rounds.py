"""Puts the figures of rounds into the card of a bundle that is there; its graphs stay untouched.

Rounds take many times as long as a bundle, so they may end when it is long in use. They have to be
of the training that made the bundle: its card tells the seed, the options and how many rows each
split had, and must agree.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classifiers import card
from classifiers.training import bundle_writer
from classifiers.training.text import report
from classifiers.training.text.data import TEST, TRAIN, VALIDATION, LabelledText
from classifiers.training.text.report import Figures
from classifiers.training.text.row_selection import RowSelection
from fanzha import toml_files


class OtherTrainingError(Exception):
    """A bundle was not made by the training whose rounds were run."""


def check(
    bundle: Path, rows: Sequence[LabelledText], seed: int, options: Mapping[str, float]
) -> dict[str, Any]:
    """Return the card of *bundle*; raise OtherTrainingError if another training made it."""
    if not (bundle / card.CARD).exists():
        raise OtherTrainingError(f"{bundle}: no bundle with a card")
    about = toml_files.parse((bundle / card.CARD).read_text(encoding="utf-8"))
    told = {
        "seed": seed,
        "options": dict(options),
        **{f"{name}_rows": _rows(rows, name) for name in (TRAIN, VALIDATION, TEST)},
    }
    for name, value in told.items():
        of_card = about.get(name, about["metrics"].get(name))
        if of_card != value:
            raise OtherTrainingError(f"{bundle}: {name} is {of_card} on the card, {value} here")
    return about


def put(
    bundle: Path,
    rows: Sequence[LabelledText],
    rounds: Sequence[tuple[RowSelection, Figures]],
    seed: int,
    options: Mapping[str, float],
) -> None:
    """Write what *rounds* left out, and the learning curve, onto the card of *bundle*.

    Figures on the card of sources that *rounds* did not leave out stay.
    """
    metrics = check(bundle, rows, seed, options)["metrics"]
    new = report.left_out(rounds)
    names = {figure["source"] for figure in new}
    stay = [figure for figure in metrics.get("left_out", ()) if figure["source"] not in names]
    bundle_writer.add_metrics(bundle, {"left_out": [*stay, *new]})
    curve = report.learning(rounds, metrics[VALIDATION], metrics["train_rows"])
    if curve:
        bundle_writer.add_plots(bundle, {"learning": curve})


def _rows(rows: Sequence[LabelledText], split: str) -> int:
    return sum(row.split == split for row in rows)
