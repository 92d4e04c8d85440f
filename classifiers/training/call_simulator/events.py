"""Lets callers live for some days: a seeded stream of call attempts, and of their ends.

Each caller draws its habits from the ranges of its behaviour, then its bursts, then its calls.
A call is to a contact, to a stranger, to a neighbour of the number before, or to the number before
once more. Contacts call back at any hour of the day. Work is per caller, columns within.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator

from classifiers.training.call_simulator import numbers
from classifiers.training.call_simulator.behaviour import Behaviour, Range
from classifiers.training.call_simulator.worlds import World
from fanzha.tables import Attestation, Bools, Int64s

START_MS = 1_767_571_200_000
"""Midnight (UTC+8) before 5 January 2026; nothing depends on it."""
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
UNSCORED = -1
"""A contact who calls back: not a caller to be scored."""
_STEP = 9
_RING_MS = 20_000
_SPREAD = 0.9
"""Of the logarithm of how long calls last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStream:
    """Attempts in order of time, with what became of each."""

    callers: Int64s
    callees: Int64s
    times: Int64s
    ended: Int64s
    """When it ended; 0 where unreported."""
    talked_ms: Int64s
    answered: Bools
    ingress: Int64s
    attestations: Int64s
    who: Int64s
    """Index of the caller among those to be scored, or `UNSCORED`."""

    def __len__(self) -> int:
        return len(self.callers)

    def take(self, rows: Int64s | slice) -> "CallStream":
        """Return some rows."""
        return CallStream(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """What happened in a world."""

    stream: CallStream
    kinds: Int64s
    """Of each caller that is judged: the place of its behaviour."""


def live(world: World, scale: float, seed: int) -> Lives:
    """Let the callers of *world*, *scale* times as many, live for its days."""
    chance = np.random.default_rng(seed)
    streams: list[CallStream] = []
    kinds: list[int] = []
    for kind, behaviour in enumerate(world.behaviours):
        for _ in range(max(1, round(behaviour.callers * scale))):
            streams += list(_life(world, behaviour, len(kinds), chance))
            kinds.append(kind)
    columns = {
        field.name: np.concatenate([getattr(stream, field.name) for stream in streams])
        for field in fields(CallStream)
    }
    whole = CallStream(**columns)
    return Lives(
        stream=whole.take(np.argsort(whole.times, kind="stable")), kinds=np.array(kinds, np.int64)
    )


def _life(world: World, behaviour: Behaviour, who: int, chance: Generator) -> Iterator[CallStream]:
    times = _attempts(world, behaviour, chance)
    line = chance.choice(list(behaviour.lines), p=list(behaviour.lines.values()))
    number = numbers.callers(type(next(iter(behaviour.lines)))(line), 1, chance)
    contacts = numbers.callees(max(1, round(_even(behaviour.contacts, chance))), chance)
    answered = chance.random(len(times)) < _even(behaviour.answered, chance)
    talked = _talked(behaviour, answered, chance)
    reported = chance.random() < world.ends_reported
    attestation = (
        chance.choice(list(behaviour.attested), p=list(behaviour.attested.values()))
        if chance.random() < world.attested
        else Attestation.UNSPECIFIED
    )
    rang = (chance.random(len(times)) * _RING_MS).astype(np.int64)
    yield CallStream(
        callers=np.repeat(number, len(times)),
        callees=_callees(behaviour, contacts, len(times), chance),
        times=times,
        ended=(times + rang + talked) * reported,
        talked_ms=talked,
        answered=answered,
        ingress=np.full(
            len(times),
            chance.choice(list(behaviour.ingress), p=list(behaviour.ingress.values())),
            np.int64,
        ),
        attestations=np.full(len(times), attestation, np.int64),
        who=np.full(len(times), who, np.int64),
    )
    yield _back(behaviour, number, contacts, times, chance)


def _attempts(world: World, behaviour: Behaviour, chance: Generator) -> Int64s:
    """Draw when a caller calls; every caller calls at least once."""
    rate = _logarithmic(behaviour.rate, chance)
    daily = _logarithmic(behaviour.bursts, chance)
    lasting = _logarithmic(behaviour.minutes, chance)
    active = np.flatnonzero(chance.random(world.days) < _even(behaviour.days, chance))
    days = np.repeat(active, chance.poisson(daily, len(active)))
    if not len(days):
        days = chance.integers(0, world.days, 1)
    begins = days * DAY_MS + chance.uniform(*behaviour.hours, len(days)) * HOUR_MS
    calls = np.maximum(chance.poisson(rate * lasting / 60, len(days)), 1)
    offsets = chance.random(calls.sum()) * lasting * 60_000
    return np.sort(START_MS + (np.repeat(begins, calls) + offsets).astype(np.int64))


def _callees(behaviour: Behaviour, contacts: Int64s, count: int, chance: Generator) -> Int64s:
    # Some contacts are called far more often than others.
    favourite = (len(contacts) * chance.random(count) ** 2).astype(np.int64)
    callees = contacts[favourite]
    strange = chance.random(count) < _even(behaviour.strangers, chance)
    callees[strange] = numbers.callees(count, chance)[strange]
    fate = chance.random(count)
    again = _even(behaviour.again, chance)
    in_a_row = _even(behaviour.in_a_row, chance)
    steps = np.where(fate < again, 0, chance.integers(1, _STEP + 1, count))
    follows = fate < again + in_a_row
    follows[:1] = False
    # From the last number that follows none, as many steps as were taken since.
    begins = np.maximum.accumulate(np.where(follows, 0, np.arange(count)))
    walked = np.cumsum(np.where(follows, steps, 0))
    return callees[begins] + walked - walked[begins]


def _talked(behaviour: Behaviour, answered: Bools, chance: Generator) -> Int64s:
    median = _logarithmic(behaviour.seconds, chance)
    seconds = 2 + median * np.exp(chance.normal(0, _SPREAD, len(answered)))
    brief = chance.random(len(answered)) < _even(behaviour.brief, chance)
    seconds[brief] = chance.random(int(brief.sum())) * 2
    return (np.minimum(seconds, 7200) * 1000 * answered).astype(np.int64)


def _back(
    behaviour: Behaviour, number: Int64s, contacts: Int64s, times: Int64s, chance: Generator
) -> CallStream:
    """Let contacts, and those who missed a call, call the caller."""
    count = chance.poisson(_even(behaviour.called_back, chance) * len(times))
    first, last = times[0], times[-1] + 2 * HOUR_MS
    zero = np.zeros(count, np.int64)
    return CallStream(
        callers=contacts[chance.integers(0, len(contacts), count)],
        callees=np.repeat(number, count),
        times=chance.integers(first, last, count),
        ended=zero,
        talked_ms=zero,
        answered=zero.astype(np.bool_),
        ingress=zero,
        attestations=zero,
        who=np.full(count, UNSCORED, np.int64),
    )


def _even(values: Range, chance: Generator) -> float:
    return float(chance.uniform(values.low, values.high))


def _logarithmic(values: Range, chance: Generator) -> float:
    return float(np.exp(chance.uniform(np.log(values.low), np.log(values.high))))
