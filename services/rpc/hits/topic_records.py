"""Hits as records of a Kafka topic: `fanzha.v1.HitRecord` of the fields of a stream entry."""

from collections.abc import Callable, Mapping
from typing import Any

from fanzha.errors import InvalidInput
from fanzha.v1 import decision_pb2
from fanzha.v1 import hit_pb2 as pb
from services.decision.sinks.hit_fields import HitField
from services.decision.sinks.hit_store import CONFIRMED, DISMISSED, SUSPECTED
from services.decision.sinks.kafka.topic_producer import TopicRecord

CONTENT_TYPE = "application/x-protobuf; messageType=fanzha.v1.HitRecord"
_STREAMS = {
    CONFIRMED: pb.HIT_STREAM_CONFIRMED,
    SUSPECTED: pb.HIT_STREAM_SUSPECTED,
    DISMISSED: pb.HIT_STREAM_DISMISSED,
}
_ENUMS: Mapping[str, tuple[Any, str]] = {
    HitField.CHANNEL: (decision_pb2.Channel, "CHANNEL_"),
    HitField.FRAUD_TYPE: (decision_pb2.FraudType, "FRAUD_TYPE_"),
    HitField.ACTION: (decision_pb2.Action, "ACTION_"),
    HitField.REASON: (decision_pb2.Reason, "REASON_"),
    HitField.EVIDENCE: (decision_pb2.Evidence, "EVIDENCE_"),
}
_NUMBERS: Mapping[str, Callable[[str], Any]] = {
    HitField.DECISION_ID: int,
    HitField.SCORE: float,
    HitField.LIST_VERSION: int,
    HitField.OCCURRED_AT_MS: int,
    HitField.DECIDED_AT_MS: int,
    "verdict_at_ms": int,
}
_KNOWN = frozenset(field.name for field in pb.HitRecord.DESCRIPTOR.fields)


def topic_record(stream: str, place: str, fields: Mapping[str, str]) -> TopicRecord:
    """Make a record of a stream entry; InvalidInput for one that is no hit.

    Its id is that of the hit and of the verdict in it, if any; its place in the stream is not,
    since a worker may write a hit twice. Fields of later versions are left out.
    """
    known = {name: text for name, text in fields.items() if name in _KNOWN}
    try:
        values = {name: _value(name, text) for name, text in known.items()}
        decision_id = int(fields[HitField.DECISION_ID])
        verdict = fields.get("verdict", "")
        record_id = ":".join(
            part for part in (stream.rpartition(":")[2], str(decision_id), verdict) if part
        )
        message = pb.HitRecord(id=record_id, stream=_STREAMS[stream], place=place, **values)
    except (KeyError, ValueError, TypeError) as error:
        # Not the error, which may quote a number.
        raise InvalidInput("not a hit: {reason}", reason=type(error).__name__) from error
    return TopicRecord(id=record_id, key=str(decision_id), value=message.SerializeToString())


def _value(name: str, text: str) -> Any:
    if name in _ENUMS:
        kind, prefix = _ENUMS[name]
        return kind.Value(prefix + text)
    return _NUMBERS.get(name, str)(text)
