"""The figures of a soak, for JSON."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.soak import figures
from benchmarks.soak.half_load import LoadSearch
from benchmarks.soak.sampling import Sample
from benchmarks.soak.store_keys import KeyKind

WARM_UP_SHARE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakRun:
    """What was seen of a service."""

    rate: float
    """Rows a second."""
    load: LoadSearch
    samples: list[Sample]
    warm: dict[str, KeyKind]
    """Keys of the store when it was warm."""
    last: dict[str, KeyKind]
    churn: "Counter[str]"
    decided: dict[str, dict[str, int]]


def words(run: SoakRun, set_up: Mapping[str, Any]) -> dict[str, Any]:
    """Write the figures of a run; *set_up* is how it was made."""
    steady = [one for one in run.samples if one.at >= set_up["minutes"] * 60 * WARM_UP_SHARE]
    store = {name: [_words(one.get(name)) for one in (run.warm, run.last)] for name in run.last}
    return {
        **set_up,
        "rate": run.rate,
        "capacity": run.load.words(),
        **_answers(run.samples, steady),
        "decided": run.decided,
        "churn": dict(sorted(run.churn.items())),
        "memory": _memory(steady),
        "others": {name: one.words() for name, one in figures.other_growth(steady).items()},
        "store": store,
        "first": run.samples[0].words(),
        "steady": steady[0].words(),
        "last": run.samples[-1].words(),
        "samples": len(run.samples),
    }


def _answers(samples: Sequence[Sample], steady: Sequence[Sample]) -> dict[str, Any]:
    statuses = sum((Counter(one.statuses) for one in samples), Counter[str]())
    # A median, as the processor time of a killed worker is missing.
    service = statistics.median(one.server_cores for one in steady)
    generator = statistics.median(one.generator_cores for one in steady)
    return {
        "answered": sum(one.answered for one in samples),
        "failed": sum(one.failed for one in samples),
        "statuses": dict(statuses),
        "server_cores": round(service, 3),
        "generator_cores": round(generator, 3),
    }


def _memory(steady: Sequence[Sample]) -> dict[str, Any]:
    return {
        role: {kind: one.words() for kind, one in growth.items()}
        | {"verdict": figures.verdict(growth, figures.memory_of_role(steady[-1], role))}
        for role, growth in figures.memory_growth(steady).items()
    }


def _words(kind: KeyKind | None) -> dict[str, float]:
    one = kind or KeyKind()
    return {"keys": one.keys, "mib": round(one.mib, 3), "expiring": one.expiring}
