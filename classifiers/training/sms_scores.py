"""What the logits of a text network mean."""

import numpy as np

from classifiers.training.sms_data import CLASSES, FRAUD, HAM, SPAM
from fanzha.tables import Float32s


def fraud_margins(found: Float32s) -> Float32s:
    """Return the logits of the probability of fraud."""
    return found[:, FRAUD] - np.logaddexp(found[:, HAM], found[:, SPAM])


def probabilities(found: Float32s, caution: Float32s) -> Float32s:
    """Return the probabilities of the classes, with *caution* taken off fraud."""
    classes = found[:, : len(CLASSES)].copy()
    classes[:, FRAUD] -= _softmax(found[:, len(CLASSES) :]) @ caution
    return _softmax(classes)


def _softmax(values: Float32s) -> Float32s:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    shares: Float32s = powers / powers.sum(axis=1, keepdims=True)
    return shares
