"""Scores calls by what they show themselves, and by how their caller has been calling just now.

The model was trained on simulated calls, for no labelled ones are public. Its score is a
suspicion to look into; by default the service marks such calls and allows them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers import card
from classifiers.onnx_model import OnnxModel
from classifiers.velocity.memory import COUNTERS, CallerVelocity
from fanzha import kernels, numbering
from fanzha.tables import Attestation, Bools, CallerActivity, Calls, Float32s, Ingress, Int64s

FEWEST_ATTEMPTS = 3
"""Of the last hour. A caller with fewer cannot reach the threshold: one call shows too little."""

FLAGS = (
    "international",
    "interconnect",
    "attested_fully",
    "attested_weakly",
    "attestation_failed",
    "implausible",
    "home_number",
    "foreign_number",
)
"""Binary features of a call: its ingress, its attestation, and of the calling number: that it is
implausible; that it is an E.164 number of the home country, or of another."""
FEATURES = (
    *FLAGS,
    "log_attempts_minute",
    "log_attempts_ten_minutes",
    "log_attempts_hour",
    "repeated_share",
    "neighbour_share",
    "unanswered_share",
    "brief_share",
    "log_made_per_got",
)

_attempt_features = kernels.declare(
    "attempt_features",
    *(kernels.POINTER, kernels.POINTER, kernels.POINTER, kernels.POINTER),
    *(kernels.INTEGER, kernels.POINTER),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VelocityInputs:
    """Inputs of a velocity model, row by row."""

    flags: Float32s
    """A row for each of `FLAGS`."""
    outgoing_calls: Float32s
    """As `CallerActivity` counts them, like the next."""
    incoming_calls: Float32s
    velocity: CallerVelocity

    def __len__(self) -> int:
        return len(self.outgoing_calls)


class VelocityClassifier:
    """How likely each call is a fraud's, by a model of simulated calls.

    Below `FEWEST_ATTEMPTS` the highest score a call can get grows with each attempt.
    """

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self.version = model.version
        self.threshold = model.threshold
        self._column_order = model.column_order(FEATURES)
        card.check_golden(model.card, self.score(read_inputs(model.card.golden)))

    def score(self, inputs: VelocityInputs) -> Float32s:
        """Return one score in [0, 1] per call."""
        rows = feature_rows(inputs)
        if self._column_order is not None:
            rows = rows[self._column_order]
        return cap_scores(
            self._model.predict_rows(rows), inputs.velocity.attempts_hour, self.threshold
        )

    def score_features(self, columns: Mapping[str, Float32s], attempts: Float32s) -> Float32s:
        """Score the columns of `velocity_features`; NaN is replaced by the training mean."""
        return cap_scores(self._model.predict(columns), attempts, self.threshold)


def enough(attempts: Float32s) -> Bools:
    """Return a mask of calls whose callers made enough attempts in the last hour to be scored."""
    # A little less, for attempts have begun to fade.
    many: Bools = attempts >= np.float32(FEWEST_ATTEMPTS - 0.5)
    return many


def cap_scores(scores: Float32s, attempts: Float32s, threshold: float) -> Float32s:
    """Return *scores* so that too few attempts stay under *threshold*."""
    many = enough(attempts)
    if np.count_nonzero(many) == len(many):
        return scores
    most = attempts * np.float32(0.99 * threshold / FEWEST_ATTEMPTS)
    return np.where(many, scores, np.minimum(scores, most))


def inputs_of(
    calls: Calls,
    velocity: CallerVelocity,
    activity: CallerActivity,
    implausible: Bools,
    *,
    rows: Int64s,
    home_country: str = "86",
) -> VelocityInputs:
    """Gather the inputs of some *rows* of calls, ascending."""
    callers, ingress, attestations = calls.callers, calls.ingress, calls.attestations
    outgoing, incoming = activity.outgoing_calls, activity.incoming_calls
    if len(rows) < len(calls):
        callers, ingress, attestations = callers[rows], ingress[rows], attestations[rows]
        outgoing, incoming, implausible = outgoing[rows], incoming[rows], implausible[rows]
        velocity = velocity.take(rows)
    flags = np.empty((len(FLAGS), len(callers)), np.float32)
    # Table look-ups, all flags of a column at once.
    _OF_INGRESS.take(ingress, axis=1, out=flags[:2], mode="clip")
    _OF_ATTESTATION.take(attestations, axis=1, out=flags[2:5], mode="clip")
    flags[5] = implausible
    _OF_ORIGIN.take(numbering.origins(callers, home_country), axis=1, out=flags[6:], mode="clip")
    return VelocityInputs(
        flags=flags, outgoing_calls=outgoing, incoming_calls=incoming, velocity=velocity
    )


def velocity_features(inputs: VelocityInputs) -> dict[str, Float32s]:
    """Describe each call to a model. NaN where no end was ever reported."""
    return dict(zip(FEATURES, feature_rows(inputs), strict=True))


def feature_rows(inputs: VelocityInputs) -> Float32s:
    """Return the same as one array, with a row for each of `FEATURES`."""
    given = (
        inputs.flags,
        inputs.velocity.counters,
        np.ascontiguousarray(inputs.outgoing_calls, np.float32),
        np.ascontiguousarray(inputs.incoming_calls, np.float32),
    )
    rows = np.empty((len(FEATURES), len(inputs)), np.float32)
    if len(inputs):
        _attempt_features(*map(kernels.address, given), len(inputs), kernels.address(rows))
    return rows


def facts(inputs: VelocityInputs, places: Int64s) -> list[dict[str, float]]:
    """Return the non-zero inputs of some calls, by the names that `read_inputs` reads."""
    columns = _columns_of(inputs)
    values = np.stack([column[places] for column in columns.values()], axis=1).tolist()
    # Row by row, as few calls are suspicious.
    return [
        {name: value for name, value in zip(columns, row, strict=True) if value} for row in values
    ]


def read_inputs(golden: Sequence[card.GoldenRow]) -> VelocityInputs:
    """Read golden rows; what a row does not name is 0."""

    def columns(names: Sequence[str]) -> Float32s:
        return np.array([[row.inputs.get(name, 0) for row in golden] for name in names], np.float32)

    outgoing, incoming = columns(("outgoing_calls", "incoming_calls"))
    return VelocityInputs(
        flags=columns(FLAGS),
        outgoing_calls=outgoing,
        incoming_calls=incoming,
        velocity=CallerVelocity(columns(COUNTERS)),
    )


def _columns_of(inputs: VelocityInputs) -> dict[str, Float32s]:
    return {
        **dict(zip(FLAGS, inputs.flags, strict=True)),
        "outgoing_calls": inputs.outgoing_calls,
        "incoming_calls": inputs.incoming_calls,
        **dict(zip(COUNTERS, inputs.velocity.counters, strict=True)),
    }


def _flags_of(last: int, *truths: tuple[int, ...]) -> Float32s:
    """Return a table of flags: a row for each, true in the columns of some values up to *last*."""
    table = np.zeros((len(truths), last + 1), np.float32)
    for row, values in zip(table, truths, strict=True):
        row[list(values)] = 1
    return table


_OF_INGRESS = _flags_of(max(Ingress), (Ingress.INTERNATIONAL,), (Ingress.INTERCONNECT,))
_OF_ATTESTATION = _flags_of(
    max(Attestation),
    (Attestation.FULL,),
    (Attestation.PARTIAL, Attestation.GATEWAY),
    (Attestation.FAILED,),
)
_OF_ORIGIN = _flags_of(numbering.FOREIGN, (numbering.HOME,), (numbering.FOREIGN,))
