"""Builders of valid objects; a test sets only the fields it is about."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from blocklists.entries import Direction, Entry, EntryKind, Source
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.changes import ListChange
from classifiers.caller.activity import ActivityTable
from classifiers.interfaces import TextScores, VelocityScorer
from classifiers.velocity.classifier import VelocityInputs
from classifiers.velocity.memory import VelocityMemory
from fanzha.decisions import Action
from fanzha.fingerprint import is_fingerprint
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from fanzha.tables import (
    Attestation,
    CallerActivity,
    Calls,
    Channel,
    Float32s,
    Ingress,
    Links,
    Texts,
)
from services.decision.carriers.policy import CarrierPolicies
from services.decision.carriers.policy_document import NO_POLICIES
from services.decision.decision_rules import DecisionRules
from services.decision.domain_facts.stage import DomainFactsStage
from services.decision.evidence import ModelSet
from services.decision.observer import Observer
from services.decision.origin.guard import OriginGuard
from services.decision.pipeline import DecisionPipeline
from services.decision.related.stage import RelatedStage
from services.decision.review import ReviewStage
from services.decision.sender_stage import SenderStage
from services.decision.shadow.models import Shadow, Shadows
from services.decision.sinks import hit_fields
from services.decision.sinks.hit_encoder import WrittenHit
from services.decision.sinks.hit_records import Hit
from services.decision.treatment.answer_policy import AnswerPolicy
from services.decision.velocity import VelocityModel, VelocityStage

NINE_O_CLOCK_MS = int(datetime(2026, 1, 5, 9, tzinfo=UTC).timestamp() * 1000)
NINE_O_CLOCK_S = NINE_O_CLOCK_MS // 1000

_PLAN = HomePlan()


def some_calls(
    *callers: str,
    callee: str = "+8617000000999",
    callees: Sequence[str] = (),
    ingress: Ingress = Ingress.LOCAL,
    attestation: Attestation = Attestation.UNSPECIFIED,
    trunk: str = "",
    at_ms: int = NINE_O_CLOCK_MS,
) -> Calls:
    """Make calls from each of *callers*, to *callee* or to one of *callees* each."""
    rows = len(callers)
    return Calls(
        callers=_PLAN.sender_keys(callers),
        callees=_PLAN.number_keys(callees or [callee] * rows),
        attempted_at_ms=np.full(rows, at_ms, np.int64),
        ingress=np.full(rows, ingress, np.uint8),
        attestations=np.full(rows, attestation, np.uint8),
        trunks=[trunk] * rows,
        names={},
        errors={},
    )


def some_texts(
    *bodies: str,
    sender: str = "+8617000000001",
    receiver: str = "+8617000000999",
    ingress: Ingress = Ingress.LOCAL,
    trunk: str = "",
    at_ms: int = NINE_O_CLOCK_MS,
) -> Texts:
    """Make texts of these *bodies*, all from *sender* to *receiver*."""
    rows = len(bodies)
    return Texts(
        senders=_PLAN.sender_keys([sender] * rows),
        receivers=_PLAN.number_keys([receiver] * rows),
        bodies=bodies,
        submitted_at_ms=np.full(rows, at_ms, np.int64),
        ingress=np.full(rows, ingress, np.uint8),
        trunks=[trunk] * rows,
        names={},
        errors={},
    )


def some_links(*urls: str, subscriber: str = "+8617000000999") -> Links:
    """Make look-ups of canonical *urls*, all by *subscriber*."""
    rows = len(urls)
    return Links(
        urls=urls,
        subscribers=_PLAN.number_keys([subscriber] * rows),
        requested_at_ms=np.full(rows, NINE_O_CLOCK_MS, np.int64),
        errors={},
    )


def an_entry(
    pattern: str,
    action: Action = Action.BLOCK,
    *,
    kind: EntryKind | None = None,
    direction: Direction = Direction.BOTH,
    expires_at: datetime = datetime(2026, 7, 1, tzinfo=UTC),
    fraud_type: FraudType = FraudType.UNSPECIFIED,
    reason: str = "reported by three victims",
) -> Entry:
    """Make an entry; its kind is derived from the pattern."""
    return Entry(
        kind=kind or _kind(pattern),
        pattern=pattern,
        action=action,
        direction=direction,
        fraud_type=fraud_type,
        source=Source.PROVINCE,
        reason=reason,
        legal_basis="反电信网络诈骗法 Art. 32",
        created_by="li",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=expires_at,
    )


def _kind(pattern: str) -> EntryKind:
    if pattern.endswith("*"):
        return EntryKind.RANGE
    if _PLAN.number_key(pattern):
        return EntryKind.NUMBER
    if "/" in pattern:
        return EntryKind.URL_PREFIX
    if is_fingerprint(pattern):
        return EntryKind.FINGERPRINT
    return EntryKind.HOST if "." in pattern else EntryKind.SENDER


def a_change(version: int, *additions: Entry, removals: Identities | None = None) -> ListChange:
    """Make a committed change, successor of version - 1."""
    return ListChange(
        version=version,
        author="li",
        reason="weekly list",
        committed_at_ms=NINE_O_CLOCK_MS + version,
        additions=EntryTable.from_entries(additions),
        removals=Identities.of([]) if removals is None else removals,
        commit=f"commit-{version}",
        previous=f"commit-{version - 1}" if version > 1 else "",
    )


class FixedScore:
    """A model for every channel with a constant score."""

    version = "test-1"
    threshold = 0.9

    def __init__(self, score: float = 0.0, fraud_type: FraudType = FraudType.UNSPECIFIED) -> None:
        self._score = score
        self._fraud_type = fraud_type

    def score(self, rows: Texts | CallerActivity | VelocityInputs | Sequence[str]) -> Float32s:
        return np.full(len(rows), self._score, np.float32)


class FixedTextScore(FixedScore):
    """A text model with constant scores of fraud and spam."""

    spam_threshold = 0.8

    def __init__(
        self,
        score: float = 0.0,
        fraud_type: FraudType = FraudType.UNSPECIFIED,
        p_spam: float = 0.0,
    ) -> None:
        super().__init__(score, fraud_type)
        self._p_spam = p_spam

    def score(self, rows: Texts, facts: object = None) -> TextScores:  # type: ignore[override]
        return TextScores(
            p_fraud=np.full(len(rows), self._score, np.float32),
            p_spam=np.full(len(rows), self._p_spam, np.float32),
            fraud_types=np.full(len(rows), self._fraud_type, np.uint8),
        )


class BrokenModel(FixedScore):
    """A model whose graph cannot run."""

    def score(self, rows: object, facts: object = None) -> Float32s:
        raise RuntimeError("the graph is broken")


def some_models(
    score: float = 0.0, fraud_type: FraudType = FraudType.UNSPECIFIED, p_spam: float = 0.0
) -> ModelSet:
    """Make models with a constant score."""
    return ModelSet(
        caller=FixedScore(score),
        text=FixedTextScore(score, fraud_type, p_spam),
        link=FixedScore(score),
        thresholds=dict.fromkeys(Channel, 0.9),
    )


def shadowed_models(
    score: float, shadow_score: float, *, share: float = 1.0, threshold: float = 0.9
) -> ModelSet:
    """Make models with one constant score, and shadow models with another."""
    return replace(
        some_models(score, FraudType.FAKE_LOAN),
        shadows=Shadows(
            caller=Shadow(FixedScore(shadow_score), threshold, share),
            text=Shadow(FixedTextScore(shadow_score, FraudType.ROMANCE), threshold, share),
            link=Shadow(FixedScore(shadow_score), threshold, share),
        ),
    )


def broken_models() -> ModelSet:
    """Make models that cannot run."""
    return ModelSet(
        caller=BrokenModel(),
        text=BrokenModel(),  # type: ignore[arg-type]
        link=BrokenModel(),
        thresholds=dict.fromkeys(Channel, 0.9),
    )


def a_velocity_stage(
    score: float = 0.0,
    *,
    blocks: bool = False,
    model: FixedScore | None = None,
    shadow: FixedScore | None = None,
) -> VelocityStage:
    """Make a velocity stage whose models have constant scores."""
    heard = model or FixedScore(score)
    watching: Shadow[VelocityScorer] | None = Shadow(shadow, shadow.threshold) if shadow else None
    in_force = VelocityModel(heard, heard.threshold, watching)
    return VelocityStage(current=lambda: in_force, memory=VelocityMemory(slots=1024), blocks=blocks)


def an_engine(
    *entries: Entry,
    models: ModelSet | None = None,
    observer: Observer | None = None,
    rules: DecisionRules | None = None,
    velocity: VelocityStage | None = None,
    origin: OriginGuard | None = None,
    related: RelatedStage | None = None,
    policies: CarrierPolicies | Callable[[], CarrierPolicies] = NO_POLICIES,
    answers: AnswerPolicy | None = None,
    senders: SenderStage | None = None,
    reviews: ReviewStage | None = None,
    domains: DomainFactsStage | None = None,
    activity: ActivityTable | None = None,
    reserve_ids: Callable[[int], int] = lambda _rows: 100,
) -> DecisionPipeline:
    """Make an engine with these entries at version 7, whose first decision is number 100."""
    snapshot, heard = Snapshot.build(7, entries), models or some_models()
    return DecisionPipeline(
        current_snapshot=lambda: snapshot,
        current_models=lambda: heard,
        activity=activity or ActivityTable(slots=1024),
        rules=rules or DecisionRules(),
        observer=observer or Observer(),
        reserve_ids=reserve_ids,
        velocity=velocity,
        origin=origin,
        related=related,
        current_policies=policies if callable(policies) else lambda: policies,
        answers=answers,
        senders=senders,
        reviews=reviews,
        domains=domains,
    )


def as_written(hit: Hit) -> WrittenHit:
    """Encode one hit like those of a batch."""
    return WrittenHit(hit.decision_id, hit.confirmed, hit_fields.encode(hit.fields()))
