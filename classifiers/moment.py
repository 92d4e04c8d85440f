"""Scores calls by what they show themselves, and by how their caller has been calling just now.

The model was trained on simulated calls, for no labelled ones are public. Its score is a
suspicion to look into; by default the service marks a call for it and lets it through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from classifiers import card
from classifiers.moment_memory import CallerMoment
from classifiers.onnx_model import OnnxModel
from fanzha import numbering
from fanzha.phone import FIRST_SENDER
from fanzha.tables import Attestation, Bools, CallerActivity, Calls, Float32s, Ingress, Int64s

FEWEST_ATTEMPTS = 3
"""Of the last hour. A caller with fewer cannot reach the threshold: one call shows too little."""

# Members of an enum cost a microsecond each time they are named; these do not.
_INTERNATIONAL, _INTERCONNECT = np.uint8(Ingress.INTERNATIONAL), np.uint8(Ingress.INTERCONNECT)
_FULL, _FAILED = np.uint8(Attestation.FULL), np.uint8(Attestation.FAILED)
_PARTIAL, _GATEWAY = np.uint8(Attestation.PARTIAL), np.uint8(Attestation.GATEWAY)
_ONE, _HALF, _NOTHING = np.float32(1), np.float32(0.5), np.float32(np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentInputs:
    """All that a moment model is asked about, row by row."""

    international: Float32s
    """1 or 0, as for all below up to the moment."""
    interconnect: Float32s
    attested_fully: Float32s
    attested_weakly: Float32s
    attestation_failed: Float32s
    implausible: Float32s
    """The calling number cannot be what it claims."""
    home_number: Float32s
    """The caller is an E.164 number of the home country."""
    foreign_number: Float32s
    outgoing_calls: Float32s
    """As `CallerActivity` counts them, like the next."""
    incoming_calls: Float32s
    moment: CallerMoment

    def __len__(self) -> int:
        return len(self.international)


_FLAGS = tuple(field.name for field in fields(MomentInputs))[:8]


class MomentClassifier:
    """How likely each call is a fraud's, by a model of simulated calls.

    Below `FEWEST_ATTEMPTS` the highest score a call can get grows with each attempt.
    """

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self.version = model.version
        self.threshold = model.threshold
        card.check_golden(model.card, self.score(read_inputs(model.card.golden)))

    def score(self, inputs: MomentInputs) -> Float32s:
        """Return one score in [0, 1] per call."""
        return self.score_features(moment_features(inputs), inputs.moment.attempts_hour)

    def score_features(self, columns: Mapping[str, Float32s], attempts: Float32s) -> Float32s:
        """Score what `moment_features` returns; NaN stands for what is typical."""
        return held_back(self._model.predict(columns), attempts, self.threshold)


def enough(attempts: Float32s) -> Bools:
    """Tell which calls may be suspicious, by the attempts their callers made in the last hour."""
    # A little less, for attempts have begun to fade.
    many: Bools = attempts >= np.float32(FEWEST_ATTEMPTS - 0.5)
    return many


def held_back(scores: Float32s, attempts: Float32s, threshold: float) -> Float32s:
    """Return *scores* so that too few attempts stay under *threshold*."""
    many = enough(attempts)
    if np.count_nonzero(many) == len(many):
        return scores
    most = attempts * np.float32(0.99 * threshold / FEWEST_ATTEMPTS)
    return np.where(many, scores, np.minimum(scores, most))


def inputs_of(
    calls: Calls,
    moment: CallerMoment,
    activity: CallerActivity,
    implausible: Bools,
    *,
    rows: Int64s,
    home_country: str = "86",
) -> MomentInputs:
    """Put together what is known of some *rows* of calls, ascending, when they are made."""
    callers, ingress, attestations = calls.callers, calls.ingress, calls.attestations
    outgoing, incoming = activity.outgoing_calls, activity.incoming_calls
    if len(rows) < len(calls):
        callers, ingress, attestations = callers[rows], ingress[rows], attestations[rows]
        outgoing, incoming, implausible = outgoing[rows], incoming[rows], implausible[rows]
        moment = moment.take(rows)
    home = numbering.domestic(callers, home_country)
    number = (callers > 0) & (callers < FIRST_SENDER)
    flags = np.empty((len(_FLAGS), len(rows)), np.float32)
    flags[0] = ingress == _INTERNATIONAL
    flags[1] = ingress == _INTERCONNECT
    flags[2] = attestations == _FULL
    flags[3] = (attestations == _PARTIAL) | (attestations == _GATEWAY)
    flags[4] = attestations == _FAILED
    flags[5] = implausible
    flags[6] = home & number
    flags[7] = number & ~home
    return MomentInputs(
        **dict(zip(_FLAGS, flags, strict=True)),
        outgoing_calls=outgoing,
        incoming_calls=incoming,
        moment=moment,
    )


def moment_features(inputs: MomentInputs) -> dict[str, Float32s]:
    """Describe each call to a model. NaN where no end was ever reported."""
    moment = inputs.moment
    attempts, ended = moment.attempts_hour + _ONE, moment.ended + _ONE
    # One logarithm of all is quicker than one of each.
    logarithms = np.empty((4, len(inputs)), np.float32)
    logarithms[0] = moment.attempts_minute + _ONE
    logarithms[1] = moment.attempts_ten_minutes + _ONE
    logarithms[2] = attempts
    logarithms[3] = (inputs.outgoing_calls + _ONE) / (inputs.incoming_calls + _ONE)
    np.log(logarithms, out=logarithms)
    unanswered, brief = (moment.unanswered + _HALF) / ended, moment.brief / ended
    unknown = moment.ended < _HALF
    unanswered[unknown] = brief[unknown] = _NOTHING
    return {
        **{name: getattr(inputs, name) for name in _FLAGS},
        "log_attempts_minute": logarithms[0],
        "log_attempts_ten_minutes": logarithms[1],
        "log_attempts_hour": logarithms[2],
        "repeated_share": moment.repeated / attempts,
        "neighbour_share": moment.neighbours / attempts,
        "unanswered_share": unanswered,
        "brief_share": brief,
        "log_made_per_got": logarithms[3],
    }


def facts(inputs: MomentInputs, places: Int64s) -> list[dict[str, float]]:
    """Return what is known of some calls, by the names that `read_inputs` reads; without zeros."""
    columns = {
        field.name: getattr(part, field.name)
        for part in (inputs, inputs.moment)
        for field in fields(part)
        if field.name != "moment"
    }
    values = np.column_stack([column[places] for column in columns.values()]).tolist()
    # Row by row, as few calls are suspicious.
    return [
        {name: value for name, value in zip(columns, row, strict=True) if value} for row in values
    ]


def read_inputs(golden: Sequence[card.GoldenRow]) -> MomentInputs:
    """Read golden rows; what a row does not name is 0."""

    def columns(kind: type) -> dict[str, Float32s]:
        names = (field.name for field in fields(kind) if field.name != "moment")
        return {
            name: np.array([row.inputs.get(name, 0) for row in golden], np.float32)
            for name in names
        }

    return MomentInputs(**columns(MomentInputs), moment=CallerMoment(**columns(CallerMoment)))
