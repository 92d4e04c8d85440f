"""Scores callers by what they have been doing.

Features are named columns; the model takes those its card names, in the card's order.
A table of subscribers is first read as activity, so that the model is trained on the
very features it gets in service.
"""

from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from classifiers import card
from classifiers.onnx_model import OnnxModel
from fanzha import kernels
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
    "imeis",
    "county_name_call",
)
"""What `activity_from_table` reads, in its order; any other column is ignored."""
_OUTGOING_COLUMN = TABLE_COLUMNS[2]

FEATURES = (
    "log_calls",
    "log_calls_per_counterpart",
    "log_calls_per_day",
    "log_outgoing_per_incoming",
    "log_hours",
    "log_seconds_per_call",
    "log_texts",
    "log_texts_per_call",
    "log_texts_received_per_sent",
    "log_texts_per_counterpart",
    "log_handsets",
    "log_location_areas",
)

FEW_CALLS, SCALED = "few_calls", "scaled"
"""Of a card's inputs: how scores of callers with few calls are kept below the threshold."""

_caller_features = kernels.declare(
    "caller_features", kernels.POINTER, kernels.INTEGER, kernels.POINTER
)


class CallerClassifier:
    """Fraud probability of a caller, from its activity up to and including this call.

    Below `MINIMUM_CALLS` scores stay below the threshold: scaled, so that they still rank callers,
    where the card says so, and else capped by a limit that grows with each call.
    """

    table_columns = TABLE_COLUMNS

    def __init__(self, model: OnnxModel, lowest_threshold: float | None = None) -> None:
        """Make it; too few calls stay below *lowest_threshold* too, where one is set."""
        self._model = model
        self.version = model.version
        self.threshold = model.threshold
        self._held_below = model.threshold
        self._column_order = model.column_order(FEATURES)
        scaled = model.card.inputs.get(FEW_CALLS) == SCALED
        self._hold = scale_scores if scaled else cap_scores
        card.check_golden(model.card, self._score_golden(model.card))
        # The golden rows are of the card's threshold.
        if lowest_threshold is not None:
            self._held_below = min(model.threshold, lowest_threshold)

    def score(self, activity: CallerActivity) -> Float32s:
        """Return one probability in [0, 1] per row; 0 for callers nothing is known of."""
        rows = feature_rows(activity)
        if self._column_order is not None:
            rows = rows[self._column_order]
        scores = self._model.predict_rows(rows)
        held = self._hold(scores, activity.outgoing_calls, self._held_below)
        return known_scores(held, activity)

    def score_features(self, columns: Mapping[str, Float32s], outgoing_calls: Float32s) -> Float32s:
        """Score the columns of `features`; NaN is replaced by the training mean."""
        return self._hold(self._model.predict(columns), outgoing_calls, self._held_below)

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


def cap_scores(scores: Float32s, outgoing_calls: Float32s, threshold: float | Float32s) -> Float32s:
    """Cap the scores of callers with fewer than `MINIMUM_CALLS` below *threshold*.

    The threshold is one for all rows, or a column.
    """
    few = outgoing_calls < MINIMUM_CALLS
    if not np.count_nonzero(few):
        return scores
    most = outgoing_calls * np.asarray(0.99 * threshold / MINIMUM_CALLS, np.float32)
    return np.where(few, np.minimum(scores, most), scores)


def scale_scores(
    scores: Float32s, outgoing_calls: Float32s, threshold: float | Float32s
) -> Float32s:
    """Scale the scores of callers with fewer than `MINIMUM_CALLS` to below *threshold*.

    They keep their order, and none is as high as the threshold, which is one for all rows, or a
    column.
    """
    few = outgoing_calls < MINIMUM_CALLS
    if not np.count_nonzero(few):
        return scores
    return np.where(few, scores * np.asarray(0.99 * threshold, np.float32), scores)


def known_scores(scores: Float32s, activity: CallerActivity) -> Float32s:
    """Return *scores*, and 0 of callers of whom no call and no text is known."""
    unknown = activity.outgoing_calls <= 0
    if not np.count_nonzero(unknown):
        return scores
    events = activity.incoming_calls + activity.texts_sent + activity.texts_received
    return np.where(unknown & (events <= 0), np.float32(0), scores)


def features(activity: CallerActivity) -> dict[str, Float32s]:
    """Describe each caller to a model, by ratios that do not depend on how long it was watched.

    NaN where too little is known; the graph puts the training mean in its place.
    """
    return dict(zip(FEATURES, feature_rows(activity), strict=True))


def feature_rows(activity: CallerActivity) -> Float32s:
    """Return the same as one array, with a row for each of `FEATURES`."""
    columns = activity.columns()
    rows = np.empty((len(FEATURES), len(activity)), np.float32)
    if len(activity):
        _caller_features(kernels.address(columns), len(activity), kernels.address(rows))
    return rows


def activity_from_table(columns: Mapping[str, Float32s]) -> CallerActivity:
    """Read totals of subscribers, as in the Sichuan set, as activity.

    All calls of such a table were connected, for others leave no record. A row without a number of
    calls made, where the table has the column, made none. Without another of the first four
    columns nothing is known of a subscriber's calls; without one of the others, only that field is
    unknown.
    """
    rows = len(next(iter(columns.values())))
    empty = np.full(rows, np.nan, np.float32)
    cells = [np.asarray(columns.get(name, empty), np.float32) for name in TABLE_COLUMNS]
    unknown = np.isnan(cells[0]) | np.isnan(cells[1]) | np.isnan(cells[3])
    if _OUTGOING_COLUMN not in columns:
        unknown[:] = True
    timed = ~(np.isnan(cells[4]) | unknown)
    calls, counterparts, outgoing, days, seconds, texts, received, hours, written_with = map(
        np.nan_to_num, cells[:9]
    )
    for column in (calls, counterparts, outgoing, days, hours):
        column[unknown] = 0
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
        handsets=np.nan_to_num(cells[9]),
        location_areas=np.nan_to_num(cells[10]),
    )
