"""Logit adjustment: an offset per language on the logit of ham keeps fraud within its budget.

So fraud needs a larger margin over ham where ham is scarce in training. The margin over spam is
unchanged: no budget constrains it.
"""

from collections.abc import Sequence

import numpy as np

from classifiers.training.bundle_writer import BUDGET, SMALL_SOURCE
from classifiers.training.text.data import FRAUD, HAM, LANGUAGES, OWN, SPAM, LabelledText
from fanzha.tables import Bools, Float32s

OWN_BUDGET = 0.01
"""Of our own look-alikes, written to be hard and each many times the same: for cautions."""
OWN_TOGETHER = 0.003
"""Of our own look-alikes, what both stages together may block."""
ENOUGH = 300
"""Rows of ham from which a language gets its own offset."""
LOWEST_THRESHOLD = 0.6
"""A margin for unseen sources."""
_NEVER = np.float32(-1e3)


def required_margins(found: Float32s) -> Float32s:
    """Return what has to be added to the logit of ham so that fraud has a probability of 0.5.

    Where spam is likelier than fraud, nothing has to.
    """
    fraud, spam = found[:, FRAUD], found[:, SPAM]
    is_ahead = fraud > spam
    gap = np.where(is_ahead, spam - fraud, np.float32(-1))
    rest = fraud + np.log1p(-np.exp(np.minimum(gap, np.float32(-1e-6))))
    caution: Float32s = np.where(is_ahead, rest - found[:, HAM], _NEVER).astype(np.float32)
    return caution


def ham_offsets(rows: Sequence[LabelledText], found: Float32s) -> Float32s:
    """Return the caution of each language, from the logits of the validation *rows*."""
    margins = required_margins(found)
    caution = np.zeros(len(LANGUAGES), np.float32)
    enough = np.zeros(len(LANGUAGES), np.bool_)
    for language in range(len(LANGUAGES)):
        ham = np.array([row.language == language and row.label == "ham" for row in rows])
        enough[language] = ham.sum() >= ENOUGH
        for of_source, budget in budget_groups(rows, ham, OWN_BUDGET):
            caution[language] = max(caution[language], _highest(margins[of_source], budget))
    # Languages with too little ham get the largest offset of the others.
    caution[~enough] = np.maximum(caution[~enough], caution[enough].max(initial=0))
    return caution


def budget_groups(
    rows: Sequence[LabelledText], ham: Bools, own: float
) -> list[tuple[Bools, float]]:
    """Return the rows of each source in *ham*, and the share of them that may be blocked.

    Of our own messages it is *own*. Sources too small to show a rate of one in a thousand are
    one part together. In every part one row may be blocked at least: no corpus is free of wrong
    labels.
    """
    sources = np.array([row.source for row in rows])
    found: list[tuple[Bools, float]] = []
    small = np.zeros(len(rows), np.bool_)
    for source in np.unique(sources[ham]).tolist():
        part = ham & (sources == source)
        if source == OWN:
            found.append((part, own))
        elif part.sum() >= SMALL_SOURCE:
            found.append((part, BUDGET))
        else:
            small |= part
    return [*found, (small, BUDGET)] if small.any() else found


def _highest(values: Float32s, budget: float) -> float:
    allowed = min(max(int(len(values) * budget), 1), len(values) - 1)
    return float(np.sort(values)[-1 - allowed])
