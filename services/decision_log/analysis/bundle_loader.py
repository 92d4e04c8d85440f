"""Loads the model that decided, by the version that was logged, where its bundle still exists."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from classifiers import bundles, card
from classifiers.caller.classifier import CallerClassifier
from classifiers.evaluation.operating_points import PREVALENCE
from classifiers.evaluation.prevalence import probability
from classifiers.link.classifier import LinkClassifier
from classifiers.text.classifier import TextClassifier
from classifiers.velocity.classifier import VelocityClassifier
from fanzha.errors import InvalidConfiguration
from services.decision.model_kinds import ModelKind

_CACHED = 4
_Model = TypeVar("_Model")


class NoBundle(Exception):
    """The version that decided cannot be loaded; the message says why."""


class BundleLoader:
    """Bundles below one folder, the last few loaded. One thread at a time."""

    def __init__(self, root: Path | None, *, prevalence: float = PREVALENCE) -> None:
        """*root* as in `classifiers.bundles`; None means the shipped bundles.

        *prevalence* is the share of fraud in traffic at which probabilities are stated.
        """
        self._root = root
        self.prevalence = prevalence
        self._loaded: dict[tuple[object, ...], Any] = {}

    def text(self, version: str, *, second_stage: bool = False) -> TextClassifier:
        """Load a text model; its second stage takes the sentence encoder. Raises `NoBundle`."""
        load = bundles.load_text if second_stage else bundles.load_first_stage
        return self._get(ModelKind.TEXT, version, lambda: load(self._root, version), second_stage)

    def link(self, version: str) -> LinkClassifier:
        """Load a link model; raises `NoBundle`."""
        return self._get(ModelKind.LINK, version, lambda: bundles.load_link(self._root, version))

    def caller(self, version: str, threshold: float) -> CallerClassifier:
        """Load a caller model that caps callers with few calls as under this threshold."""
        return self._get(
            ModelKind.CALL,
            version,
            lambda: bundles.load_caller(self._root, version, threshold),
            threshold,
        )

    def velocity(self, version: str) -> VelocityClassifier:
        """Load a velocity model; raises `NoBundle`."""
        return self._get(
            ModelKind.VELOCITY, version, lambda: bundles.load_velocity(self._root, version)
        )

    def probability(self, kind: ModelKind, version: str, score: float) -> float | None:
        """Return what *score* means at the stated prevalence; None where its card does not tell."""
        try:
            trained = card.read(
                bundles.folder(self._root, kind.folder, version)
            ).calibration_prevalence
        except InvalidConfiguration:
            return None
        return None if trained is None else probability(score, trained, self.prevalence)

    def exists(self, kind: ModelKind, version: str) -> bool:
        """Return whether there is a bundle of this version."""
        known = bundles.is_version(version)
        return known and bundles.folder(self._root, kind.folder, version).is_dir()

    def _get(
        self, kind: ModelKind, version: str, load: Callable[[], _Model], *more: object
    ) -> _Model:
        if not self.exists(kind, version):
            raise NoBundle("gone")
        key = (kind, version, *more)
        if key not in self._loaded:
            try:
                model = load()
            except Exception as error:
                # Whatever is wrong with an old bundle, the rest of the decision can be explained.
                raise NoBundle(f"does not load: {type(error).__name__}") from error
            while len(self._loaded) >= _CACHED:
                self._loaded.pop(next(iter(self._loaded)))
            self._loaded[key] = model
        found: _Model = self._loaded[key]
        return found
