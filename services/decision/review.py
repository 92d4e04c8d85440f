"""Puts up for review what scores just under the threshold: let through, for a person to judge.

A model's card may name a review threshold below that of blocks. Rows between the two that no other
rule decides get `Reason.REVIEW` and are written to suspected hits, where they are confirmed or
dismissed. People judge few, so the workers of a host put up at most so many a minute, of a batch
those that score highest; the others are let through as scored, and counted.
"""

from collections.abc import Callable, Mapping

import numpy as np

from fanzha.decisions import Reason
from fanzha.tables import Bools, Channel, Float32s
from infra.mapped.minute_counts import MinuteCounts
from services.decision import rules
from services.decision.evidence import BatchEvidence
from services.decision.rules import Ruling

CountReviews = Callable[[Channel, int, int], None]
"""Takes rows put up for review, and rows that were too many."""
RULE = "review"
PLACES = max(Channel) + 1
"""Of the counts that the workers of a host share: one for the number of each channel."""

_REVIEW, _SCORED = np.uint8(Reason.REVIEW), np.uint8(Reason.SCORED)


def _uncounted(_channel: Channel, _put_up: int, _left_out: int) -> None:
    """Count nothing."""


class ReviewStage:
    """The reviews of one worker, *per_minute* at most by channel and host; 0: none.

    One thread only.
    """

    def __init__(
        self,
        per_minute: Mapping[Channel, int],
        *,
        count: CountReviews = _uncounted,
        used: MinuteCounts | None = None,
        dry_run: bool = False,
    ) -> None:
        """Count with *count*; a *dry_run* knows no limit and counts nothing.

        *used* is what the workers of the host have put up in this minute, None where this is the
        only one; it has `PLACES`.
        """
        self._per_minute = dict(per_minute)
        self._count = count
        self._dry_run = dry_run
        self._used = used or MinuteCounts.in_memory(places=PLACES)

    def for_dry_runs(self) -> "ReviewStage":
        """Return a stage that says which rows would be put up, and uses up nothing."""
        return ReviewStage(self._per_minute, dry_run=True)

    def ruling(self, evidence: BatchEvidence) -> Ruling:
        """Apply the rules to a batch; what comes close and no rule decides is put up."""
        close = self._close(evidence)
        if close is None:
            return evidence.ruling()
        evidence.rule_columns[RULE] = close
        return self._limited(evidence.channel, evidence.ruling(), evidence.scores, evidence.now_s)

    def _close(self, evidence: BatchEvidence) -> Bools | None:
        """Return the rows that score from the review threshold to below that of blocks."""
        review = evidence.models.review_thresholds.get(evidence.channel)
        if review is None or not self._per_minute.get(evidence.channel):
            return None
        high = evidence.scores >= np.float32(review)
        if not np.count_nonzero(high):
            return None
        inside: Bools = high & (evidence.scores < np.asarray(evidence.threshold, np.float32))
        few = evidence.known_too_little
        return inside if few is None else inside & ~few

    def _limited(self, channel: Channel, ruling: Ruling, scores: Float32s, now_s: int) -> Ruling:
        """Let the rows through as scored that are too many for the minute of *now_s*."""
        rows = (ruling.reasons == _REVIEW).nonzero()[0]
        if not len(rows) or self._dry_run:
            return ruling
        most = self._per_minute[channel]
        taken = self._used.take(channel.value, len(rows), most=most, now_s=now_s)
        surplus = rows[np.argsort(-scores[rows], kind="stable")][taken:]
        self._count(channel, len(rows) - len(surplus), len(surplus))
        if not len(surplus):
            return ruling
        reasons, held = ruling.reasons.copy(), ruling.held.copy()
        reasons[surplus] = _SCORED
        held[surplus] &= ~rules.bit_of(RULE)
        return ruling._replace(reasons=reasons, held=held)
