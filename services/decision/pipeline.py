"""Decides on traffic: lists first, models second, rules last.

`decide_calls`, `decide_texts` and `decide_links` show the stages of each channel in order; each
stage fills its part of a `BatchEvidence`, and `_decide` applies the rules to one snapshot of lists.

Plain synchronous code without I/O, a table in and a table out: a batch takes less time than handing
it to another thread would. One thread only, because the activity memory is written in place.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from blocklists import protected
from blocklists.entries import Direction
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from classifiers.caller.classifier import MINIMUM_CALLS, scale_scores
from classifiers.interfaces import ActivityMemory
from classifiers.text import link_evidence
from fanzha import text_hints
from fanzha.decisions import Decisions, MatchedOn, WouldBlock
from fanzha.fingerprint import BatchSketches
from fanzha.phone import HomePlan
from fanzha.tables import Bools, CallerActivity, Calls, Channel, Float32s, Links, Texts
from infra.safe_traceback import kind_and_places
from services.decision import details, list_match, text_facts
from services.decision.carriers import policy_overrides
from services.decision.carriers.policy import CarrierPolicies
from services.decision.carriers.policy_document import NO_POLICIES
from services.decision.carriers.policy_overrides import PolicyRuling
from services.decision.decision_rules import DecisionRules, settings_in_words
from services.decision.domain_facts.stage import DomainFactsStage
from services.decision.evidence import BatchContext, BatchEvidence, ModelSet, unscored
from services.decision.list_match import LinksInTexts, NumbersInTexts
from services.decision.observer import Observer, Table
from services.decision.origin.guard import OriginFindings, OriginGuard, UnregisteredAction
from services.decision.related.stage import RelatedStage
from services.decision.review import ReviewStage
from services.decision.sender_stage import SenderStage
from services.decision.shadow import entries as shadow_entries
from services.decision.shadow import models as shadow_models
from services.decision.shadow.comparison import ShadowComparison
from services.decision.shadow.entries import ShadowDetails, TextMatches
from services.decision.shadow.models import ShadowQuery
from services.decision.treatment.answer_policy import AnswerPolicy
from services.decision.velocity import VelocityStage

logger = logging.getLogger(__name__)


class DecisionPipeline:
    """Decides on batches of every channel."""

    def __init__(
        self,
        *,
        current_snapshot: Callable[[], Snapshot],
        current_models: Callable[[], ModelSet],
        activity: ActivityMemory,
        rules: DecisionRules,
        observer: Observer,
        reserve_ids: Callable[[int], int],
        velocity: VelocityStage | None = None,
        origin: OriginGuard | None = None,
        related: RelatedStage | None = None,
        current_policies: Callable[[], CarrierPolicies] = lambda: NO_POLICIES,
        answers: AnswerPolicy | None = None,
        senders: SenderStage | None = None,
        reviews: ReviewStage | None = None,
        domains: DomainFactsStage | None = None,
    ) -> None:
        self._current_snapshot, self._current_models = current_snapshot, current_models
        self._activity = activity
        self._rules = rules
        self._observer = observer
        self._reserve_ids = reserve_ids
        self._velocity, self._related = velocity, related
        self._origin = origin or OriginGuard()
        self._current_policies = current_policies
        self._senders, self._reviews = senders, reviews or ReviewStage({})
        self._settings = settings_in_words(rules, velocity, senders)
        self._domains = domains or DomainFactsStage(rules.host_facts_action)
        self._home = HomePlan(rules.home_country)
        self._answers = answers or AnswerPolicy()
        self._shadows = ShadowComparison(observer)
        self._link_scores = link_evidence.LinkScores()
        self._facts = text_facts.TextFactsReader(self._link_scores, senders, self._count_failure)
        self._known_details = details.KnownDetails()
        self._shadow_details = ShadowDetails()
        self._failing: set[Channel] = set()
        """Channels whose model failed last time."""

    def decide_calls(
        self, calls: Calls, now_s: int, context: BatchContext | None = None
    ) -> Decisions:
        """Decide whether to connect each call."""
        evidence = self._begin(Channel.CALL, calls, now_s, context)
        implausible = self._match_calls(calls, now_s, evidence)
        self._end_stage(evidence, "lists")
        activity = self._score_calls(calls, evidence)
        query = shadow_models.query_calls(evidence.models.shadows.caller, activity)
        self._score_velocity(calls, activity, implausible, evidence)
        return self._decide(evidence, query)

    def decide_texts(
        self, texts: Texts, now_s: int, context: BatchContext | None = None
    ) -> Decisions:
        """Decide whether to deliver each text."""
        evidence = self._begin(Channel.TEXT, texts, now_s, context)
        self._match_texts(texts, now_s, evidence)
        self._end_stage(evidence, "lists")
        self._score_texts(texts, evidence)
        self._judge_senders(texts, evidence)
        shadow, facts = evidence.models.shadows.text, self._facts.reader(texts, evidence)
        query = shadow_models.query_texts(shadow, texts, facts)
        decisions = self._decide(evidence, query)
        if self._senders is not None:
            on, exempt = evidence.listed.matched_on, evidence.exempt_senders
            self._senders.record(texts, decisions, on, exempt, now_s)
        return decisions

    def decide_links(
        self, links: Links, now_s: int, context: BatchContext | None = None
    ) -> Decisions:
        """Decide whether to let each link be opened."""
        links = self._domains.add(links, now_s)
        evidence = self._begin(Channel.LINK, links, now_s, context)
        self._match_links(links, now_s, evidence)
        self._end_stage(evidence, "lists")
        self._score_links(links, evidence)
        query = shadow_models.query_links(evidence.models.shadows.link, links, self._domains.weigh)
        return self._decide(evidence, query)

    def _begin(
        self, channel: Channel, table: Table, now_s: int, context: BatchContext | None
    ) -> BatchEvidence:
        context = context or BatchContext()
        if context.pinned is None:
            policies = self._current_policies()
            context.pinned = self._current_snapshot(), self._current_models(), policies
        snapshot, models, policies = context.pinned
        evidence = BatchEvidence(
            channel=channel,
            table=table,
            context=context,
            snapshot=snapshot,
            models=models,
            now_s=now_s,
            policy_version=policies.version,
        )
        if len(policies):
            evidence.policy = policies.of_batch(
                channel, context.carriers, len(table), evidence.channel_threshold
            )
        return evidence

    def _end_stage(self, evidence: BatchEvidence, stage: str) -> None:
        self._observer.stage_done(evidence.channel, stage)
        evidence.context.check_deadline()

    # Stage "lists".

    def _match_calls(self, calls: Calls, now_s: int, evidence: BatchEvidence) -> Bools:
        """Match callers and callees; return the implausible calls, whatever the rules."""
        snapshot = evidence.snapshot
        callers, callees = snapshot.find_both(calls.callers, calls.callees, now_s)
        sides = (MatchedOn.CALLER, MatchedOn.CALLEE)
        evidence.listed = list_match.of_parties(callers, callees, sides=sides)
        evidence.shadow_listed = shadow_entries.of_calls(snapshot, calls, now_s, callers, callees)
        if self._related is not None:
            evidence.related = self._related.calls(calls.callers, callers)
        origin = self._origin.calls(calls, evidence.policy)
        self._take_origin(origin, evidence)
        return origin.implausible

    def _match_texts(self, texts: Texts, now_s: int, evidence: BatchEvidence) -> None:
        snapshot = evidence.snapshot
        senders, receivers = snapshot.find_both(texts.senders, texts.receivers, now_s, senders=True)
        sides = (MatchedOn.SENDER, MatchedOn.RECEIVER)
        parties = list_match.of_parties(senders, receivers, sides=sides)
        hints = text_hints.of_texts(texts.bodies)
        in_texts = evidence.text_links = self._links_in(texts, hints)
        urls, owners = in_texts
        numbers = self._numbers_in(texts, hints)
        links = snapshot.find_urls(urls, now_s)
        callbacks = snapshot.find_parties(numbers.keys, Direction.TO, now_s)
        sketches = evidence.sketches = BatchSketches(texts.bodies)
        words = snapshot.find_texts(sketches, now_s)
        listed = list_match.with_links(parties, links, owners)
        listed = list_match.with_callbacks(listed, callbacks, numbers.owners)
        evidence.listed = list_match.with_words(listed, words, links, owners)
        matches = TextMatches(
            senders=senders,
            receivers=receivers,
            urls=urls,
            owners=owners,
            links=links,
            callbacks=callbacks,
            numbers=numbers,
            words=words,
            sketches=sketches,
        )
        evidence.shadow_listed = shadow_entries.of_texts(snapshot, texts, now_s, matches)
        origin = self._origin.texts(texts, evidence.policy)
        if self._related is not None:
            evidence.related = self._related.texts(
                (texts.senders, senders),
                (in_texts, links),
                (numbers, callbacks),
                (sketches, words),
                origin.genuine,
            )
        self._take_origin(origin, evidence)

    def _links_in(self, texts: Texts, hints: text_hints.TextHints) -> LinksInTexts:
        found = list_match.links_in(texts, hints)
        self._observer.links_found(found.urls, found.owners)
        return found

    def _numbers_in(self, texts: Texts, hints: text_hints.TextHints) -> NumbersInTexts:
        numbers = list_match.numbers_in(texts, hints, self._home)
        self._observer.numbers_found(numbers.keys, numbers.owners)
        return numbers

    def _take_origin(self, origin: OriginFindings, evidence: BatchEvidence) -> None:
        evidence.protected, evidence.ingress = origin.protected, origin.ingress
        evidence.genuine = origin.genuine
        if self._rules.block_implausible_callers:
            evidence.implausible = origin.implausible
        action = self._rules.unregistered_senders
        if action != UnregisteredAction.ALLOW:
            evidence.unregistered = origin.unregistered
            evidence.block_unregistered = action == UnregisteredAction.BLOCK

    def _match_links(self, links: Links, now_s: int, evidence: BatchEvidence) -> None:
        matches = evidence.snapshot.find_urls(links.urls, now_s)
        evidence.listed = list_match.of_links(matches)
        evidence.shadow_listed = shadow_entries.of_links(
            evidence.snapshot, links.urls, now_s, matches
        )
        if self._related is not None:
            evidence.related = self._related.links(links.urls, matches)
        evidence.protected = protected.links(links.urls)

    # Stages "model" and "velocity".

    def _score_calls(self, calls: Calls, evidence: BatchEvidence) -> CallerActivity:
        activity = self._activity.observe(calls)
        self._observer.callers_active(activity)
        model = evidence.models.caller
        self._score(evidence, model.version, lambda: model.score(activity))
        evidence.known_too_little = activity.outgoing_calls < MINIMUM_CALLS
        if evidence.policy is not None:
            # The model's own limit is below its threshold, and a carrier may have set a lower one.
            thresholds = evidence.policy.thresholds
            evidence.scores = scale_scores(evidence.scores, activity.outgoing_calls, thresholds)
        return activity

    def _score_texts(self, texts: Texts, evidence: BatchEvidence) -> None:
        self._activity.observe_texts(texts)
        model = evidence.models.text

        def score() -> Float32s:
            found = model.score(texts, self._facts.reader(texts, evidence))
            evidence.fraud_types = found.fraud_types
            if found.disguises:
                self._observer.texts_disguised(len(found.disguises))
            if found.normal is not None and evidence.sketches is not None:
                evidence.sketches.normalised(found.normal)
            if self._rules.block_spam:
                threshold = np.float32(self._rules.spam_threshold_or(model.spam_threshold))
                evidence.rule_columns["spam"] = found.p_spam >= threshold
            return found.p_fraud

        self._score(evidence, model.version, score)
        self._score_links_in_texts(evidence)

    def _score_links_in_texts(self, evidence: BatchEvidence) -> None:
        links, model = evidence.text_links, evidence.models.link
        if links is None or not links.urls:
            return
        try:
            found = link_evidence.highest(
                partial(self._link_scores.of, model),
                *(links.urls, links.owners, evidence.scores, evidence.threshold),
            )
        except Exception as error:
            self._count_failure(Channel.LINK, error)
            return
        evidence.scored_links = found
        evidence.link_version = model.version
        evidence.link_scored = link_evidence.blocking(evidence.scores, found)
        link_threshold = evidence.models.thresholds[Channel.LINK]
        evidence.link_marked = link_evidence.marking(evidence.rows, found, link_threshold)

    def _judge_senders(self, texts: Texts, evidence: BatchEvidence) -> None:
        if self._senders is None:
            return
        found = evidence.senders = self._senders.judge(
            texts.senders,
            (evidence.scores, evidence.threshold),
            lambda: (evidence.exempt_senders(), evidence.text_scoring()),
            evidence.now_s,
        )
        if found is not None:
            evidence.rule_columns[found.rule] = found.reached

    def _score_links(self, links: Links, evidence: BatchEvidence) -> None:
        def score() -> Float32s:
            scores = evidence.models.link.score(links.urls)
            found = evidence.facts_weighed = self._domains.weigh(links, scores, evidence.threshold)
            return scores if found is None else found.scores

        self._score(evidence, evidence.models.link.version, score)

    def _score_velocity(
        self, calls: Calls, activity: CallerActivity, implausible: Bools, evidence: BatchEvidence
    ) -> None:
        if self._velocity is not None:
            failed = self._observer.velocity_failed
            evidence.velocity = self._velocity.score(calls, activity, implausible, failed)
            self._observer.stage_done(Channel.CALL, "velocity")

    def _score(self, evidence: BatchEvidence, version: str, score: Callable[[], Float32s]) -> None:
        """Score a batch; whatever breaks in a model, traffic goes on without it."""
        channel, evidence.model_version = evidence.channel, version
        try:
            evidence.scores = score()
        except Exception as error:
            evidence.scores = unscored(evidence.rows)
            self._count_failure(channel, error)
        else:
            if channel in self._failing:
                self._failing.discard(channel)
                logger.info("the %s model scores again", channel.name.lower())
        self._observer.stage_done(channel, "model")

    def _count_failure(self, channel: Channel, error: Exception) -> None:
        self._observer.model_failed(channel)
        # Logged once, then only counted: a line per batch would slow down what is left.
        if channel not in self._failing:
            self._failing.add(channel)
            name, places = channel.name.lower(), kind_and_places(error)
            logger.error("the %s model fails; it is only counted from now on: %s", name, places)

    # Stages "policy" and "shadow".

    def _decide(self, evidence: BatchEvidence, query: ShadowQuery | None) -> Decisions:
        evidence.context.check_deadline()
        ruling = self._reviews.ruling(evidence)
        decisions = self._decisions(evidence, policy_overrides.applied(evidence.policy, ruling))
        self._observer.stage_done(evidence.channel, "policy")
        self._shadows.compare(evidence, ruling, query)
        self._observer.decided(evidence.channel, evidence.table, decisions)
        return decisions

    def _decisions(self, evidence: BatchEvidence, policy: PolicyRuling) -> Decisions:
        ruling, by_list = policy.ruling, details.by_list(policy.ruling)
        entries = np.empty(evidence.rows, np.int64)
        entries.fill(NO_ENTRY)
        if len(by_list):
            entries[by_list] = evidence.listed.rows[by_list]
        velocity = evidence.velocity
        first_id = evidence.context.take_ids(evidence.rows, self._reserve_ids)
        found = details.of_rows(evidence, policy.enforced, by_list, self._known_details)
        cache = self._answers.add_to(found, evidence, ruling, by_list=by_list, first_id=first_id)
        policy_overrides.mark_monitored(found, policy.monitored)
        return Decisions(
            first_id=first_id,
            actions=ruling.actions,
            reasons=ruling.reasons,
            scores=evidence.scores,
            threshold=evidence.channel_threshold,
            thresholds=None if evidence.policy is None else evidence.policy.thresholds,
            monitored=policy.monitored,
            carriers=evidence.context.carriers,
            entries=entries,
            details=found,
            list_version=evidence.snapshot.version,
            model_version=evidence.model_version,
            velocity_version="" if velocity is None else velocity.version,
            would_block=self._would_block(evidence),
            held=ruling.held,
            sketches=evidence.sketches,
            link_version=evidence.link_version,
            velocity_threshold=None if velocity is None else velocity.threshold,
            policy_version=evidence.policy_version,
            settings=self._settings,
            allow_cache_seconds=cache.allow_seconds,
            block_cache_seconds=cache.block_seconds,
        )

    def _would_block(self, evidence: BatchEvidence) -> Mapping[int, WouldBlock]:
        listed = evidence.shadow_listed
        if listed is None:
            return {}
        ruling = evidence.ruling(listed=listed.actions)
        return self._shadow_details.would_block(evidence.snapshot, listed, ruling)
