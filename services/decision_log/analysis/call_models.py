"""What the caller and the velocity model saw in a call, from the inputs that were logged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, repeat
from math import isnan
from typing import Any

import numpy as np

from classifiers import explain
from classifiers.caller.classifier import MINIMUM_CALLS, CallerClassifier
from classifiers.card import GoldenRow
from classifiers.explain import WeighedFeature
from classifiers.velocity.classifier import VelocityClassifier, VelocityInputs, read_inputs
from classifiers.velocity.memory import COUNTERS
from fanzha.tables import CallerActivity, Float32s
from services.decision_log import schema
from services.decision_log.analysis.bundle_loader import BundleLoader, NoBundle
from services.decision_log.analysis.model import FeatureWeight, ModelAnalysis
from services.decision_log.explanation import Sentence

FACTORS: Float32s = np.exp2(np.arange(1, 161, dtype=np.float32) / 16)
"""By what a counter is multiplied or divided in search of another verdict: up to 1,024."""
MOST_CHANGES = 3

_METHOD = Sentence(
    "权重：将该特征换成训练均值后，诈骗对数几率的下降值（逐一剔除法）；各权重之和不等于总分。",
    "weight: by how much the log-odds of fraud fall when this feature alone is replaced by its "
    "training mean (leave one out); weights do not add up to the score.",
)
_NOT_LOGGED = Sentence(
    "未记录该主叫的近期活动：仅对被拦截、被标记或评分达到阈值一半的呼叫记录，且早期版本不记录。",
    "the activity of the caller was not logged: it is for calls that are blocked, marked or score "
    "half of the threshold, and earlier versions did not log it.",
)
_NO_INPUTS = Sentence(
    "未记录行为模型的输入：早期版本不记录。",
    "the inputs of the velocity model were not logged: earlier versions did not.",
)
Score = Callable[[Mapping[str, Float32s]], Float32s]


def no_bundle(version: str, error: NoBundle) -> Sentence:
    """Say that the model of that time cannot be asked any more."""
    return Sentence(
        f"版本 {version} 的模型已不在本机（{error}），无法重新计算权重；其他版本不能代为说明。",
        f"the bundle of version {version} is not usable on this host ({error}): weights cannot be "
        "recomputed, and another version cannot speak for it.",
    )


def of_caller(row: Mapping[str, Any], loader: BundleLoader) -> ModelAnalysis:
    """Analyse the score of the caller model."""
    activity = row.get("caller_activity") or ()
    # An earlier version logged fewer fields, and knew nothing of the others; a later one more.
    known = 0 < len(activity) <= len(schema.ACTIVITY)
    logged = map(float, chain(activity, repeat(0.0)) if known else activity)
    inputs = dict(zip(schema.ACTIVITY, logged, strict=False))
    about = ModelAnalysis(
        model="caller",
        version=row["model_version"] or "",
        score=row["score"],
        threshold=row["threshold"],
        method=_NOT_LOGGED,
        inputs=inputs,
    )
    if not known or row["score"] is None:
        return about
    try:
        model = loader.caller(about.version, row["threshold"])
    except NoBundle as error:
        return replace(about, method=no_bundle(about.version, error))
    one = CallerActivity(**{name: np.array([value], np.float32) for name, value in inputs.items()})
    return replace(
        about,
        method=_METHOD,
        recomputed=float(model.score(one)[0]),
        features=_shown(explain.caller_features(model, one)),
        alternatives=_caller_changes(model, inputs, row["threshold"]),
    ).checked()


def of_velocity(row: Mapping[str, Any], loader: BundleLoader) -> ModelAnalysis:
    """Analyse the score of the velocity model."""
    # DuckDB returns a map as a dictionary.
    logged: Mapping[str, float] | None = row.get("velocity_inputs")
    about = ModelAnalysis(
        model="velocity",
        version=row.get("velocity_version") or "",
        score=row["velocity_score"],
        threshold=row.get("velocity_threshold"),
        method=_NO_INPUTS,
        inputs=logged or {},
    )
    if logged is None:
        return about
    try:
        model = loader.velocity(about.version)
    except NoBundle as error:
        return replace(about, method=no_bundle(about.version, error))
    one = _velocity_rows([logged])
    threshold = model.threshold if about.threshold is None else about.threshold
    return replace(
        about,
        method=_METHOD,
        recomputed=float(model.score(one)[0]),
        features=_shown(explain.velocity_weights(model, one)),
        alternatives=_velocity_changes(model, logged, threshold),
    ).checked()


def _caller_changes(
    model: CallerClassifier, inputs: Mapping[str, float], threshold: float
) -> list[Sentence]:
    def score(columns: Mapping[str, Float32s]) -> Float32s:
        return model.score(CallerActivity(**columns))

    if inputs["outgoing_calls"] < MINIMUM_CALLS:
        return [
            Sentence(
                f"主叫外呼少于 {MINIMUM_CALLS} 次时，评分不可能达到阈值。",
                f"with fewer than {MINIMUM_CALLS} outgoing calls no score reaches the threshold.",
            )
        ]
    return _smallest_changes(score, inputs, schema.ACTIVITY, threshold)


def _velocity_changes(
    model: VelocityClassifier, inputs: Mapping[str, float], threshold: float
) -> list[Sentence]:
    def score(columns: Mapping[str, Float32s]) -> Float32s:
        rows = [
            dict(zip(columns, values, strict=True))
            for values in zip(*(column.tolist() for column in columns.values()), strict=True)
        ]
        return model.score(_velocity_rows(rows))

    names = [*COUNTERS, "outgoing_calls", "incoming_calls"]
    return _smallest_changes(score, inputs, names, threshold)


def _velocity_rows(rows: Sequence[Mapping[str, float]]) -> VelocityInputs:
    return read_inputs([GoldenRow(inputs=dict(row), score=0.0) for row in rows])


def _smallest_changes(
    score: Score, inputs: Mapping[str, float], names: Sequence[str], threshold: float
) -> list[Sentence]:
    """Search each counter alone for the value nearest to its own that crosses the threshold."""
    found: list[tuple[float, Sentence]] = []
    reached = _crosses(score({name: _one(value) for name, value in inputs.items()}), threshold)[0]
    for name in names:
        own = inputs.get(name, 0.0)
        values = _candidates(own)
        columns = {
            other: values if other == name else np.full(len(values), value, np.float32)
            for other, value in {name: own, **inputs}.items()
        }
        scores = score(columns)
        crossing = np.flatnonzero(_crosses(scores, threshold) != reached)
        if len(crossing):
            at = crossing[0]
            found.append(
                (float(_distance(own, values[at])), _change(name, own, values, scores, at))
            )
    nearest = sorted(found, key=lambda pair: pair[0])[:MOST_CHANGES]
    if nearest:
        return [sentence for _, sentence in nearest]
    return [
        Sentence(
            "单独改变任何一项计数（1/1024 至 1024 倍）都不会越过阈值。",
            "no single counter, divided or multiplied by up to 1,024, crosses the threshold.",
        )
    ]


def _candidates(own: float) -> Float32s:
    """Return values to try, the nearest first."""
    base = np.float32(max(own, 0.5))
    both = np.stack([base / FACTORS, base * FACTORS], axis=1).ravel()
    return np.append(both, np.float32(0)).astype(np.float32)


def _distance(own: float, value: float) -> float:
    return float(abs(np.log2((value + 1) / (own + 1))))


def _change(name: str, own: float, values: Float32s, scores: Float32s, at: int) -> Sentence:
    value, score = float(values[at]), float(scores[at])
    return Sentence(
        f"若 {name} 为 {value:.4g} 而非 {own:.4g}，其余不变，评分为 {score:.3f}。",
        f"with {name} {value:.4g} in place of {own:.4g}, all else being the same, the score would "
        f"be {score:.3f}.",
    )


def _crosses(scores: Float32s, threshold: float) -> Any:
    return scores >= np.float32(threshold)


def _one(value: float) -> Float32s:
    return np.array([value], np.float32)


def _shown(features: Sequence[WeighedFeature]) -> list[FeatureWeight]:
    """Return what has a weight, the heaviest first: the others are not taken by the model."""
    found = [
        FeatureWeight(
            name=one.name, value=None if isnan(one.value) else one.value, weight=one.weight
        )
        for one in features
        if one.weight
    ]
    return sorted(found, key=lambda one: -abs(one.weight))
