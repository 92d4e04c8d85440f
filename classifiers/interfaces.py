"""Interfaces of models towards the decision pipeline, by channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from fanzha.tables import CallerActivity, Calls, Float32s, Texts, Uint8s

if TYPE_CHECKING:  # for annotations, without loading onnxruntime
    from classifiers.text.facts import FactsOf
    from classifiers.velocity.classifier import VelocityInputs


@dataclass(frozen=True, slots=True, kw_only=True)
class TextScores:
    """Scores of the text model, one row per text."""

    p_fraud: Float32s
    """Probability in [0, 1]; NaN where the text could not be scored."""
    p_spam: Float32s
    """Probability of unwanted advertising that is no fraud."""
    fraud_types: Uint8s
    """The likely `FraudType` of rows over the threshold; 0 elsewhere or where none fits."""
    normal: Sequence[str] | None = None
    """The texts as `fanzha.text` normalises them; None where the model did without."""
    disguises: Mapping[int, int] = field(default_factory=dict)
    """How many disguises each disguised row has, by row."""


class ActivityMemory(Protocol):
    """What is known of the callers of a batch."""

    def observe(self, calls: Calls) -> CallerActivity:
        """Return the activity of the callers, these calls included."""
        ...

    def observe_texts(self, texts: Texts) -> None:
        """Count texts in."""
        ...


class Model(Protocol):
    """What all models have."""

    @property
    def version(self) -> str:
        """Version of the bundle."""
        ...

    @property
    def threshold(self) -> float:
        """Score from which the channel blocks, from the card."""
        ...


class TextScorer(Model, Protocol):
    """Estimates how likely each text is fraud, and how likely spam."""

    @property
    def spam_threshold(self) -> float:
        """The probability from which a text counts as spam, from the card."""
        ...

    def score(self, texts: Texts, facts: "FactsOf | None" = None) -> TextScores:
        """Return probabilities for each text; *facts* says what is known besides its words."""
        ...


class LinkScorer(Model, Protocol):
    """Estimates how likely each link leads to fraud."""

    def score(self, urls: Sequence[str]) -> Float32s:
        """Return one probability in [0, 1] per canonical URL; NaN for an empty one."""
        ...


class CallerScorer(Model, Protocol):
    """Estimates from what callers have been doing how likely each is a fraud."""

    def score(self, activity: CallerActivity) -> Float32s:
        """Return one probability in [0, 1] per call."""
        ...


class VelocityScorer(Model, Protocol):
    """Estimates from what calls themselves show how suspicious each is."""

    def score(self, inputs: "VelocityInputs") -> Float32s:
        """Return one score in [0, 1] per call; no probability."""
        ...
