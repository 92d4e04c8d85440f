"""Holds the models of one worker and swaps them between two batches.

A bundle is loaded beside the one in force, in a thread: its checksum, width and golden rows are
checked by loading it, and it is warmed. Taking it over is one assignment, so a batch sees one
model from its start to its end. A bundle that does not pass is refused, and the model in force
stays. The version before stays loaded, so a rollback loads nothing. Only at the start, when nothing
ran before, a bundle whose second stage fails is taken without it.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from classifiers import bundles
from classifiers.escalation import EscalationBudget
from classifiers.interfaces import LinkScorer, TextScorer, VelocityScorer
from fanzha.links import find_links
from fanzha.tables import Channel, Texts
from services.decision.evidence import ModelSet
from services.decision.model_kinds import ModelKind
from services.decision.shadow.models import Scorer, Shadows
from services.decision.velocity import VelocityModel
from services.models.desired_models import DesiredModel, DesiredModels
from services.models.signatures import SignatureCheck
from services.models.slot import ModelLoading, ModelSlot, SlotStatus


class ActiveModels:
    """The models of a worker; the engine calls `current` for each batch."""

    def __init__(
        self,
        root: Path | None,
        thresholds: Mapping[ModelKind, float | None],
        desired: DesiredModels,
        budgets: Mapping[ModelKind, EscalationBudget] | None = None,
        *,
        velocity: bool = False,
        signatures: SignatureCheck | None = None,
    ) -> None:
        """Load the desired models, else the newest; raises `ValueError` without a model.

        *budgets* are those of the second stages of texts and links; without one there is no limit.
        Only with *velocity* there is a velocity model. Bundles that *signatures* refuse are not
        loaded.
        """
        check = (signatures or SignatureCheck()).check

        def slot(handling: ModelLoading[Scorer]) -> ModelSlot[Scorer]:
            chosen = desired.get(handling.kind, DesiredModel())
            return ModelSlot(handling, root, thresholds.get(handling.kind), chosen, check)

        # Too few calls are to stay below the threshold that holds.
        load_caller = partial(bundles.load_caller, lowest_threshold=thresholds.get(ModelKind.CALL))
        self._caller = slot(ModelLoading(kind=ModelKind.CALL, load=load_caller, warm=_warm_nothing))
        limits = budgets or {}
        self._text = slot(_text(limits.get(ModelKind.TEXT)))
        self._link = slot(_link(limits.get(ModelKind.LINK)))
        self._velocity = slot(_VELOCITY) if velocity else None
        self.current = self._models()

    def prepare(self, desired: DesiredModels) -> list[ModelKind]:
        """Load the desired models, in the calling thread; return the kinds that refused a bundle.

        Takes as long as loading does, and changes nothing that is in force.
        """
        return [slot.kind for slot in self._slots() if slot.prepare(_desired(desired, slot.kind))]

    def take(self, desired: DesiredModels) -> list[ModelKind]:
        """Swap in the prepared models; return the kinds whose deciding model changed."""
        swapped = [slot.kind for slot in self._slots() if slot.take(_desired(desired, slot.kind))]
        self.current = self._models()
        return swapped

    def status(self) -> dict[ModelKind, SlotStatus]:
        """Return the status of each kind."""
        return {slot.kind: slot.status() for slot in self._slots()}

    def _slots(self) -> "tuple[ModelSlot[Any], ...]":
        slots = (self._caller, self._text, self._link)
        return slots if self._velocity is None else (*slots, self._velocity)

    def velocity(self) -> VelocityModel:
        """Return the velocity model in force; ValueError where there is none."""
        slot = self._velocity
        if slot is None:
            raise ValueError("no velocity model is loaded")
        return VelocityModel(slot.active, slot.threshold, slot.shadow)

    def _models(self) -> ModelSet:
        return ModelSet(
            caller=self._caller.active,
            text=self._text.active,
            link=self._link.active,
            thresholds={
                Channel.CALL: self._caller.threshold,
                Channel.TEXT: self._text.threshold,
                Channel.LINK: self._link.threshold,
            },
            review_thresholds={
                Channel.CALL: self._caller.review_threshold,
                Channel.TEXT: self._text.review_threshold,
                Channel.LINK: self._link.review_threshold,
            },
            shadows=Shadows(
                caller=self._caller.shadow, text=self._text.shadow, link=self._link.shadow
            ),
        )


def _desired(desired: DesiredModels, kind: ModelKind) -> DesiredModel:
    return desired.get(kind, DesiredModel())


_BODY = "见【示例】 http://first.example/a 验证码 123456, call 95588"


def _warm_nothing(_model: object) -> None:
    """Do nothing: loading has scored the golden rows already."""


def _warm_text(model: TextScorer) -> None:
    one = np.ones(1, np.int64)
    ingress = one.astype(np.uint8)
    model.score(
        Texts(
            senders=one,
            receivers=one,
            bodies=[_BODY],
            submitted_at_ms=one,
            ingress=ingress,
            trunks=("",),
            names={},
            errors={},
        )
    )


def _warm_link(model: LinkScorer) -> None:
    model.score(find_links(_BODY))


def _text(budget: EscalationBudget | None) -> ModelLoading[TextScorer]:
    load = partial(bundles.load_text, budget=budget)
    if budget is None or not budget.share:
        return ModelLoading(kind=ModelKind.TEXT, load=load, warm=_warm_text)
    once = partial(bundles.load_text, budget=replace(budget, share=0.0))
    return ModelLoading(kind=ModelKind.TEXT, load=load, warm=_warm_text, load_without=once)


def _link(budget: EscalationBudget | None) -> ModelLoading[LinkScorer]:
    load = partial(bundles.load_link, budget=budget)
    if budget is None or not budget.share:
        return ModelLoading(kind=ModelKind.LINK, load=load, warm=_warm_link)
    once = partial(bundles.load_link, budget=replace(budget, share=0.0))
    return ModelLoading(kind=ModelKind.LINK, load=load, warm=_warm_link, load_without=once)


_VELOCITY: ModelLoading[VelocityScorer] = ModelLoading(
    kind=ModelKind.VELOCITY, load=bundles.load_velocity, warm=_warm_nothing
)
