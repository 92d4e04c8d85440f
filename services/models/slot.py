"""The models of one kind in a worker: the deciding one, the previous one, the shadow.

A desired bundle is loaded once, and retried only when its files have changed.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from classifiers import bundles, card
from classifiers.card import CARD, CASCADE_HEAD, GRAPH, Card, Histogram
from classifiers.feature_histogram import FeatureHistogram
from services.decision.model_kinds import ModelKind
from services.decision.shadow.models import Scorer, Shadow
from services.models.desired_models import DesiredModel
from services.models.signatures import SIGNATURE

logger = logging.getLogger(__name__)

_Mark = tuple[tuple[int, int], ...]
"""When the files of a bundle were written, and how long they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotStatus:
    """The status of one kind."""

    active: str
    threshold: float
    previous: str
    """Still loaded, for a rollback; empty for none."""
    shadow: str
    share: float
    refused: Mapping[str, str]
    """Desired versions that did not pass, with the reason."""
    score_histogram: Histogram | None
    """Of the card of what decides; None when it has none."""
    feature_histograms: Mapping[str, FeatureHistogram]
    """Likewise; empty when it has none."""
    cascade: bool | None
    """Whether uncertain texts are looked at twice; None where neither card nor settings want it."""
    cascade_fault: str
    """Why they are not, though they should be; empty when nothing is wrong."""
    available: Sequence[str] = ()
    """Versions of the bundles on this host when it last looked, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLoading(Generic[Scorer]):
    """How the models of one kind are loaded and warmed."""

    kind: ModelKind
    load: Callable[[Path | None, str | None], Scorer]
    """From a root and a version, None for the newest; raises when a bundle does not pass."""
    warm: Callable[[Scorer], None]
    load_without: Callable[[Path | None, str | None], Scorer] | None = None
    """The same without its second stage, for a start at which that fails; None where nothing looks
    twice."""


class ModelSlot(Generic[Scorer]):
    """The models of one kind. `prepare` may run in any thread; never two methods at a time."""

    def __init__(
        self,
        handling: ModelLoading[Scorer],
        root: Path | None,
        threshold: float | None,
        desired: DesiredModel,
        check: Callable[[Path], object] = lambda _bundle: None,
    ) -> None:
        """Load the desired version, else the previous one, else the newest that was released.

        *check* is asked about each bundle before it is loaded, and raises to refuse it.
        """
        self.kind = handling.kind
        self._handling: ModelLoading[Scorer] = handling
        self._root = root
        self._threshold = threshold
        self._check = check
        self._loaded: dict[str, Scorer] = {}
        self._refused: dict[str, tuple[_Mark, str]] = {}
        self._cards: dict[str, Card] = {}
        self._without: dict[str, str] = {}
        """Versions that decide without their second stage, and why."""
        self._previous = ""
        self._available: Sequence[str] = ()
        self.shadow: Shadow[Scorer] | None = None
        self._load: Callable[[str | None], Scorer] = self._load_at_start
        self.prepare(desired)
        first = self._loaded.get(desired.active) or self._loaded.get(desired.previous)
        self.active: Scorer = first or self._load(None)
        # From here on something decides, so a bundle passes whole or is refused.
        self._load = self._load_whole
        self.take(desired)

    @property
    def threshold(self) -> float:
        """The score from which something is blocked, or a call marked."""
        return self._threshold_of(self.active)

    @property
    def review_threshold(self) -> float | None:
        """The score from which a person is to judge, of the card of what decides."""
        return self._cards[self.active.version].review_threshold

    def prepare(self, desired: DesiredModel) -> int:
        """Load desired bundles not loaded yet; return how many were refused."""
        self._available = bundles.versions(self._root, self.kind.folder)
        return sum(map(self._refuses, sorted(_desired_versions(desired))))

    def take(self, desired: DesiredModel) -> bool:
        """Swap in the prepared models; return whether the deciding version changed."""
        before = self.active
        self.active = self._loaded.get(desired.active, before)
        swapped = self.active.version != before.version
        if swapped:
            self._previous = before.version
            self._loaded[before.version] = before
        self._loaded.setdefault(self.active.version, self.active)
        self._watch(desired)
        versions = _desired_versions(desired)
        needed = versions | {self.active.version, self._previous}
        self._loaded = {name: model for name, model in self._loaded.items() if name in needed}
        self._refused = {name: why for name, why in self._refused.items() if name in versions}
        return swapped

    def status(self) -> SlotStatus:
        """Return the status."""
        about = self._cards[self.active.version]
        fault = self._without.get(self.active.version, "")
        looks = about.cascade is not None and self._handling.load_without is not None
        return SlotStatus(
            active=self.active.version,
            threshold=self.threshold,
            previous=self._previous,
            shadow=self.shadow.model.version if self.shadow else "",
            share=self.shadow.share if self.shadow else 0.0,
            refused={version: why for version, (_, why) in self._refused.items()},
            score_histogram=about.score_histogram,
            feature_histograms=about.feature_histograms,
            cascade=not fault if looks else None,
            cascade_fault=fault,
            available=self._available,
        )

    def _watch(self, desired: DesiredModel) -> None:
        model = self._loaded.get(desired.shadow)
        if model is None or model is self.active:
            self.shadow = None
        elif self.shadow is None or (self.shadow.model, self.shadow.share) != (
            model,
            desired.share,
        ):
            self.shadow = Shadow(model, self._threshold_of(model), desired.share)

    def _threshold_of(self, model: Scorer) -> float:
        return model.threshold if self._threshold is None else self._threshold

    def _refuses(self, version: str) -> bool:
        """Load *version* unless it is loaded, or was refused and its files are the same."""
        if version in self._loaded:
            return False
        mark = _mark(self._root, self.kind.folder, version)
        if version in self._refused and self._refused[version][0] == mark:
            return False
        try:
            self._loaded[version] = self._load(version)
        except Exception as error:
            # Whatever the error, onnxruntime's own included: the previous model stays.
            self._refused[version] = (mark, str(error))
            logger.warning("%s model %s is refused: %s", self.kind.folder, version, error)
            return True
        self._refused.pop(version, None)
        return False

    def _load_at_start(self, version: str | None) -> Scorer:
        version = self._checked(version)
        try:
            return self._load_whole(version)
        except Exception as error:
            if self._handling.load_without is None:
                raise
            fault = str(error) or type(error).__name__
        # A worker without its second stage is better than none. Other errors are raised again.
        model = self._warmed(self._handling.load_without(self._root, version))
        self._without[model.version] = fault
        name = self.kind.folder
        logger.error("%s model %s decides without escalations: %s", name, model.version, fault)
        return model

    def _load_whole(self, version: str | None) -> Scorer:
        version = self._checked(version)
        model = self._warmed(self._handling.load(self._root, version))
        self._without.pop(model.version, None)
        return model

    def _checked(self, version: str | None) -> str:
        """Return *version*, the newest for None; raise where its bundle is not to be used."""
        if version is None:
            root = self._root or bundles.SHIPPED
            version = bundles.newest_released(root, self.kind.folder).name
        self._check(bundles.folder(self._root, self.kind.folder, version))
        return version

    def _warmed(self, model: Scorer) -> Scorer:
        self._handling.warm(model)
        bundle = bundles.folder(self._root, self.kind.folder, model.version)
        self._cards[model.version] = card.read(bundle)
        return model


def _desired_versions(desired: DesiredModel) -> set[str]:
    return {desired.active, desired.previous, desired.shadow} - {""}


def _mark(root: Path | None, channel: str, version: str) -> _Mark:
    try:
        bundle = bundles.folder(root, channel, version)
        stats = [(bundle / name).stat() for name in (CARD, GRAPH)]
        for name in (CASCADE_HEAD, SIGNATURE):
            stats += [file.stat() for file in bundle.glob(name)]
    except (OSError, ValueError):
        return ()
    return tuple((stat.st_mtime_ns, stat.st_size) for stat in stats)
