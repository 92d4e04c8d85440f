"""Scores of a text network before it is a graph."""

from collections.abc import Sequence

import numpy as np
import torch

from classifiers.text_features import ngrams
from classifiers.training.sms_data import CLASSES, FRAUD, HAM, SPAM
from classifiers.training.sms_network import Network
from fanzha.tables import Float32s
from fanzha.text import normalise_all

_BATCH = 512


def logits(network: Network, texts: Sequence[str]) -> Float32s:
    """Return the logits of classes and languages of each text."""
    parts = []
    with torch.no_grad():
        for start in range(0, len(texts), _BATCH):
            grams = ngrams(normalise_all(texts[start : start + _BATCH]))
            parts.append(network(grams).numpy())
    found: Float32s = np.concatenate(parts)
    return found


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
