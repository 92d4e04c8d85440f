"""What a score means where fraud is rarer than in the rows it was calibrated on.

A calibrated score is the probability of fraud in the mix of its calibration: a third of the rows
may be fraud there, one in two thousand in a carrier's traffic. If fraud and legitimate traffic each
look alike in both, Bayes' rule moves the odds by the ratio of the prior odds (label shift: Saerens,
Latinne and Decaestecker 2002). If they do not, neither number holds: see drift.
"""

import numpy as np
import numpy.typing as npt

from classifiers.evaluation.operating_points import PREVALENCE


def probability(score: float, trained: float, stated: float = PREVALENCE) -> float:
    """Return the probability of fraud behind *score* where *stated* of the traffic is fraud.

    *trained* is the share of fraud where the score was calibrated. Both are in (0, 1), else
    `ValueError`.
    """
    return float(probabilities(np.array([score]), trained, stated)[0])


def probabilities(
    scores: npt.NDArray[np.floating], trained: float, stated: float = PREVALENCE
) -> npt.NDArray[np.float64]:
    """Return the same for many scores in [0, 1]; NaN stays NaN."""
    if not (0 < trained < 1 and 0 < stated < 1):
        raise ValueError(f"shares of fraud: within (0, 1), not {trained} and {stated}")
    ratio = stated / (1 - stated) * (1 - trained) / trained
    wide = np.asarray(scores, np.float64)
    moved: npt.NDArray[np.float64] = wide * ratio / (wide * ratio + (1 - wide))
    return moved
