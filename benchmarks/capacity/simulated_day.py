"""A day of a province, second by second: calls, texts and look-ups, by hour, at random.

Poisson arrivals, and on top sendings of businesses and waves of fraudulent calls. Seeded: the same
assumptions make the same day. Who tries again because a line is busy is no further arrival.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.random import Generator

from benchmarks.capacity.assumptions import CHANNELS, Float64s, Province
from benchmarks.report.demand import HABITS

SEED = 20261201
HOUR = 3600
DAY = 24 * HOUR

Arrivals: TypeAlias = dict[str, Float64s]
"""Decisions in each second of the day, by channel."""


@dataclass(frozen=True, slots=True)
class ChannelLoad:
    """One channel of a day, in decisions."""

    a_day: float
    busy_hour_mean: float
    """A second, on the mean of the busiest hour."""
    busiest_second: float

    @classmethod
    def of(cls, arrivals: Float64s) -> "ChannelLoad":
        """Summarise the seconds of a day."""
        hours = arrivals.reshape(24, HOUR).sum(axis=1)
        return cls(float(arrivals.sum()), float(hours.max()) / HOUR, float(arrivals.max(initial=0)))


def simulate(province: Province, seed: int = SEED) -> Arrivals:
    """Return the arrivals of an ordinary day."""
    chance = np.random.default_rng(seed)
    volumes = {
        habit.channel: province.subscribers * habit.a_day * habit.reaching for habit in HABITS
    }
    sent = province.sendings.share_of_texts
    at_once = {"text": _sendings(province, volumes["text"] * sent, chance)}
    volumes["text"] *= 1 - sent
    at_once["call"] = _waves(province, chance)
    return {
        channel: chance.poisson(_by_second(province.hours[channel]) * volumes[channel])
        + at_once.get(channel, np.zeros(DAY))
        for channel in CHANNELS
    }


def with_surge(arrivals: Arrivals, province: Province) -> Arrivals:
    """Return the day with the busiest minutes of a year in its busiest hour."""
    total = np.sum([*arrivals.values()], axis=0)
    start = int(total.reshape(24, HOUR).sum(axis=1).argmax()) * HOUR
    length = int(province.surge.minutes * 60)
    surged = {channel: one.copy() for channel, one in arrivals.items()}
    for one in surged.values():
        one[start : start + length] *= province.surge.factor
    return surged


def _by_second(hours: Float64s) -> Float64s:
    """Spread the shares of hours over seconds, without steps between hours; the sum stays 1."""
    middles = (np.arange(-1, 25) + 0.5) * HOUR
    rates = np.interp(np.arange(DAY), middles, np.concatenate([hours[-1:], hours, hours[:1]]))
    share: Float64s = rates / rates.sum()
    return share


def _sendings(province: Province, texts: float, chance: Generator) -> Float64s:
    plan = province.sendings
    if not plan.a_day:
        return np.zeros(DAY)
    sizes = chance.lognormal(0, plan.sigma, plan.a_day)
    sizes *= texts / sizes.sum()
    # Half begin at a full or a half hour, as schedules do.
    starts = chance.choice(24, plan.a_day, p=province.hours["text"]) * HOUR
    scheduled = chance.random(plan.a_day) < 0.5
    starts += np.where(
        scheduled,
        chance.integers(0, 2, plan.a_day) * HOUR // 2,
        chance.integers(0, HOUR, plan.a_day),
    )
    seconds = np.clip(sizes / plan.per_second, 1, plan.longest_minutes * 60)
    return _spread(starts, seconds, sizes)


def _waves(province: Province, chance: Generator) -> Float64s:
    plan = province.waves
    starts = chance.choice(24, plan.a_day, p=province.hours["call"]) * HOUR
    starts += chance.integers(0, HOUR, plan.a_day)
    seconds = np.full(plan.a_day, max(plan.minutes * 60, 1.0))
    return _spread(starts, seconds, np.full(plan.a_day, float(plan.calls)))


def _spread(starts: np.ndarray, seconds: Float64s, sizes: Float64s) -> Float64s:
    """Add rows that begin at *starts* and last *seconds*; at noon what would last past midnight."""
    day = np.zeros(DAY)
    for start, length, size in zip(starts, np.ceil(seconds).astype(int), sizes, strict=True):
        first = start if start + length <= DAY else DAY // 2
        day[first : first + length] += size / length
    return day
