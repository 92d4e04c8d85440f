"""Encodes the hits of a batch as stream entries, some 3 µs a hit.

Produces the same bytes as `hit_fields.encode` of `Hit.fields`, without a `Hit` and a dictionary for
each.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from json.encoder import encode_basestring
from math import isnan
from typing import NamedTuple

from fanzha.decisions import Action, Detail, MatchedOn, Reason
from fanzha.fingerprint import BatchSketches
from fanzha.fraud import TAXONOMY, FraudType
from fanzha.phone import number_text
from services.decision.sinks.hit_fields import HitField
from services.decision.sinks.hit_records import HitBatch


def _before(name: HitField) -> str:
    """Return the text before the value of a field."""
    return f',"{name}",'


_DECISION_ID = f'["{HitField.DECISION_ID}",'
_CHANNEL = _before(HitField.CHANNEL)
_FROM_PARTY = _before(HitField.FROM_PARTY)
_TO_PARTY = _before(HitField.TO_PARTY)
_URL = _before(HitField.URL)
_FRAUD_TYPE = _before(HitField.FRAUD_TYPE)
_TAXONOMY = _before(HitField.TAXONOMY)
_ACTION = _before(HitField.ACTION)
_REASON = _before(HitField.REASON)
_SCORE = _before(HitField.SCORE)
_ENTRY_ID = _before(HitField.ENTRY_ID)
_PATTERN = _before(HitField.PATTERN)
_CAMPAIGN = _before(HitField.CAMPAIGN)
_EVIDENCE = _before(HitField.EVIDENCE)
_LIST_VERSION = _before(HitField.LIST_VERSION)
_MODEL_VERSION = _before(HitField.MODEL_VERSION)
_OCCURRED_AT_MS = _before(HitField.OCCURRED_AT_MS)
_DECIDED_AT_MS = _before(HitField.DECIDED_AT_MS)
_RELATED = _before(HitField.RELATED)
_FINGERPRINT = _before(HitField.FINGERPRINT)
# Encoded once: creating and naming an enum member is slow.
_BLOCKLISTED, _VELOCITY = int(Reason.BLOCKLISTED), int(Reason.VELOCITY)
_RULINGS = {
    (int(action), int(reason)): f'{_ACTION}"{action.name}"{_REASON}"{reason.name}"'
    for action in Action
    for reason in Reason
}
_FRAUD_TYPES = {
    kind: f'{_FRAUD_TYPE}"{kind.name}"{_TAXONOMY}"{TAXONOMY}"' if kind else "" for kind in FraudType
}
_MATCHED_ON = {kind: f'{_EVIDENCE}"{kind.name}"' if kind else "" for kind in MatchedOn}
_NO_DETAIL = Detail()


class WrittenHit(NamedTuple):
    """An encoded hit, ready for the store."""

    decision_id: int
    confirmed: bool
    """Whether a list entry decided."""
    fields: str
    """JSON list: names and values in turn."""


def written_all(batches: Sequence[HitBatch]) -> Iterator[WrittenHit]:
    """Encode the rows of several batches lazily; their texts are sketched at once."""
    texts = [text for batch in batches for text in batch.texts]
    fingerprints = iter(BatchSketches.of_pending(texts).written())
    for batch in batches:
        yield from written(batch, list(islice(fingerprints, len(batch.texts))))


def written(batch: HitBatch, fingerprints: Sequence[str] = ()) -> Iterator[WrittenHit]:
    """Encode the rows of a batch lazily, one by one; *fingerprints* are those of its texts."""
    # The same in every row, so encoded once.
    channel = f'{_CHANNEL}"{batch.channel.name}"'
    lists = f'{_LIST_VERSION}"{batch.list_version}"'
    model, velocity = _model(batch.model_version), _model(batch.velocity_version)
    decided = f'{_DECIDED_AT_MS}"{batch.decided_at_ms}"' if batch.decided_at_ms else ""
    for place, decision_id, sender, receiver, action, reason, score, at in zip(
        range(len(batch)),
        batch.ids,
        batch.from_keys.tolist(),
        batch.to_keys.tolist(),
        batch.actions.tolist(),
        batch.reasons.tolist(),
        batch.scores.tolist(),
        batch.occurred_at_ms.tolist(),
        strict=True,
    ):
        detail = batch.details.get(place, _NO_DETAIL)
        by_velocity = reason == _VELOCITY and detail.velocity_score is not None
        shown, version = (detail.velocity_score, velocity) if by_velocity else (score, model)
        who = batch.from_names.get(place) or number_text(sender)
        yield WrittenHit(
            decision_id,
            reason == _BLOCKLISTED,
            f'{_DECISION_ID}"{decision_id}"{channel}{_field(_FROM_PARTY, who)}'
            f"{_field(_TO_PARTY, number_text(receiver))}{_url(batch, place, detail)}"
            f"{_FRAUD_TYPES[detail.fraud_type]}{_RULINGS[action, reason]}{_score(shown)}"
            f"{_entry(detail) if detail.entry_id else ''}{lists}{version}"
            f'{_OCCURRED_AT_MS}"{at}"{decided}{_related(detail) if detail.relation else ""}'
            f"{_field(_FINGERPRINT, fingerprints[place]) if fingerprints else ''}]",
        )


def _field(before: str, value: str) -> str:
    return f"{before}{encode_basestring(value)}" if value else ""


def _model(version: str) -> str:
    return _field(_MODEL_VERSION, version)


def _url(batch: HitBatch, place: int, detail: Detail) -> str:
    url = batch.urls[place] if batch.urls else ""
    if not url and detail.matched_on == MatchedOn.LINK:
        url = detail.pattern
    url = url or detail.link
    return _field(_URL, url)


def _related(detail: Detail) -> str:
    return "" if detail.relation is None else _field(_RELATED, detail.relation.entity)


def _score(score: float | None) -> str:
    return "" if score is None or isnan(score) else f'{_SCORE}"{score:.6g}"'


def _entry(detail: Detail) -> str:
    pattern = encode_basestring(detail.pattern)
    entry = f'{_ENTRY_ID}"{detail.entry_id}"{_PATTERN}{pattern}'
    return f"{entry}{_field(_CAMPAIGN, detail.campaign)}{_MATCHED_ON[detail.matched_on]}"
