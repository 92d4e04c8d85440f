"""Scores callers by what they have been doing.

Features are named columns; the model takes those its card names, in the card's order.
A table of subscribers is first read as activity, so that the model is trained on the
very features it is asked about in service.
"""

from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from classifiers import card
from classifiers.onnx_model import OnnxModel
from fanzha.tables import CallerActivity, Float32s

MINIMUM_CALLS = 32
"""A caller with fewer outgoing calls cannot reach the threshold: new is not suspicious."""

TABLE_COLUMNS = (
    "opposite_count",
    "opposite_unique",
    "voccalltype1",
    "voc_day_nunique",
    "call_dur_mean",
    "sms_count",
    "calltype_2",
    "voc_hour_nunique",
    "sms_nunique",
)
"""What `activity_from_table` reads, in its order; any other column is ignored."""

_KNOWN = np.float32(0.5)
"""Less than this is left of a call after a week; nothing can be said of a ratio then."""
_TYPICAL_SECONDS = np.float32(60)
_NOTHING = np.float32(np.nan)
"""The graph puts the training mean in its place."""


class CallerClassifier:
    """Fraud probability of a caller, from its activity up to and including this call.

    Below `MINIMUM_CALLS` the highest score it can get grows with each call, from 0.
    """

    table_columns = TABLE_COLUMNS

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self.version = model.version
        self.threshold = model.threshold
        card.check_golden(model.card, self._score_golden(model.card))

    def score(self, activity: CallerActivity) -> Float32s:
        """Return one probability in [0, 1] per row; 0 for callers nothing is known of."""
        return self.score_features(features(activity), activity.outgoing_calls)

    def score_features(self, columns: Mapping[str, Float32s], outgoing_calls: Float32s) -> Float32s:
        """Score what `features` returns; NaN stands for what is typical."""
        return held_back(self._model.predict(columns), outgoing_calls, self.threshold)

    def score_table(self, columns: Mapping[str, Float32s]) -> Float32s:
        """Score subscribers given by `table_columns`; NaN in empty cells, or no such column."""
        return self.score(activity_from_table(columns))

    def _score_golden(self, about: card.Card) -> Float32s:
        columns = {
            field.name: np.array(
                [golden.inputs.get(field.name, 0) for golden in about.golden], np.float32
            )
            for field in fields(CallerActivity)
        }
        return self.score(CallerActivity(**columns))


def held_back(scores: Float32s, outgoing_calls: Float32s, threshold: float) -> Float32s:
    """Return *scores* so that too few calls stay under *threshold*, whatever they look like."""
    most = outgoing_calls * np.float32(0.99 * threshold / MINIMUM_CALLS)
    return np.where(outgoing_calls < MINIMUM_CALLS, np.minimum(scores, most), scores)


def features(activity: CallerActivity) -> dict[str, Float32s]:
    """Describe each caller to a model, by ratios that do not depend on how long it was watched."""
    one = np.float32(1)
    calls = activity.outgoing_calls + activity.incoming_calls
    seconds = (activity.connected_seconds + _TYPICAL_SECONDS) / (activity.connected_calls + one)
    return {
        "log_calls": np.log1p(calls),
        "log_calls_per_counterpart": np.log((calls + one) / (activity.counterparts + one)),
        "log_calls_per_day": np.log((calls + one) / (activity.active_days + one)),
        "log_outgoing_per_incoming": np.log(
            (activity.outgoing_calls + one) / (activity.incoming_calls + one)
        ),
        "log_hours": _known(np.log1p(activity.active_hours), activity.active_hours),
        "log_seconds_per_call": _known(np.log(seconds), activity.connected_calls),
        **_about_texts(activity, calls),
    }


def _about_texts(activity: CallerActivity, calls: Float32s) -> dict[str, Float32s]:
    one = np.float32(1)
    texts = activity.texts_sent + activity.texts_received
    received = (activity.texts_received + one) / (activity.texts_sent + one)
    different = (texts + one) / (activity.text_counterparts + one)
    return {
        "log_texts": _known(np.log1p(texts), texts),
        "log_texts_per_call": _known(np.log((texts + one) / (calls + one)), texts),
        "log_texts_received_per_sent": _known(np.log(received), texts),
        "log_texts_per_counterpart": _known(np.log(different), activity.text_counterparts),
    }


def _known(values: Float32s, evidence: Float32s) -> Float32s:
    """Return *values* where there is as much as half a piece of *evidence* for them."""
    return np.where(evidence < _KNOWN, _NOTHING, values)


def activity_from_table(columns: Mapping[str, Float32s]) -> CallerActivity:
    """Read totals of subscribers, as in the Sichuan set, as activity.

    All calls of such a table were connected, for others leave no record. Without any of
    the first four columns nothing is known of a subscriber; without one of the others,
    only what it says is not.
    """
    rows = len(next(iter(columns.values())))
    empty = np.full(rows, np.nan, np.float32)
    cells = [np.asarray(columns.get(name, empty), np.float32) for name in TABLE_COLUMNS]
    unknown = np.isnan(cells[:4]).any(axis=0)
    timed = ~np.isnan(cells[4])
    calls, counterparts, outgoing, days, seconds, texts, received, hours, written_with = map(
        np.nan_to_num, cells
    )
    outgoing = np.where(unknown, np.float32(0), outgoing)
    zero = np.float32(0)
    return CallerActivity(
        outgoing_calls=outgoing,
        incoming_calls=np.maximum(calls - outgoing, zero),
        counterparts=counterparts,
        active_days=days,
        active_hours=hours,
        ended_calls=outgoing * timed,
        answered_calls=outgoing * timed,
        connected_calls=calls * timed,
        connected_seconds=calls * seconds,
        texts_sent=np.maximum(texts - received, zero),
        texts_received=received,
        text_counterparts=written_with,
    )
