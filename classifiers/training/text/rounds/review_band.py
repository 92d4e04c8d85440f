"""The score from which a text is put up for a person to judge."""

from classifiers.evaluation.metrics import threshold_for
from classifiers.training.text import call_transcripts
from classifiers.training.text.data import OWN, LabelledText
from fanzha.tables import Float32s

REVIEWED = 0.001
"""Of public legitimate texts, blocked ones included: what a person is to judge at most."""
NO_TRAFFIC = frozenset({OWN, *call_transcripts.SOURCES})
"""Sources whose legitimate texts are no sample of traffic."""


def counts(row: LabelledText) -> bool:
    """Return whether *row*, of the validation rows, is one of those the share is of."""
    return row.label == "ham" and row.source not in NO_TRAFFIC


def threshold(scores: Float32s, blocked_from: float) -> float | None:
    """Return the score that `REVIEWED` of *scores* reach; None if that is no band below."""
    found = threshold_for(scores, REVIEWED)
    return found if 0 < found < blocked_from else None
