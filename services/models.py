"""Holds the models of one worker and swaps them between two batches.

A bundle is loaded beside the one in force, in a thread: its checksum, width and golden rows are
checked by loading it, and it is warmed. Taking it over is one assignment, so a batch sees one
model from its start to its end. A bundle that does not pass is refused, and what ran before goes
on. The version before stays loaded, so a rollback loads nothing.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from classifiers import bundles
from classifiers.base import CallerScorer, LinkScorer, TextScorer
from classifiers.looks import LookBudget
from fanzha.links import find_links
from fanzha.tables import Channel, Texts
from services.engine import Models
from services.model_slot import Kind, Slot, Status
from services.shadow import Scorer, Shadows
from services.wanted_models import Wanted, WantedModels


class ModelSwitch:
    """The models of a worker: `current` is what the engine asks for each batch."""

    def __init__(
        self,
        root: Path | None,
        thresholds: Mapping[Channel, float | None],
        wanted: WantedModels,
        looks: LookBudget | None = None,
    ) -> None:
        """Load what is wanted, and the newest where nothing is; ValueError without a model.

        With *looks*, a text model looks twice within that budget; without, at all uncertain texts.
        """

        def slot(kind: Kind[Scorer]) -> Slot[Scorer]:
            wish = wanted.get(kind.channel, Wanted())
            return Slot(kind, root, thresholds.get(kind.channel), wish)

        self._caller = slot(_CALLER)
        load_text = partial(bundles.load_text, budget=looks)
        self._text = slot(Kind(channel=Channel.TEXT, load=load_text, warm=_warm_text))
        self._link = slot(_LINK)
        self.current = self._models()

    def prepare(self, wanted: WantedModels) -> list[Channel]:
        """Load what is wanted, in the calling thread; return the channels that refused a bundle.

        Takes as long as loading does, and changes nothing that is in force.
        """
        slots = (self._caller, self._text, self._link)
        return [slot.channel for slot in slots if slot.prepare(wanted.get(slot.channel, Wanted()))]

    def take(self, wanted: WantedModels) -> list[Channel]:
        """Put what was prepared in force; return the channels that decide by another model now."""
        slots = (self._caller, self._text, self._link)
        swapped = [slot.channel for slot in slots if slot.take(wanted.get(slot.channel, Wanted()))]
        self.current = self._models()
        return swapped

    def status(self) -> dict[Channel, Status]:
        """Tell what runs."""
        return {slot.channel: slot.status() for slot in (self._caller, self._text, self._link)}

    def _models(self) -> Models:
        slots = (self._caller, self._text, self._link)
        return Models(
            caller=self._caller.active,
            text=self._text.active,
            link=self._link.active,
            thresholds={slot.channel: slot.threshold for slot in slots},
            shadows=Shadows(
                caller=self._caller.shadow, text=self._text.shadow, link=self._link.shadow
            ),
        )


_BODY = "见【示例】 http://first.example/a 验证码 123456, call 95588"


def _warm_caller(model: CallerScorer) -> None:
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
            names={},
            errors={},
        )
    )


def _warm_link(model: LinkScorer) -> None:
    model.score(find_links(_BODY))


_CALLER: Kind[CallerScorer] = Kind(
    channel=Channel.CALL, load=bundles.load_caller, warm=_warm_caller
)
_LINK: Kind[LinkScorer] = Kind(channel=Channel.LINK, load=bundles.load_link, warm=_warm_link)
