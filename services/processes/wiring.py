"""Builds the decision stack of one worker: lists, models, activity, engine, hits, servicers."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from blocklists.snapshot.replica import Replica
from classifiers import bundles
from classifiers.caller.activity import ActivityTable
from classifiers.escalation import EscalationBudget
from classifiers.text.sender_history import SenderHistories
from classifiers.velocity.memory import VelocityMemory
from fanzha.errors import InvalidConfiguration
from fanzha.phone import HomePlan
from fanzha.tables import Bools, Calls, Channel, Int64s
from infra.data_paths import REVIEWS
from infra.mapped.minute_counts import MinuteCounts
from infra.reloaded_file import ReloadedFile
from services.carrier_policy import wiring as carrier_policy
from services.decision import cascade, dry_run, review
from services.decision.carriers.policy import CarrierPolicies
from services.decision.decision_rules import DecisionRules
from services.decision.decision_traces import DecisionTraces
from services.decision.domain_facts.reader import read_domain_facts
from services.decision.domain_facts.stage import DomainFactsStage
from services.decision.domain_facts.table import DomainFacts
from services.decision.dry_run import CountDryRuns
from services.decision.host_facts import HostFactsAction
from services.decision.model_kinds import ModelKind
from services.decision.observer import Observer
from services.decision.origin.guard import OriginGuard
from services.decision.origin.sender_registry import read_senders
from services.decision.origin.trunk_groups import TrunkGroups, read_trunks
from services.decision.pipeline import DecisionPipeline
from services.decision.protocol_answer.answers import ProtocolAnswers
from services.decision.protocol_answer.redress import Redress
from services.decision.protocol_answer.sip import SipResponses
from services.decision.related.stage import RelatedStage
from services.decision.related.suspect_set import SuspectSet
from services.decision.review import ReviewStage
from services.decision.sender_stage import SenderStage
from services.decision.treatment.answer_policy import AnswerPolicy
from services.decision.treatment.block_delay import BlockDelay
from services.decision.treatment.cache_lifetimes import CacheLifetimes
from services.decision.treatment.treatment_table import (
    international_calls,
    read_treatments,
    shipped_table,
)
from services.decision.velocity import VelocityStage
from services.feedback.call_ends import RecordEnds
from services.models import desired_models
from services.models.active import ActiveModels
from services.models.signatures import SignatureCheck
from services.processes import shared_data
from services.rpc.decide.handler import InterceptionServicer
from services.rpc.decide.message_decoder import MessageDecoder
from services.rpc.decide.repeated_requests import RepeatedRequests
from services.settings.settings import Settings

VELOCITY_SHARE = 4
"""One velocity slot for this many of `activity_slots`."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """The servicers, and the parts that other code accesses."""

    engine: DecisionPipeline
    replica: Replica
    activity: ActivityTable
    record_ends: RecordEnds
    """Adds ended calls to all counters of callers."""
    observe_calls: Callable[[Calls], None]
    """Adds calls that other workers decided on."""
    home: HomePlan
    interception: InterceptionServicer
    models: ActiveModels
    domain_facts: ReloadedFile[DomainFacts] | None = None
    """What `host_facts_file` says; read again by whoever runs the worker."""


def build(
    settings: Settings,
    *,
    replica: Replica,
    observer: Observer,
    reserve_ids: Callable[[int], int],
    now_ms: Callable[[], int],
    suspects: SuspectSet | None = None,
    repeated: RepeatedRequests | None = None,
    policies: Callable[[], CarrierPolicies] | None = None,
    count_dry_runs: CountDryRuns = lambda _channel, _actions: None,
    reviews_used: MinuteCounts | None = None,
    traces: DecisionTraces | None = None,
    waited: Callable[[], float] = lambda: 0.0,
) -> Decider:
    """Build everything a decision needs; raises ValueError for a wrong deployment."""
    models = load_models(settings, cascade.budgets(settings, observer, waited))
    velocity, senders = _velocity_stage(settings, models), _sender_stage(settings)
    reviews = _review_stage(settings, observer, reviews_used)
    activity, facts = ActivityTable(settings.activity_slots), _domain_facts(settings)
    make = _engines(settings, replica, _related_stage(settings, suspects, now_ms), policies, facts)
    engine = make(
        current_models=lambda: models.current, activity=activity,
        observer=observer, reserve_ids=reserve_ids,
        velocity=velocity, senders=senders, reviews=reviews,
        domains=_facts_stage(settings, facts, observer.facts_known),
    )  # fmt: skip
    dry_engine = _dry_engine(make, models, activity, (velocity, senders, reviews), count_dry_runs)
    interception = _interception(
        settings, engine, dry_engine,
        observer=observer, now_ms=now_ms, repeated=repeated, traces=traces,
    )  # fmt: skip
    return Decider(
        engine=engine, replica=replica, activity=activity,
        record_ends=_record_both(activity.record_ends, velocity),
        observe_calls=_observe_both(activity, velocity),
        home=HomePlan(settings.home_country),
        interception=interception, models=models, domain_facts=facts,
    )  # fmt: skip


def _domain_facts(settings: Settings) -> ReloadedFile[DomainFacts] | None:
    """Read the file of facts on domains; raises ValueError for a wrong one."""
    if settings.host_facts_file is None or settings.host_facts_action == "off":
        return None
    return ReloadedFile(settings.host_facts_file, read_domain_facts)


def _facts_stage(
    settings: Settings,
    file: ReloadedFile[DomainFacts] | None,
    known: Callable[[int, int], None] = lambda _sent, _found: None,
) -> DomainFactsStage:
    action = HostFactsAction(settings.host_facts_action)
    if file is None:
        return DomainFactsStage(action, known=known)
    return DomainFactsStage(action, current=lambda: file.latest, known=known)


def _engines(
    settings: Settings,
    replica: Replica,
    related: RelatedStage | None,
    policies: Callable[[], CarrierPolicies] | None,
    facts: ReloadedFile[DomainFacts] | None,
) -> "partial[DecisionPipeline]":
    """Return what makes the pipelines of live traffic and of dry runs, which share all of this."""
    shared_data.prepare(with_domains=related is not None)
    return partial(
        DecisionPipeline,
        current_snapshot=lambda: replica.current,
        rules=DecisionRules.of(settings),
        origin=_origin_guard(settings, HomePlan(settings.home_country)),
        related=related,
        current_policies=policies or carrier_policy.of_host(settings),
        answers=_answer_policy(settings),
        domains=_facts_stage(settings, facts),
    )


def _dry_engine(
    make: "partial[DecisionPipeline]",
    models: ActiveModels,
    activity: ActivityTable,
    stages: tuple[VelocityStage | None, SenderStage | None, ReviewStage],
    count: CountDryRuns,
) -> DecisionPipeline:
    velocity, senders, reviews = stages
    return make(
        current_models=dry_run.without_shadows(lambda: models.current),
        activity=dry_run.UncountedActivity(activity),
        observer=dry_run.observer(count),
        reserve_ids=dry_run.no_ids,
        velocity=velocity and velocity.for_dry_runs(),
        senders=senders and senders.for_dry_runs(),
        reviews=reviews.for_dry_runs(),
    )


def _interception(
    settings: Settings,
    engine: DecisionPipeline,
    dry_engine: DecisionPipeline,
    *,
    observer: Observer,
    now_ms: Callable[[], int],
    repeated: RepeatedRequests | None,
    traces: DecisionTraces | None,
) -> InterceptionServicer:
    return InterceptionServicer(
        engine=engine,
        dry_engine=dry_engine,
        reader=MessageDecoder(HomePlan(settings.home_country)),
        now_ms=now_ms,
        observer=observer,
        repeated=repeated,
        protocol_answers=_protocol_answers(settings),
        traces=traces,
    )


def _origin_guard(settings: Settings, home: HomePlan) -> OriginGuard:
    """Build the guard on the registries that are set; raises ValueError for a wrong file."""
    trunks, senders = settings.trunks_file, settings.senders_file
    return OriginGuard(
        home_country=settings.home_country,
        current_trunks=TrunkGroups if trunks is None else ReloadedFile(trunks, read_trunks).current,
        current_senders=(lambda: None)
        if senders is None
        else ReloadedFile(senders, partial(read_senders, home=home)).current,
    )


def _sender_stage(settings: Settings) -> SenderStage | None:
    if settings.sender_history_action == "off":
        return None
    blocks = settings.sender_history_action == "block"
    return SenderStage(histories=SenderHistories(), blocks=blocks)


def reviews_of_host(settings: Settings) -> MinuteCounts:
    """Share the limit of reviews with the workers of this host."""
    try:
        return MinuteCounts.on_file(settings.data_dir / REVIEWS, places=review.PLACES)
    except OSError as error:
        # A full disk stops no decisions.
        logger.warning("each worker has a limit of reviews of its own: %s", error)
        return MinuteCounts.in_memory(places=review.PLACES)


def _review_stage(settings: Settings, observer: Observer, used: MinuteCounts | None) -> ReviewStage:
    return ReviewStage(
        {
            Channel.CALL: settings.call_reviews_per_minute,
            Channel.TEXT: settings.text_reviews_per_minute,
            Channel.LINK: settings.link_reviews_per_minute,
        },
        count=observer.reviewed,
        used=used,
    )


def _related_stage(
    settings: Settings, suspects: SuspectSet | None, now_ms: Callable[[], int]
) -> RelatedStage | None:
    if suspects is None or settings.related_action == "off":
        return None
    return RelatedStage(suspects, blocks=settings.related_action == "block", now_ms=now_ms)


def _answer_policy(settings: Settings) -> AnswerPolicy:
    """Build the policy of answers; raises ValueError for a wrong file."""
    file = settings.treatments_file
    more = [international_calls()] if settings.label_international else []
    delay = None
    if settings.block_delay_ms or settings.block_delay_jitter_ms:
        delay = BlockDelay.with_own_key(settings.block_delay_ms, settings.block_delay_jitter_ms)
    shipped = shipped_table().with_rules(more)
    return AnswerPolicy(
        current_treatments=(lambda: shipped)
        if file is None
        else ReloadedFile(file, lambda data: read_treatments(data).with_rules(more)).current,
        caching=CacheLifetimes(
            allow_seconds=settings.link_allow_cache_seconds,
            block_seconds=settings.link_block_cache_seconds,
        ),
        block_delay=delay,
    )


def _protocol_answers(settings: Settings) -> ProtocolAnswers:
    """Build the answers in other protocols; raises ValueError where a contact is missing."""
    redress = Redress(
        url=settings.redress_url or "",
        tel=settings.redress_tel or "",
        email=settings.redress_email or "",
    )
    return ProtocolAnswers(
        sip=SipResponses(
            answer=settings.sip_block_answer,
            location=settings.sip_block_location,
            redress=redress,
            jcard_url=settings.jcard_url or "",
        ),
        language=settings.label_language,
        rpz_action=settings.rpz_action,
    )


def load_models(
    settings: Settings, budgets: Mapping[ModelKind, EscalationBudget] | None = None
) -> ActiveModels:
    """Load the models desired on this host; the newest where none is desired.

    A threshold that is set replaces that of every card.
    """
    return ActiveModels(
        settings.models_dir,
        {
            ModelKind.CALL: settings.call_threshold,
            ModelKind.TEXT: settings.text_threshold,
            ModelKind.LINK: settings.link_threshold,
            ModelKind.VELOCITY: settings.velocity_threshold,
        },
        desired_models.load_copy(settings.data_dir),
        budgets,
        velocity=_has_velocity_model(settings),
        signatures=SignatureCheck(settings.model_keys_file, settings.require_signed_models),
    )


def _has_velocity_model(settings: Settings) -> bool:
    """Return whether there is to be a velocity stage, and a bundle for it."""
    if settings.velocity_action == "off":
        return False
    root = settings.models_dir or bundles.SHIPPED
    if bundles.versions(root, ModelKind.VELOCITY.folder):
        return True
    if settings.velocity_action == "block":
        raise InvalidConfiguration("velocity_action: {root} holds no velocity bundle", root=root)
    logger.warning("%s holds no velocity bundle: no call is marked", root)
    return False


def _velocity_stage(settings: Settings, models: ActiveModels) -> VelocityStage | None:
    if ModelKind.VELOCITY not in models.status():
        return None
    return VelocityStage(
        current=models.velocity,
        # Minute-scale counters need fewer slots than day-scale ones.
        memory=VelocityMemory(settings.activity_slots // VELOCITY_SHARE),
        blocks=settings.velocity_action == "block",
        home_country=settings.home_country,
    )


def _observe_both(
    activity: ActivityTable, velocity: VelocityStage | None
) -> Callable[[Calls], None]:
    def both(calls: Calls) -> None:
        activity.observe(calls)
        if velocity is not None:
            velocity.memory.observe(calls)

    return both


def _record_both(record_ends: RecordEnds, velocity: VelocityStage | None) -> RecordEnds:
    if velocity is None:
        return record_ends
    remember = velocity.memory.record_ends

    def both(
        callers: Int64s,
        callees: Int64s,
        answered: Bools,
        durations_ms: Int64s,
        ended_at_ms: Int64s,
    ) -> None:
        record_ends(callers, callees, answered, durations_ms, ended_at_ms)
        remember(callers, callees, answered, durations_ms, ended_at_ms)

    return both
