"""Rows of features out of an imagined world, and figures of scores by kind of caller."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from classifiers.evaluation.metrics import auc
from classifiers.training.bundle_writer import budget_threshold
from classifiers.training.call_simulator import events
from classifiers.training.call_simulator.replay import replay
from classifiers.training.call_simulator.worlds import World
from classifiers.velocity.classifier import enough
from fanzha.tables import Bools, Float32s, Int64s

ROWS_A_CALLER = 48
"""So many of a caller's calls are learnt from, at most: a machine's thousands are all alike."""
Figures = list[dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """All judged calls of a world, in order of time."""

    world: World
    names: tuple[str, ...]
    """Of the features, in the order of the columns."""
    rows: Float32s
    enough: Bools
    """Calls whose caller made enough of them to be marked."""
    who: Int64s
    times: Int64s
    """Milliseconds since the Unix epoch."""
    kinds: Int64s
    """Of each caller."""

    @property
    def frauds(self) -> Bools:
        """Return a mask of which kinds are frauds."""
        return np.array([behaviour.fraud for behaviour in self.world.behaviours])

    def without_rows(self) -> "Observed":
        """Return the same without calls, which take hundreds of megabytes: callers only."""
        return replace(
            self,
            rows=self.rows[:0],
            enough=self.enough[:0],
            who=self.who[:0],
            times=self.times[:0],
        )


def observe(world: World, scale: float, seed: int, progress: Callable[[float], None]) -> Observed:
    """Let *world* live, watched by the service's memories."""
    lives = events.live(world, scale, seed)
    columns, attempts = replay(lives.stream, progress)
    judged = np.flatnonzero(lives.stream.who != events.UNSCORED)
    return Observed(
        world=world,
        names=tuple(columns),
        rows=np.column_stack(list(columns.values())),
        enough=enough(attempts),
        who=lives.stream.who[judged],
        times=lives.stream.times[judged],
        kinds=lives.kinds,
    )


def learnable(
    observed: Observed, left_out: str, chance: Generator
) -> tuple[Float32s, Bools, Float32s]:
    """Draw rows to learn from, without the kind *left_out*: features, frauds and weights.

    Frauds and others weigh the same, kinds of either the same, and callers of a kind the same.
    """
    included = np.array([other.name != left_out for other in observed.world.behaviours])
    order = chance.permutation(len(observed.who))
    order = order[(observed.enough & included[observed.kinds[observed.who]])[order]]
    order = order[np.argsort(observed.who[order], kind="stable")]
    who = observed.who[order]
    begins = np.flatnonzero(np.diff(who, prepend=-1))
    nth = np.arange(len(who)) - np.repeat(begins, np.diff(begins, append=len(who)))
    order = order[nth < ROWS_A_CALLER]
    kinds = observed.kinds[observed.who[order]]
    frauds = observed.frauds[kinds]
    of_caller = np.bincount(observed.who[order], minlength=len(observed.kinds))
    weights = 1 / of_caller[observed.who[order]]
    weights /= np.bincount(kinds, weights)[kinds]
    weights /= np.bincount(frauds, weights)[frauds.astype(np.int64)]
    return observed.rows[order], frauds, weights.astype(np.float32)


def highest(observed: Observed, scores: Float32s) -> Float32s:
    """Return the highest score each caller ever got with enough calls; 0 without."""
    found = np.zeros(len(observed.kinds), np.float32)
    np.maximum.at(found, observed.who, np.where(observed.enough, scores, np.float32(0)))
    return found


def choose_threshold(observed: Observed, scores: Float32s) -> tuple[float, str]:
    """Return the threshold that keeps the budget in every kind, and the kind that set it.

    At most one ordinary caller in a thousand of each kind is ever marked.
    """
    names = np.array([behaviour.name for behaviour in observed.world.behaviours])
    positive = observed.frauds[observed.kinds]
    found = highest(observed, scores)
    return budget_threshold(found, positive, names[observed.kinds])


def ranking(observed: Observed, scores: Float32s) -> float:
    """Return the AUC of callers by their highest scores."""
    return auc(highest(observed, scores), observed.frauds[observed.kinds])


def by_kind(observed: Observed, scores: Float32s, threshold: float) -> Figures:
    """Count what is marked of each kind: callers ever, calls, and how soon."""
    marked = observed.enough & (scores >= np.float32(threshold))
    nth = _nth(observed.who)
    first = np.full(len(observed.kinds), np.iinfo(np.int64).max)
    np.minimum.at(first, observed.who[marked], nth[marked])
    ever = first < np.iinfo(np.int64).max
    able = np.bincount(observed.who, observed.enough, len(observed.kinds)) > 0
    figures: Figures = []
    for kind, behaviour in enumerate(observed.world.behaviours):
        callers, calls = observed.kinds == kind, observed.kinds[observed.who] == kind
        hit = callers & ever
        figures.append(
            {
                "kind": behaviour.name,
                "fraud": behaviour.fraud,
                "callers": int(callers.sum()),
                "with_enough_calls": int((callers & able).sum()),
                "marked": int(hit.sum()),
                "calls": int(calls.sum()),
                "marked_calls": int((calls & marked).sum()),
                "calls_until_marked": int(np.median(first[hit])) if hit.any() else 0,
            }
        )
    return figures


def _nth(who: Int64s) -> Int64s:
    """Return the place of each call among those of its caller, from 1."""
    order = np.argsort(who, kind="stable")
    begins = np.flatnonzero(np.diff(who[order], prepend=-1))
    nth = np.empty(len(who), np.int64)
    nth[order] = np.arange(len(who)) - np.repeat(begins, np.diff(begins, append=len(who))) + 1
    return nth
