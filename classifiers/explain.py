"""What weighed most in a score, by leaving out one part at a time and scoring again.

For one decision on demand, never on the way of traffic: a text costs a run over as many
variants as it has parts. A weight is by how much the log-odds of fraud fall without the part;
below zero, the part lowered the score. Weights do not add up to the score: parts that say
the same cover for each other.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from classifiers.caller import classifier
from classifiers.caller.classifier import CallerClassifier
from classifiers.link.classifier import LinkClassifier
from classifiers.text.classifier import TextClassifier
from classifiers.velocity.classifier import VelocityClassifier, VelocityInputs, velocity_features
from fanzha.tables import CallerActivity, Float32s
from fanzha.url import canonical

Span: TypeAlias = tuple[int, int]

READ = 1024
"""Characters of a text or link that are explained; models read no more."""
PARTS = 8
"""Most parts that are returned."""
_SURE = 1e-6
"""Probabilities this near to 0 or 1 are as good as those."""
_SLIGHT = 0.01
"""Parts with less weight are dropped."""

# A link, a word or number of narrow script, or a run of wide characters.
_WIDE = r"[\u2e80-\U0003ffff]"
_PIECE = re.compile(
    rf"(?:https?://|www\.)[!-~]+|(?:(?!{_WIDE})[^\W_])+|(?P<wide>(?:(?=[^\W_]){_WIDE})+)"
)
_URL_PIECE = re.compile(r"[^\W_]+")


class ExplainedPart(NamedTuple):
    """A part of what was scored."""

    part: str
    weight: float


class WeighedFeature(NamedTuple):
    """A feature of a model; the value is NaN where it was unknown."""

    name: str
    value: float
    weight: float


def without(score: float, weight: float) -> float:
    """Return the score that is left without a part of this weight."""
    sure = min(max(score, _SURE), 1 - _SURE)
    return float(1 / (1 + np.exp(weight - np.log(sure / (1 - sure)))))


def text(model: TextClassifier, body: str, sender: int) -> list[ExplainedPart]:
    """Return the words, links and pairs of wide characters of *body* that weighed most."""
    spans = list(_text_spans(body[:READ]))
    variants = [body, *(body[:start] + " " + body[end:] for start, end in spans)]
    senders = np.full(len(variants), sender, np.int64)
    odds = model.log_odds(variants, senders)
    return _heaviest_apart(body, spans, odds[0] - odds[1:])


def link(model: LinkClassifier, url: str, *, escalate: bool = True) -> list[ExplainedPart]:
    """Return the pieces of host and path of the canonical *url* that weighed most.

    Without *escalate* in the score of the fast model alone.
    """
    if not url:
        return []
    begin = url.find("://") + 3
    host = url[begin:].partition("/")[0]
    # An IP address without one of its numbers is another address: it has no parts.
    begin += 0 if any(map(str.isalpha, host)) and ":" not in host else len(host)
    spans = [
        (begin + piece.start(), begin + piece.end())
        for piece in _URL_PIECE.finditer(url[begin:READ])
    ]
    variants = [canonical(_without(url, span)) for span in spans]
    # Some cannot be left out: what remains is no URL, or the same one.
    used = [row for row, variant in enumerate(variants) if variant not in {"", url}]
    score = model.score if escalate else model.fast_scores
    scores = score([url, *(variants[row] for row in used)])
    return _heaviest_apart(url, [spans[row] for row in used], _weights(scores))


def caller(model: CallerClassifier, activity: CallerActivity) -> list[ExplainedPart]:
    """Return the features of the one caller in *activity* that weighed most."""
    return _top(ExplainedPart(one.name, one.weight) for one in caller_features(model, activity))


def caller_features(model: CallerClassifier, activity: CallerActivity) -> list[WeighedFeature]:
    """Return all features of the one caller in *activity*, with their values.

    A feature is left out by replacing it with its training mean. Of a caller of whom nothing is
    known, none weighs.
    """
    columns = classifier.features(activity)
    if not model.score(activity)[0]:
        return [WeighedFeature(name, float(column[0]), 0.0) for name, column in columns.items()]
    outgoing = np.repeat(activity.outgoing_calls, len(columns) + 1)
    return _weigh(columns, lambda variants: model.score_features(variants, outgoing))


def velocity(model: VelocityClassifier, inputs: VelocityInputs) -> list[ExplainedPart]:
    """Return the features of the one call in *inputs* that weighed most, as `caller` does."""
    return _top(ExplainedPart(one.name, one.weight) for one in velocity_weights(model, inputs))


def velocity_weights(model: VelocityClassifier, inputs: VelocityInputs) -> list[WeighedFeature]:
    """Return all features of the one call in *inputs*, as `caller_features` does."""
    columns = velocity_features(inputs)
    attempts = np.repeat(inputs.velocity.attempts_hour, len(columns) + 1)
    return _weigh(columns, lambda variants: model.score_features(variants, attempts))


def _weigh(
    columns: Mapping[str, Float32s], score: Callable[[Mapping[str, Float32s]], Float32s]
) -> list[WeighedFeature]:
    """Leave out each of *columns* of one row: the first variant is whole, then one for each."""
    rows = len(columns) + 1
    variants = {name: np.repeat(column, rows) for name, column in columns.items()}
    for row, name in enumerate(columns, start=1):
        variants[name][row] = np.nan
    weights = _weights(score(variants)).tolist()
    return [
        WeighedFeature(name, float(column[0]), weight)
        for (name, column), weight in zip(columns.items(), weights, strict=True)
    ]


def _text_spans(body: str) -> Iterator[Span]:
    # Wide characters in pairs that overlap: which pairs are words is for the weights to say.
    for piece in _PIECE.finditer(body):
        start, end = piece.span()
        if piece["wide"] is None or end - start == 1:
            yield start, end
        else:
            yield from ((at, at + 2) for at in range(start, end - 1))


def _without(url: str, span: Span) -> str:
    start, end = span
    # With the mark after it, so that neither an empty label nor an empty folder remains.
    return (
        url[:start] + url[end + 1 :]
        if url[end : end + 1] in {".", "-"}
        else (url[:start] + url[end:])
    )


def _weights(scores: Float32s) -> Float32s:
    """Return how much the log-odds of the first score exceed those of each other one."""
    sure = np.clip(np.nan_to_num(scores).astype(np.float64), _SURE, 1 - _SURE)
    odds = np.log(sure / (1 - sure))
    weights: Float32s = (odds[0] - odds[1:]).astype(np.float32)
    return weights


def _heaviest_apart(whole: str, spans: Sequence[Span], weights: Float32s) -> list[ExplainedPart]:
    """Take spans by falling weight, each only where no heavier one lies."""
    taken: list[Span] = []
    parts: list[ExplainedPart] = []
    for row in np.argsort(-np.abs(weights), kind="stable").tolist():
        start, end = spans[row]
        if all(end <= other[0] or start >= other[1] for other in taken):
            taken.append((start, end))
            parts.append(ExplainedPart(whole[start:end], float(weights[row])))
    return _top(parts)


def _top(parts: Iterable[ExplainedPart]) -> list[ExplainedPart]:
    heavy = [part for part in parts if abs(part.weight) >= _SLIGHT]
    return sorted(heavy, key=lambda part: -abs(part.weight))[:PARTS]
