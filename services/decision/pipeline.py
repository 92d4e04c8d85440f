"""Decides on traffic: lists first, model second, policy last.

Plain synchronous code without I/O, a table in and a table out. A batch takes less
time than handing it to another thread would. One thread only: the activity memory
is written in place.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from blocklists import protected
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from classifiers.caller.activity import ActivityTable
from classifiers.interfaces import CallerScorer, LinkScorer, TextScorer, TextScores
from fanzha import numbering
from fanzha.decisions import Decisions, MatchedOn, WouldBlock
from fanzha.tables import (
    Bools,
    CallerActivity,
    Calls,
    Channel,
    Float32s,
    Links,
    Texts,
    Uint8s,
    marked,
)
from infra.safe_traceback import kind_and_places
from services.decision import details, list_match
from services.decision import rules as policy
from services.decision.list_match import ListMatch
from services.decision.model_kinds import OF_CHANNEL, ModelKind
from services.decision.observer import Observer, Table
from services.decision.rules import Ruling
from services.decision.shadow import entries as shadow_entries
from services.decision.shadow import models as shadow
from services.decision.shadow.entries import ShadowDetails, TextMatches
from services.decision.shadow.models import ShadowQuery, Shadows
from services.decision.velocity import Suspicion, VelocityStage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSet:
    """One model per channel, and the score from which each channel blocks."""

    caller: CallerScorer
    text: TextScorer
    link: LinkScorer
    thresholds: Mapping[Channel, float]
    shadows: Shadows = field(default_factory=Shadows)
    """Models that score the same traffic and decide nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRules:
    """What an operator may set about deciding, apart from thresholds."""

    home_country: str = "86"
    block_implausible_callers: bool = True
    block_spam: bool = False
    spam_threshold: float | None = None
    """None: that of the model."""


class BatchContext:
    """What the parts of one batch share: a snapshot, models, ids in a row, and a limit in time."""

    def __init__(self, rows: int = 0, go_on: Callable[[], None] = lambda: None) -> None:
        """Expect *rows* in all parts; *go_on* is called between stages and raises to stop."""
        self.go_on = go_on
        self.pinned: tuple[Snapshot, ModelSet] | None = None
        """What the first part was decided by; so are the others."""
        self._rows = rows
        self._next_id: int | None = None

    def take_ids(self, rows: int, reserve: Callable[[int], int]) -> int:
        """Return the first of *rows* ids; those of all parts are reserved together."""
        if self._next_id is None:
            self._next_id = reserve(max(rows, self._rows))
        first, self._next_id = self._next_id, self._next_id + rows
        return first


class DecisionPipeline:
    """Answers for every channel."""

    def __init__(
        self,
        *,
        current_snapshot: Callable[[], Snapshot],
        current_models: Callable[[], ModelSet],
        activity: ActivityTable,
        rules: DecisionRules,
        observer: Observer,
        reserve_ids: Callable[[int], int],
        velocity: VelocityStage | None = None,
    ) -> None:
        self._current_snapshot = current_snapshot
        self._current_models = current_models
        self._activity = activity
        self._rules = rules
        self._observer = observer
        self._reserve_ids = reserve_ids
        self._velocity = velocity
        self._entry_details = details.EntryDetails()
        self._shadow_details = ShadowDetails()
        self._unheard: set[Channel] = set()
        """Channels whose model failed last time."""

    def decide_calls(
        self, calls: Calls, now_s: int, batch: BatchContext | None = None
    ) -> Decisions:
        """Decide whether to connect each call, all against one snapshot and one model."""
        batch, snapshot, models = self._begin(batch)
        callers, callees = snapshot.find_both(calls.callers, calls.callees, now_s)
        listed = list_match.of_parties(callers, callees, names=(MatchedOn.CALLER, MatchedOn.CALLEE))
        watched = shadow_entries.of_calls(snapshot, calls, now_s, callers, callees)
        implausible = self._implausible(calls)
        self._observer.stage_done(Channel.CALL, "lists")
        batch.go_on()
        activity = self._activity.observe(calls)
        self._observer.callers_active(activity)
        scores = self._heard(Channel.CALL, len(calls), lambda: models.caller.score(activity))
        return self._conclude(
            Channel.CALL,
            calls,
            batch,
            snapshot,
            models,
            listed=listed,
            watched=watched,
            implausible=implausible if self._rules.block_implausible_callers else None,
            protected=protected.calls(calls),
            scores=scores,
            model_version=models.caller.version,
            question=shadow.about_calls(models.shadows.caller, activity),
            suspicion=self._suspicion(calls, activity, implausible),
        )

    def decide_texts(
        self, texts: Texts, now_s: int, batch: BatchContext | None = None
    ) -> Decisions:
        """Decide whether to deliver each text, all against one snapshot and one model."""
        batch, snapshot, models = self._begin(batch)
        senders, receivers = snapshot.find_both(texts.senders, texts.receivers, now_s, senders=True)
        parties = list_match.of_parties(
            senders, receivers, names=(MatchedOn.SENDER, MatchedOn.RECEIVER)
        )
        urls, owners, cut = list_match.links_in(texts)
        self._observer.links_found(urls, owners)
        if cut:
            self._observer.links_cut(cut)
        links = snapshot.find_urls(urls, now_s)
        listed = list_match.with_links(parties, links, owners)
        words = snapshot.find_texts(texts.bodies, now_s)
        listed = list_match.with_words(listed, words, links, owners)
        matches = TextMatches(senders, receivers, urls, owners, links, words)
        watched = shadow_entries.of_texts(snapshot, texts, now_s, matches)
        self._observer.stage_done(Channel.TEXT, "lists")
        batch.go_on()
        self._activity.observe_texts(texts)
        found: list[TextScores] = []

        def score() -> Float32s:
            found.append(models.text.score(texts))
            return found[0].p_fraud

        scores = self._heard(Channel.TEXT, len(texts), score)
        return self._conclude(
            Channel.TEXT,
            texts,
            batch,
            snapshot,
            models,
            listed=listed,
            watched=watched,
            implausible=None,
            protected=protected.texts(texts),
            scores=scores,
            model_version=models.text.version,
            question=shadow.about_texts(models.shadows.text, texts),
            fraud_types=found[0].fraud_types if found else None,
            spam=self._spam(models.text, found[0]) if found else None,
        )

    def decide_links(
        self, links: Links, now_s: int, batch: BatchContext | None = None
    ) -> Decisions:
        """Decide whether to let each link be opened, all against one snapshot and one model."""
        batch, snapshot, models = self._begin(batch)
        matches = snapshot.find_urls(links.urls, now_s)
        listed = list_match.of_links(matches)
        watched = shadow_entries.of_links(snapshot, links.urls, now_s, matches)
        self._observer.stage_done(Channel.LINK, "lists")
        batch.go_on()
        scores = self._heard(Channel.LINK, len(links), lambda: models.link.score(links.urls))
        return self._conclude(
            Channel.LINK,
            links,
            batch,
            snapshot,
            models,
            listed=listed,
            watched=watched,
            implausible=None,
            protected=protected.links(links.urls),
            scores=scores,
            model_version=models.link.version,
            question=shadow.about_links(models.shadows.link, links.urls),
        )

    def _begin(self, batch: BatchContext | None) -> tuple[BatchContext, Snapshot, ModelSet]:
        if batch is None:
            batch = BatchContext()
        if batch.pinned is None:
            batch.pinned = self._current_snapshot(), self._current_models()
        return batch, *batch.pinned

    def _conclude(
        self,
        channel: Channel,
        table: Table,
        batch: BatchContext,
        snapshot: Snapshot,
        models: ModelSet,
        *,
        listed: ListMatch,
        watched: ListMatch | None,
        implausible: Bools | None,
        protected: Bools,
        scores: Float32s,
        model_version: str,
        question: ShadowQuery | None,
        fraud_types: Uint8s | None = None,
        spam: Bools | None = None,
        suspicion: Suspicion | None = None,
    ) -> Decisions:
        batch.go_on()
        rows = len(table)
        rule = partial(
            policy.rule,
            invalid=marked(rows, table.errors) if table.errors else None,
            protected=protected,
            listed=listed.actions,
            implausible=implausible,
            # A shadow is asked about fraud alone; what is spam, the model in force says.
            spam=spam,
            suspicious=None if suspicion is None else suspicion.reached,
            block_suspicious=suspicion is not None and suspicion.blocks,
        )
        ruling = rule(scores=scores, threshold=models.thresholds[channel])
        by_list = details.by_list(ruling)
        entries = np.full(rows, NO_ENTRY)
        entries[by_list] = listed.rows[by_list]
        would_block: Mapping[int, WouldBlock] = {}
        if watched is not None:
            again = partial(rule, scores=scores, threshold=models.thresholds[channel])
            would_block = self._shadow_details.would_block(snapshot, watched, again)
        decisions = Decisions(
            first_id=batch.take_ids(rows, self._reserve_ids),
            actions=ruling.actions,
            reasons=ruling.reasons,
            scores=scores,
            threshold=models.thresholds[channel],
            entries=entries,
            details=details.of_rows(
                ruling,
                listed,
                by_list,
                snapshot,
                self._entry_details,
                errors=table.errors,
                fraud_types=fraud_types,
                suspicion=suspicion,
            ),
            list_version=snapshot.version,
            model_version=model_version,
            velocity_version="" if suspicion is None else suspicion.version,
            would_block=would_block,
        )
        self._observer.stage_done(channel, "policy")
        if question is not None:
            self._compare(channel, question, rule, ruling, fraud_types)
        if suspicion is not None and suspicion.question is not None:
            self._compare_marks(suspicion.question, partial(rule, scores=scores), ruling, models)
        self._observer.decided(channel, table, decisions)
        return decisions

    def _compare(
        self,
        channel: Channel,
        question: ShadowQuery,
        rule: Callable[..., Ruling],
        ruling: Ruling,
        fraud_types: Uint8s | None,
    ) -> None:
        """Tell the observer what a shadow would have decided on the same evidence."""

        def compare() -> None:
            scores, types = question.ask()
            other = rule(scores=scores, threshold=question.shadow.threshold)
            changes = shadow.changes(ruling.actions, other.actions)
            self._observer.shadowed(channel, changes, fraud_types, types)

        self._watch(question, OF_CHANNEL[channel], compare)
        self._observer.stage_done(channel, "shadow")

    def _compare_marks(
        self, question: ShadowQuery, rule: Callable[..., Ruling], ruling: Ruling, models: ModelSet
    ) -> None:
        """Tell the observer which calls a shadow of the velocity model would mark otherwise."""

        def compare() -> None:
            moments, _ = question.ask()
            suspicious = moments >= np.float32(question.shadow.threshold)
            other = rule(threshold=models.thresholds[Channel.CALL], suspicious=suspicious)
            self._observer.marks_shadowed(shadow.mark_changes(ruling.reasons, other.reasons))

        self._watch(question, ModelKind.VELOCITY, compare)
        self._observer.stage_done(Channel.CALL, "shadow")

    def _watch(self, question: ShadowQuery, kind: ModelKind, compare: Callable[[], None]) -> None:
        try:
            compare()
        except Exception as error:
            # Whatever breaks in a shadow, the decision is made already.
            if not question.shadow.faulted:
                places = kind_and_places(error)
                logger.warning("a shadow fails; it is only counted from now on: %s", places)
            question.shadow.faulted = True
            self._observer.shadow_failed(kind)

    def _spam(self, model: TextScorer, found: TextScores) -> Bools | None:
        if not self._rules.block_spam:
            return None
        wanted = self._rules.spam_threshold
        spam: Bools = found.p_spam >= np.float32(model.spam_threshold if wanted is None else wanted)
        return spam

    def _suspicion(
        self, calls: Calls, activity: CallerActivity, implausible: Bools
    ) -> Suspicion | None:
        if self._velocity is None:
            return None
        suspicion = self._velocity.ask(calls, activity, implausible, self._observer.velocity_failed)
        self._observer.stage_done(Channel.CALL, "velocity")
        return suspicion

    def _implausible(self, calls: Calls) -> Bools:
        return numbering.impossible(calls.callers) | numbering.forged_from_abroad(
            calls.callers, calls.ingress, calls.attestations, self._rules.home_country
        )

    def _heard(self, channel: Channel, rows: int, score: Callable[[], Float32s]) -> Float32s:
        try:
            scores = score()
        except Exception as error:
            # Whatever breaks in a model, traffic goes on without it.
            self._tell_unheard(channel, error)
            self._observer.model_failed(channel)
            self._observer.stage_done(channel, "model")
            return np.full(rows, np.nan, np.float32)
        if channel in self._unheard:
            self._unheard.discard(channel)
            logger.info("the %s model is heard again", channel.name.lower())
        self._observer.stage_done(channel, "model")
        return scores

    def _tell_unheard(self, channel: Channel, error: Exception) -> None:
        # Told once, then only counted: a line per batch would slow down what is left.
        if channel not in self._unheard:
            self._unheard.add(channel)
            name, places = channel.name.lower(), kind_and_places(error)
            logger.error("no %s model is heard from now on: %s", name, places)
