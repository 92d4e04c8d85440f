"""What the logits of a text network mean."""

import numpy as np

from classifiers.training.link.calibration import Calibration
from classifiers.training.text.data import CLASSES, FRAUD, HAM, LANGUAGES, SPAM
from fanzha.tables import Bools, Float32s

HEADS = (len(CLASSES), len(LANGUAGES))
"""Logits of classes, then of languages, then of kinds of fraud."""
_EVEN = 0.5


def adjusted_classes(found: Float32s, caution: Float32s) -> Float32s:
    """Return the logits of the classes, with *caution* added to ham."""
    classes = found[:, : HEADS[0]].copy()
    classes[:, HAM] += _softmax(found[:, HEADS[0] : sum(HEADS)]) @ caution
    return classes


def review_only(found: Float32s, languages: Bools) -> Bools:
    """Return a mask of texts that are likelier than not in one of *languages*, from all logits."""
    likely: Bools = _softmax(found[:, HEADS[0] : sum(HEADS)]) @ languages.astype(np.float32) > _EVEN
    return likely


def fraud_odds(classes: Float32s) -> Float32s:
    """Return the log odds of fraud."""
    odds: Float32s = classes[:, FRAUD] - np.logaddexp(classes[:, HAM], classes[:, SPAM])
    return odds


def probabilities(classes: Float32s, calibration: Calibration | None = None) -> Float32s:
    """Return the probabilities of the classes; ham and spam keep their proportion."""
    changed = classes.copy()
    if calibration is not None:
        odds = fraud_odds(classes)
        changed[:, FRAUD] += calibrated(odds, calibration) - odds
    return _softmax(changed)


def calibrated(odds: Float32s, calibration: Calibration) -> Float32s:
    """Return calibrated log-odds."""
    bend, slope, offset = calibration
    changed: Float32s = (bend * odds**3 + slope * odds + offset).astype(np.float32)
    return changed


def _softmax(values: Float32s) -> Float32s:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    shares: Float32s = powers / powers.sum(axis=1, keepdims=True)
    return shares
