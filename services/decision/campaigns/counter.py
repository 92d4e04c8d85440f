"""Counts campaigns: texts that match a listed fingerprint, and near-duplicates sent in bulk.

Every match of a listed fingerprint is counted. Of the other texts one in `STRIDE` is sketched and
counted with that weight, some 0.1 µs a text. Sampled texts are buffered until there are
`ASIDE_ROWS`; only their sketches outlive that. One thread only.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from fanzha import fingerprint
from fanzha.decisions import Action, Decisions, MatchedOn
from fanzha.tables import Texts
from fanzha.text import normalise_all
from services.decision.campaigns.bulk_texts import BulkTexts, Campaign, senders

logger = logging.getLogger(__name__)

STRIDE = 128
ASIDE_ROWS = 128
LISTED = 1024
"""Listed fingerprints counted individually; the least recently seen is evicted first."""
_LOG_EVERY_MS = 1_000
_TEXT = MatchedOn.TEXT


class CampaignCounters(Protocol):
    """Counts campaigns in metrics."""

    def fingerprint_hit(self, action: Action) -> None:
        """Count a text that a listed fingerprint decided."""
        ...

    def bulk_campaign(self) -> None:
        """Count a text that turned out to be sent in bulk."""
        ...


class Campaigns:
    """The campaigns of one worker; *bulk_texts* near-duplicates make a reported campaign."""

    def __init__(
        self,
        *,
        bulk_texts: int,
        now_ms: Callable[[], int],
        counters: CampaignCounters,
        stride: int = STRIDE,
        listed: int = LISTED,
    ) -> None:
        self._bulk_texts = bulk_texts
        self._now_ms = now_ms
        self._counters = counters
        self._stride = stride
        self._most_listed = listed
        self._skip = 0
        self._bulk = BulkTexts()
        self._listed: OrderedDict[str, Campaign] = OrderedDict()
        self._logged_at_ms = 0
        self._reported: set[str] = set()
        self._bodies: list[str] = []
        self._aside: list[tuple[int, bool, float]] = []
        """Sender, whether blocked, and score of each buffered text."""

    def observe(self, texts: Texts, decisions: Decisions) -> None:
        """Count and sample a decided batch."""
        for row, detail in decisions.details.items():
            if detail.matched_on is _TEXT:
                self._count_listed(texts, decisions, row)
        rows = len(texts)
        if self._skip >= rows:
            self._skip -= rows
            return
        for row in range(self._skip, rows, self._stride):
            self._put_aside(texts, decisions, row)
        self._skip = -(rows - self._skip) % self._stride
        if len(self._bodies) >= ASIDE_ROWS:
            self.count()

    def count(self) -> None:
        """Sketch and count the buffered texts."""
        if not self._bodies:
            return
        values, known = fingerprint.sketches(normalise_all(self._bodies))
        parties, blocked, scores = (
            np.array(column)[known] for column in zip(*self._aside, strict=True)
        )
        self._bodies, self._aside = [], []
        now_ms = self._now_ms()
        found = self._bulk.add(
            values[known],
            each=self._stride,
            blocked=blocked,
            scores=scores.astype(np.float32),
            senders=parties,
            now_ms=now_ms,
        )
        for campaign in found:
            if campaign.texts >= self._bulk_texts and campaign.fingerprint not in self._reported:
                self._report(campaign, now_ms)

    def top(self, most: int) -> Sequence[Campaign]:
        """Return the largest campaigns, listed ones and those in bulk, the largest first."""
        self.count()
        bulk = [one for one in self._bulk.all() if one.texts >= self._bulk_texts]
        return sorted([*self._listed.values(), *bulk], key=lambda one: -one.texts)[:most]

    def _count_listed(self, texts: Texts, decisions: Decisions, row: int) -> None:
        pattern, now_ms = decisions.details[row].pattern, self._now_ms()
        campaign = self._listed.get(pattern)
        if campaign is None:
            if len(self._listed) >= self._most_listed:
                self._listed.popitem(last=False)
            campaign = Campaign(fingerprint=pattern, listed=True, first_ms=now_ms, last_ms=now_ms)
            self._listed[pattern] = campaign
        self._listed.move_to_end(pattern)
        action = Action(int(decisions.actions[row]))
        campaign.add(
            1.0,
            blocked=action is Action.BLOCK,
            score=float(decisions.scores[row]),
            sender=int(texts.senders[row]),
            now_ms=now_ms,
        )
        self._counters.fingerprint_hit(action)

    def _put_aside(self, texts: Texts, decisions: Decisions, row: int) -> None:
        detail = decisions.details.get(row)
        if row in texts.errors or (detail is not None and detail.matched_on is _TEXT):
            return
        blocked = int(decisions.actions[row]) == Action.BLOCK
        self._bodies.append(texts.bodies[row])
        self._aside.append((int(texts.senders[row]), blocked, float(decisions.scores[row])))

    def _report(self, campaign: Campaign, now_ms: int) -> None:
        """Count a bulk campaign; log it at a bounded rate."""
        if len(self._reported) >= LISTED:
            self._reported.clear()
        self._reported.add(campaign.fingerprint)
        self._counters.bulk_campaign()
        if now_ms - self._logged_at_ms < _LOG_EVERY_MS:
            return
        self._logged_at_ms = now_ms
        logger.info(
            "a text is sent in bulk: %s, about %d in an hour, from at least %d senders, "
            "%.0f %% blocked",
            campaign.fingerprint,
            campaign.texts,
            senders(campaign.sender_bits),
            100 * campaign.blocked / campaign.texts,
        )
