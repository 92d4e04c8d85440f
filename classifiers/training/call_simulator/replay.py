"""Lets the service's own memories watch a stream, and returns what they know at each call.

Attempts and ends are replayed in order of time, in batches, through the code of a worker; so a
feature means the same in training and in service.
"""

from collections.abc import Callable

import numpy as np

from classifiers.caller.activity import ActivityTable
from classifiers.training.call_simulator.events import UNSCORED, CallStream
from classifiers.velocity.classifier import VelocityInputs, inputs_of, velocity_features
from classifiers.velocity.memory import VelocityMemory
from fanzha import numbering
from fanzha.tables import Calls, Float32s

BATCH = 256


def replay(
    stream: CallStream, progress: Callable[[float], None] = lambda _share: None
) -> tuple[dict[str, Float32s], Float32s]:
    """Return features and attempts in the last hour of each attempt to be scored, in order."""
    activity, velocities = ActivityTable(2**17), VelocityMemory(2**17)
    ends = np.flatnonzero(stream.ended)
    ends = ends[np.argsort(stream.ended[ends], kind="stable")]
    end_times = stream.ended[ends]
    done = 0
    columns: list[dict[str, Float32s]] = []
    attempts: list[Float32s] = []
    for start in range(0, len(stream), BATCH):
        part = stream.take(slice(start, start + BATCH))
        now = int(np.searchsorted(end_times, part.times[0]))
        _record_ends(stream.take(ends[done:now]), activity, velocities)
        done = now
        inputs = _inputs(part, activity, velocities)
        scored = part.who != UNSCORED
        columns.append({name: c[scored] for name, c in velocity_features(inputs).items()})
        attempts.append(inputs.velocity.attempts_hour[scored])
        progress((start + len(part)) / len(stream))
    features = {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}
    return features, np.concatenate(attempts)


def _inputs(
    part: CallStream, activity: ActivityTable, velocities: VelocityMemory
) -> VelocityInputs:
    calls = Calls(
        callers=part.callers,
        callees=part.callees,
        attempted_at_ms=part.times,
        ingress=part.ingress.astype(np.uint8),
        attestations=part.attestations.astype(np.uint8),
        trunks=[""] * len(part),
        names={},
        errors={},
    )
    implausible = numbering.impossible(calls.callers) | numbering.forged_from_abroad(
        calls.callers, calls.ingress, calls.attestations
    )
    everything = np.arange(len(part))
    velocity, known = velocities.observe(calls), activity.observe(calls)
    return inputs_of(calls, velocity, known, implausible, rows=everything)


def _record_ends(ended: CallStream, activity: ActivityTable, velocities: VelocityMemory) -> None:
    columns = (ended.callers, ended.callees, ended.answered, ended.talked_ms, ended.ended)
    if len(ended):
        activity.record_ends(*columns)
        velocities.record_ends(*columns)
