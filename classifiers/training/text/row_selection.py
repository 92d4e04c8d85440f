"""Rows that one training of the text model may use."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from classifiers.training.text import call_transcripts
from classifiers.training.text.data import VALIDATION, LabelledText

ALL_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSelection:
    """One training: on all, without a source, or on fewer groups."""

    left_out: tuple[str, ...] = ()
    """Sources, or a source and its category, to leave out."""
    share: int = ALL_PERCENT
    """Of the groups to learn from, in percent."""
    epochs: int

    def about(self) -> str:
        """Say in words what it is."""
        fewer = "" if self.share == ALL_PERCENT else f" of {self.share} % of the groups"
        without = f" without {', '.join(self.left_out)}" if self.left_out else ""
        return f"training{fewer}{without}" if fewer or without else "training on all rows"

    def part(self) -> str:
        """Return a name that no other training of the same rows has."""
        return json.dumps({"left_out": self.left_out, "share": self.share, "epochs": self.epochs})

    def includes(self, row: LabelledText) -> bool:
        """Return whether *row* may be trained on."""
        return row.place < self.share and not self.leaves_out(row)

    def selects(self, row: LabelledText, train_only: Collection[str] = ()) -> bool:
        """Return whether thresholds, cautions and calibration are chosen on *row*.

        Synthetic calls are for training only, and so are the sources *train_only*.
        """
        no_sample = row.source in call_transcripts.SOURCES or row.source in train_only
        return row.split == VALIDATION and not no_sample and not self.leaves_out(row)

    def leaves_out(self, row: LabelledText) -> bool:
        """Return whether *row* belongs to what this round never sees."""
        return row.source in self.left_out or f"{row.source} {row.category}" in self.left_out
