"""Compares what was decided with what shadow models would have decided on the same evidence."""

import logging
from collections.abc import Callable

import numpy as np

from fanzha.tables import Channel
from infra.safe_traceback import kind_and_places
from services.decision.channel_kinds import OF_CHANNEL
from services.decision.evidence import BatchEvidence
from services.decision.model_kinds import ModelKind
from services.decision.observer import Observer
from services.decision.rules import Ruling
from services.decision.shadow.models import ShadowQuery, changes, mark_changes

logger = logging.getLogger(__name__)


class ShadowComparison:
    """Reports differences to *observer*; a shadow that breaks changes no decision."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def compare(self, evidence: BatchEvidence, ruling: Ruling, query: ShadowQuery | None) -> None:
        """Compare with the shadow of the channel's model, and with that of the velocity model."""
        if query is not None:
            kind = OF_CHANNEL[evidence.channel]
            self._attempt(query, kind, lambda: self._compare_actions(evidence, ruling, query))
            self._observer.stage_done(evidence.channel, "shadow")
        marks = None if evidence.velocity is None else evidence.velocity.shadow_query
        if marks is not None:
            self._attempt(
                marks, ModelKind.VELOCITY, lambda: self._compare_marks(evidence, ruling, marks)
            )
            self._observer.stage_done(Channel.CALL, "shadow")

    def _compare_actions(self, evidence: BatchEvidence, ruling: Ruling, query: ShadowQuery) -> None:
        scores, fraud_types = query.score()
        other = evidence.ruling(scores=scores, threshold=query.shadow.threshold)
        found = changes(ruling.actions, other.actions)
        self._observer.shadowed(evidence.channel, found, evidence.fraud_types, fraud_types)

    def _compare_marks(self, evidence: BatchEvidence, ruling: Ruling, query: ShadowQuery) -> None:
        scores, _ = query.score()
        other = evidence.ruling(suspicious=scores >= np.float32(query.shadow.threshold))
        self._observer.marks_shadowed(mark_changes(ruling.reasons, other.reasons))

    def _attempt(self, query: ShadowQuery, kind: ModelKind, compare: Callable[[], None]) -> None:
        try:
            compare()
        except Exception as error:
            # Whatever breaks in a shadow, the decision is made already.
            if not query.shadow.faulted:
                places = kind_and_places(error)
                logger.warning("a shadow fails; it is only counted from now on: %s", places)
            query.shadow.faulted = True
            self._observer.shadow_failed(kind)
