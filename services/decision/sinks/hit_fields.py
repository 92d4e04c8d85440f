"""The stream entry of a hit: the names of its fields, and its form as JSON.

An entry is one JSON list of strings, names and values alternating, without empty values. The client
of the store takes a microsecond per argument, so a hit is one argument.
"""

import json
from collections.abc import Mapping
from enum import StrEnum


class HitField(StrEnum):
    """A field of a hit, in the order of an entry."""

    DECISION_ID = "decision_id"
    CHANNEL = "channel"
    FROM_PARTY = "from_party"
    TO_PARTY = "to_party"
    URL = "url"
    FRAUD_TYPE = "fraud_type"
    TAXONOMY = "taxonomy"
    ACTION = "action"
    REASON = "reason"
    SCORE = "score"
    ENTRY_ID = "entry_id"
    PATTERN = "pattern"
    CAMPAIGN = "campaign"
    EVIDENCE = "evidence"
    LIST_VERSION = "list_version"
    MODEL_VERSION = "model_version"
    OCCURRED_AT_MS = "occurred_at_ms"
    DECIDED_AT_MS = "decided_at_ms"
    RELATED = "related"
    FINGERPRINT = "fingerprint"
    TRACEPARENT = "traceparent"
    """Of a traced decision only, see `services.decision.decision_traces`."""


def encode(fields: Mapping[str, str]) -> str:
    """Encode fields as the JSON of an entry; for batches `hit_encoder.written` is faster."""
    parts = [text for field in fields.items() for text in field]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def decode(entry: str) -> dict[str, str]:
    """Decode the fields of an entry."""
    parts: list[str] = json.loads(entry)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def with_place(entry: str, stream: str, place: str) -> str:
    """Add to an entry its stream and its id there."""
    return f'{entry[:-1]},"stream","{stream}","stream_id","{place}"]'
