"""What is known of a decision beyond its row: records of an analysis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from blocklists.entries import Entry
from services.decision_log.explanation import Sentence

SAME = 2e-3
"""How far a recomputed score may be from the logged one; processors round differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureWeight:
    """A feature, or a part of a text or link."""

    name: str
    value: float | None = None
    """None of parts, and where it was unknown."""
    weight: float
    """By how much the log-odds of fraud fall without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnalysis:
    """What one model saw."""

    model: str
    """caller, velocity, text or link."""
    version: str
    score: float | None
    threshold: float | None
    method: Sentence
    """How the weights were computed, or why there are none."""
    recomputed: float | None = None
    features: Sequence[FeatureWeight] = ()
    inputs: Mapping[str, float] = field(default_factory=dict)
    alternatives: Sequence[Sentence] = ()
    """Changes of single features, by this model."""

    def reproduces(self) -> bool:
        """Return whether the recomputed score is the logged one."""
        if self.recomputed is None or self.score is None:
            return False
        return abs(self.recomputed - self.score) <= SAME

    def checked(self) -> "ModelAnalysis":
        """Return it without weights where the recomputed score is not the logged one."""
        if self.reproduces() or self.recomputed is None:
            return self
        logged = "–" if self.score is None else f"{self.score:.4f}"
        return replace(
            self,
            features=(),
            alternatives=(),
            method=Sentence(
                f"该版本现在对所记录的输入评分为 {self.recomputed:.4f}，当时为 {logged}，"
                "因此不说明特征权重。",
                f"this version now scores the logged inputs {self.recomputed:.4f}, and the "
                f"decision had {logged}: its weights would not explain it.",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEntry:
    """An entry of the lists at an earlier version."""

    entry: Entry | None
    """None where that cannot be told."""
    since: Sentence
    """What has become of it, or why it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionAnalysis:
    """What a decision depended on, and what would have changed it."""

    models: Sequence[ModelAnalysis]
    circumstances: Sequence[Sentence]
    alternatives: Sequence[Sentence]
    entry_then: Entry | None = None
