"""Detects texts sent in bulk, listed or not; near-duplicates count as one.

Texts arrive sampled. A bounded cache holds their sketches and evicts by CLOCK: a hand goes round
and halves the credit of each place. An insertion examines `_LOOKS` places at most, so the work per
text is bounded; if all of them are in use, the text is not stored this time. Counts halve every
hour. No text is stored, only its sketch, and a 64-bit linear counter of its senders.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from fanzha.fingerprint import Values
from fanzha.tables import Bools, Float32s, Int64s
from services.decision.campaigns.near_texts import NOWHERE, NearTexts

PLACES = 4096
HALF_LIFE_MS = 3_600_000

_LOOKS = 8
_MOST_CREDIT = 64
_BITS = 64
_MULTIPLIER = 0x9E37_79B9_7F4A_7C15
_WORD = 2**64 - 1


@dataclass(slots=True, kw_only=True)
class Campaign:
    """Near-duplicates of one text, as one worker saw them."""

    fingerprint: str
    listed: bool
    """Whether it is a list entry; then every text was counted, and counts do not decay."""
    texts: float = 0.0
    blocked: float = 0.0
    score: float = float("nan")
    """Fraud probability of the latest."""
    sender_bits: int = 0
    first_ms: int
    last_ms: int

    def add(self, texts: float, *, blocked: bool, score: float, sender: int, now_ms: int) -> None:
        """Add *texts* to the count; one of them was sampled."""
        if not self.listed:
            left = 0.5 ** (max(now_ms - self.last_ms, 0) / HALF_LIFE_MS)
            self.texts, self.blocked = self.texts * left, self.blocked * left
        self.texts += texts
        self.blocked += texts if blocked else 0.0
        self.score = score
        self.sender_bits |= 1 << (sender * _MULTIPLIER & _WORD) // 2**58
        self.last_ms = max(self.last_ms, now_ms)


def senders(bits: int) -> int:
    """Estimate the number of senders from their bits; saturates at about 250."""
    unset = max(_BITS - bits.bit_count(), 1)
    return round(-_BITS * log(unset / _BITS))


class BulkTexts:
    """A cache of up to *places* texts. One thread only."""

    def __init__(self, places: int = PLACES) -> None:
        self._near = NearTexts(places)
        self._campaigns: list[Campaign | None] = [None] * places
        self._credit = [0] * places
        self._hand = 0

    def add(
        self,
        sketches: Values,
        *,
        each: float,
        blocked: Bools,
        scores: Float32s,
        senders: Int64s,
        now_ms: int,
    ) -> list[Campaign]:
        """Count sampled texts, each with weight *each*; return their campaigns."""
        found = []
        rows = zip(blocked.tolist(), scores.tolist(), senders.tolist(), strict=True)
        # Row by row: the rows are a sample, and one may be near another.
        for values, (is_blocked, score, sender) in zip(sketches, rows, strict=True):
            campaign = self._campaign(values, now_ms)
            if campaign is not None:
                campaign.add(each, blocked=is_blocked, score=score, sender=sender, now_ms=now_ms)
                found.append(campaign)
        return found

    def all(self) -> Sequence[Campaign]:
        """Return all cached campaigns, in no order."""
        return [campaign for campaign in self._campaigns if campaign is not None]

    def _campaign(self, values: Values, now_ms: int) -> Campaign | None:
        place = self._near.find(values)
        if place != NOWHERE:
            self._credit[place] = min(self._credit[place] + 1, _MOST_CREDIT)
            return self._campaigns[place]
        place = self._free_place()
        if place == NOWHERE:
            return None
        self._near.put(place, values)
        self._credit[place] = 0
        campaign = Campaign(
            fingerprint=self._near.written(place), listed=False, first_ms=now_ms, last_ms=now_ms
        )
        self._campaigns[place] = campaign
        return campaign

    def _free_place(self) -> int:
        for _ in range(_LOOKS):
            place, self._hand = self._hand, (self._hand + 1) % len(self._credit)
            if self._campaigns[place] is None or not self._credit[place]:
                return place
            self._credit[place] //= 2
        return NOWHERE
