"""What one training of the text model learns from."""

from collections.abc import Collection
from dataclasses import dataclass

from classifiers.training.text import call_transcripts
from classifiers.training.text.data import VALIDATION, LabelledText

ALL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One training: on all, without a source, or on fewer groups."""

    left_out: tuple[str, ...] = ()
    """Sources, or a source and its category, that it must not know."""
    share: int = ALL
    """Of the groups to learn from, in percent."""
    epochs: int

    def knows(self, row: LabelledText) -> bool:
        """Say whether *row* may be trained on."""
        return row.place < self.share and not self.leaves_out(row)

    def chooses(self, row: LabelledText, only_taught: Collection[str] = ()) -> bool:
        """Say whether thresholds, cautions and calibration are chosen on *row*.

        Synthetic calls teach, but what they call harmless sets no threshold; no more do the
        sources *only_taught*.
        """
        no_sample = row.source in call_transcripts.SOURCES or row.source in only_taught
        return row.split == VALIDATION and not no_sample and not self.leaves_out(row)

    def leaves_out(self, row: LabelledText) -> bool:
        """Say whether *row* belongs to what this round never sees."""
        return row.source in self.left_out or f"{row.source} {row.category}" in self.left_out
