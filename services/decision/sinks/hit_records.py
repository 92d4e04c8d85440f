"""Hits: the blocked and marked rows of a batch, but not those blocked because a model failed.

Selecting rows is column work and happens on the decision path. Encoding makes strings and happens
later, when hits are written to the store: see `services.decision.sinks.hit_encoder`. A written hit
has no message text, only its fingerprint, parties, time and reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

import numpy as np

from fanzha.decisions import Action, Decisions, Detail, MatchedOn, Reason
from fanzha.fingerprint import BatchSketches, PendingSketch
from fanzha.fraud import TAXONOMY, FraudType
from fanzha.tables import Calls, Channel, Float32s, Int64s, Links, Texts, Uint8s
from services.decision.sinks.hit_fields import HitField

Table = Calls | Texts | Links

# Naming an enum member costs a microsecond each time; this does not.
_FAILED_CLOSED = np.uint8(Reason.FAILED_CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One blocked call, text or link, or marked call, and one confirmed by a person later."""

    decision_id: int
    channel: Channel
    from_party: str
    """E.164, a service code or a name; empty for a link."""
    to_party: str
    """The person at risk; empty for a link without a known subscriber."""
    url: str = ""
    """The link; for a text, the pattern that a link in it matched."""
    fraud_type: FraudType = FraudType.UNSPECIFIED
    action: Action | None = Action.BLOCK
    """None, like the reason, for a decision that is not stored."""
    reason: Reason | None = None
    score: float = float("nan")
    entry_id: str = ""
    pattern: str = ""
    related: str = ""
    """The confirmed or suspected entity that is part of it, for whatever reason it was decided."""
    fingerprint: str = ""
    """Of a text that is long enough, see `fanzha.fingerprint`."""
    campaign: str = ""
    """Campaign of the entry, if any; connects hits of several patterns."""
    matched_on: MatchedOn = MatchedOn.UNSPECIFIED
    list_version: int = 0
    model_version: str = ""
    occurred_at_ms: int
    decided_at_ms: int = 0

    @property
    def confirmed(self) -> bool:
        """Whether a list entry decided; a model yields a suspected hit only."""
        return self.reason is Reason.BLOCKLISTED

    def fields(self) -> dict[str, str]:
        """Write the hit as the fields of a stream entry; empty ones are left out."""
        fields = {
            HitField.DECISION_ID: str(self.decision_id),
            HitField.CHANNEL: self.channel.name,
            HitField.FROM_PARTY: self.from_party,
            HitField.TO_PARTY: self.to_party,
            HitField.URL: self.url,
            HitField.FRAUD_TYPE: self.fraud_type.name if self.fraud_type else "",
            HitField.TAXONOMY: TAXONOMY if self.fraud_type else "",
            HitField.ACTION: self.action.name if self.action else "",
            HitField.REASON: self.reason.name if self.reason else "",
            HitField.SCORE: "" if np.isnan(self.score) else f"{self.score:.6g}",
            HitField.ENTRY_ID: self.entry_id,
            HitField.PATTERN: self.pattern,
            HitField.CAMPAIGN: self.campaign,
            HitField.EVIDENCE: self.matched_on.name if self.matched_on else "",
            HitField.LIST_VERSION: str(self.list_version),
            HitField.MODEL_VERSION: self.model_version,
            HitField.OCCURRED_AT_MS: str(self.occurred_at_ms),
            HitField.DECIDED_AT_MS: str(self.decided_at_ms) if self.decided_at_ms else "",
            HitField.RELATED: self.related,
            HitField.FINGERPRINT: self.fingerprint,
        }
        return {name.value: value for name, value in fields.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class HitBatch:
    """The blocked and the marked rows of one batch."""

    channel: Channel
    from_keys: Int64s
    from_names: Mapping[int, str]
    """Row to name, for parties whose keys are hashes."""
    to_keys: Int64s
    urls: Sequence[str]
    occurred_at_ms: Int64s
    ids: Sequence[int]
    actions: Uint8s
    reasons: Uint8s
    scores: Float32s
    details: Mapping[int, Detail]
    list_version: int
    model_version: str
    velocity_version: str
    decided_at_ms: int
    texts: Sequence[PendingSketch] = ()
    """Of texts: what is to be written as their fingerprints."""

    def __len__(self) -> int:
        return len(self.ids)


def blocked(
    channel: Channel, table: Table, decisions: Decisions, decided_at_ms: int
) -> HitBatch | None:
    """Select the hits of a batch; None if there are none. The decision log has the other blocks."""
    rows = decisions.blocked_or_marked().nonzero()[0]
    if len(rows):
        # A broken model says nothing of a party: its blocks would crowd out what is suspected.
        rows = rows[decisions.reasons.take(rows) != _FAILED_CLOSED]
    if not len(rows):
        return None
    # Python loops from here on run over blocked rows only, which are few.
    numbers: list[int] = rows.tolist()
    from_keys, to_keys, names, urls, times = _sides(table, rows, numbers)
    return HitBatch(
        channel=channel,
        from_keys=from_keys,
        from_names={place: names[row] for place, row in enumerate(numbers) if row in names},
        to_keys=to_keys,
        urls=urls,
        occurred_at_ms=times,
        ids=[decisions.first_id + row for row in numbers],
        actions=decisions.actions[rows],
        reasons=decisions.reasons[rows],
        scores=decisions.scores[rows],
        details={
            place: decisions.details[row]
            for place, row in enumerate(numbers)
            if row in decisions.details
        },
        list_version=decisions.list_version,
        model_version=decisions.model_version,
        velocity_version=decisions.velocity_version,
        decided_at_ms=decided_at_ms,
        texts=_texts(table, decisions, numbers),
    )


def sketched(batch: HitBatch) -> HitBatch:
    """Return a batch that keeps no text in memory: the sketches are made now."""
    sketches = BatchSketches.of_pending(batch.texts)
    sketches.all()
    return replace(batch, texts=sketches.pending(range(len(sketches))))


def _texts(table: Table, decisions: Decisions, rows: Sequence[int]) -> Sequence[PendingSketch]:
    if not isinstance(table, Texts):
        return ()
    sketches = decisions.sketches or BatchSketches(table.bodies)
    return sketches.pending(rows)


def _sides(
    table: Table, rows: Int64s, numbers: list[int]
) -> tuple[Int64s, Int64s, Mapping[int, str], Sequence[str], Int64s]:
    match table:
        case Calls():
            times = table.attempted_at_ms[rows]
            return table.callers[rows], table.callees[rows], table.names, (), times
        case Texts():
            times = table.submitted_at_ms[rows]
            return table.senders[rows], table.receivers[rows], table.names, (), times
        case Links():
            no_party = np.zeros(len(rows), np.int64)
            urls = [table.urls[row] for row in numbers]
            times = table.requested_at_ms[rows]
            return no_party, table.subscribers[rows], {}, urls, times
    assert_never(table)
