"""Writes hits as what the store appends: the fields of a stream entry, some 3 µs a hit.

The fields are one JSON list of texts, names and values in turn, empty ones left out. One text a
hit is what keeps the client of the store out of it: that takes a microsecond for each argument.
"""

import json
from collections.abc import Iterator
from json.encoder import encode_basestring
from math import isnan
from typing import NamedTuple

from fanzha.decisions import Action, Detail, MatchedOn, Reason
from fanzha.fraud import TAXONOMY, FraudType
from fanzha.phone import number_text
from services.decision.sinks.hit_records import HitBatch

# Written once: members of an enum are slow to make from numbers, and to name.
_BLOCKLISTED, _VELOCITY = int(Reason.BLOCKLISTED), int(Reason.VELOCITY)
_RULINGS = {
    (int(action), int(reason)): f',"action","{action.name}","reason","{reason.name}"'
    for action in Action
    for reason in Reason
}
_FRAUD_TYPES = {
    kind: f',"fraud_type","{kind.name}","taxonomy","{TAXONOMY}"' if kind else ""
    for kind in FraudType
}
_MATCHED_ON = {kind: f',"evidence","{kind.name}"' if kind else "" for kind in MatchedOn}
_NO_DETAIL = Detail()


class WrittenHit(NamedTuple):
    """A hit as it leaves for the store."""

    decision_id: int
    confirmed: bool
    """Whether an entry of the lists says so."""
    fields: str
    """JSON list: names and values in turn."""


def written(batch: HitBatch) -> Iterator[WrittenHit]:
    """Write the rows of a batch, one by one as they are asked for."""
    # Read the same in every row, so written once.
    channel = f',"channel","{batch.channel.name}"'
    lists = f',"list_version","{batch.list_version}"'
    model, velocity = _model(batch.model_version), _model(batch.velocity_version)
    decided = f',"decided_at_ms","{batch.decided_at_ms}"' if batch.decided_at_ms else ""
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
            f'["decision_id","{decision_id}"{channel}{_field("from_party", who)}'
            f"{_field('to_party', number_text(receiver))}{_url(batch, place, detail)}"
            f"{_FRAUD_TYPES[detail.fraud_type]}{_RULINGS[action, reason]}{_score(shown)}"
            f"{_entry(detail) if detail.entry_id else ''}{lists}{version}"
            f',"occurred_at_ms","{at}"{decided}]',
        )


def read(fields: str) -> dict[str, str]:
    """Read fields back."""
    parts: list[str] = json.loads(fields)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def with_place(fields: str, stream: str, place: str) -> str:
    """Add to *fields* where in which stream they are."""
    return f'{fields[:-1]},"stream","{stream}","stream_id","{place}"]'


def _field(name: str, value: str) -> str:
    return f',"{name}",{encode_basestring(value)}' if value else ""


def _model(version: str) -> str:
    return _field("model_version", version)


def _url(batch: HitBatch, place: int, detail: Detail) -> str:
    url = batch.urls[place] if batch.urls else ""
    if not url and detail.matched_on == MatchedOn.LINK:
        url = detail.pattern
    return _field("url", url)


def _score(score: float | None) -> str:
    return "" if score is None or isnan(score) else f',"score","{score:.6g}"'


def _entry(detail: Detail) -> str:
    pattern = encode_basestring(detail.pattern)
    entry = f',"entry_id","{detail.entry_id}","pattern",{pattern}'
    return f"{entry}{_field('campaign', detail.campaign)}{_MATCHED_ON[detail.matched_on]}"
