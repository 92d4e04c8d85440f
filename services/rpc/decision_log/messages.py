"""Reads conditions of a search and writes logged decisions as messages."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, TypeVar

from blocklists.entries import Source
from fanzha.decisions import Action, MatchedOn, Reason
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.tables import Attestation, Channel, Ingress
from fanzha.v1 import decision_log_pb2 as pb
from services.decision_log.analysis.model import DecisionAnalysis, ModelAnalysis
from services.decision_log.conditions import Conditions
from services.decision_log.explanation import Sentence
from services.decision_log.query import BY, DecisionCount
from services.decision_log.traffic.rollup import TrafficCount, TrafficSummary
from services.rpc.lists import messages as list_messages

Member = TypeVar("Member", bound=IntEnum)

GROUPINGS = dict(enumerate(BY, 1))
"""Fields to count by, by the number on the wire."""
_ENUMS: Mapping[str, type[IntEnum]] = {
    "channel": Channel,
    "action": Action,
    "reason": Reason,
    "fraud_type": FraudType,
    "source": Source,
    "evidence": MatchedOn,
    "ingress": Ingress,
    "attestation": Attestation,
}
"""Columns that the log stores as words; their enums have the numbers of the wire."""
_FIELDS = [field.name for field in pb.LoggedDecision.DESCRIPTOR.fields]
"""Fields of the same name in the message and the log."""


def conditions(request: pb.FindDecisionsRequest) -> Conditions:
    """Read conditions; an unknown enum number is an error, not an empty answer."""
    return Conditions(
        since_ms=since(request.since_ms),
        until_ms=request.until_ms or None,
        number=request.number,
        sender=request.sender,
        host=request.host,
        link=request.link,
        channel=_member("channel", Channel, request.channel),
        action=_member("action", Action, request.action),
        reason=_member("reason", Reason, request.reason),
        carrier=request.carrier,
    )


def tail_conditions(request: pb.TailDecisionsRequest) -> Conditions:
    """Read what a tail is limited to; it has no period."""
    return Conditions(
        since_ms=0,
        channel=_member("channel", Channel, request.channel),
        action=_member("action", Action, request.action),
        reason=_member("reason", Reason, request.reason),
        carrier=request.carrier,
    )


def since(at_ms: int) -> int:
    """Read the start of a period."""
    if at_ms <= 0:
        raise InvalidInput("since_ms: required")
    return at_ms


def decision(row: Mapping[str, Any]) -> pb.LoggedDecision:
    """Write a row of the log, as `services.decision_log.masking` shows it."""
    fields: dict[str, Any] = {}
    for name in _FIELDS:
        value = row.get(name)
        if value is None:
            continue
        kind = _ENUMS.get(name)
        # A later version may have logged words unknown to this one.
        known = kind is None or value in kind.__members__
        fields[name] = value if kind is None else int(kind[value]) if known else 0
    return pb.LoggedDecision(**fields)


def explanation(sentence: Sentence) -> pb.Explanation:
    """Write a sentence."""
    return pb.Explanation(zh=sentence.chinese, en=sentence.english)


def analysis(found: DecisionAnalysis) -> pb.DecisionAnalysis:
    """Write an analysis; patterns and parts are masked already."""
    return pb.DecisionAnalysis(
        models=map(_model, found.models),
        circumstances=map(explanation, found.circumstances),
        alternatives=map(explanation, found.alternatives),
        entry_then=list_messages.entry(found.entry_then) if found.entry_then else None,
    )


def _model(one: ModelAnalysis) -> pb.ModelAnalysis:
    return pb.ModelAnalysis(
        model=one.model,
        version=one.version,
        score=one.score,
        threshold=one.threshold,
        recomputed_score=one.recomputed,
        method=explanation(one.method),
        features=[
            pb.FeatureWeight(feature=part.name, value=part.value, weight=part.weight)
            for part in one.features
        ],
        inputs=one.inputs,
    )


def count(one: DecisionCount) -> pb.DecisionCount:
    """Write the number of decisions in each group."""
    return pb.DecisionCount(values=one.values, logged=one.rows, events=one.events)


def traffic(found: TrafficSummary) -> pb.GetTrafficResponse:
    """Write the traffic of a period."""
    return pb.GetTrafficResponse(
        by_time=map(_traffic_count, found.by_time),
        by_reason=map(_traffic_count, found.by_reason),
        since_ms=found.since_ms,
        until_ms=found.until_ms,
        torn=[path.name for path in found.torn],
    )


def _traffic_count(one: TrafficCount) -> pb.TrafficCount:
    words = {"channel": one.channel, "action": one.action, "reason": one.reason}
    words["fraud_type"] = one.fraud_type
    return pb.TrafficCount(
        start_ms=one.start_ms,
        monitored=one.monitored,
        logged=one.logged,
        events=one.events,
        **{name: _number(name, word) for name, word in words.items()},  # type: ignore[arg-type]
    )


def _number(name: str, word: str) -> int:
    # A later version may have logged words unknown to this one.
    known = _ENUMS[name].__members__
    return int(known[word]) if word in known else 0


def _member(name: str, kind: type[Member], number: int) -> Member | None:
    if not number:
        return None
    try:
        return kind(number)
    except ValueError:
        raise InvalidInput("{name}: unknown number {number}", name=name, number=number) from None
