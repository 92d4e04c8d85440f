"""How long both stages of the text model take, on one core of the machine that trains."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import perf_counter

import numpy as np

from classifiers.text import sentence_encoder
from fanzha.tables import Bools, Float32s
from fanzha.text import normalise_all

_ROUNDS = 5
_FAST, _ESCALATED = 5120, 128
_TOGETHER = 2
"""Most texts of a batch that the service escalates."""


def measured(
    score: Callable[[Sequence[str]], Float32s], texts: Sequence[str], escalated: Bools
) -> dict[str, object]:
    """Return microseconds a text of the fast stage, milliseconds a second stage; medians."""
    some = texts[:: max(len(texts) // _FAST, 1)][:_FAST]
    fast = np.median([_seconds(lambda: score(some)) for _ in range(_ROUNDS)]) / len(some)
    found: dict[str, object] = {"fast_us": round(float(fast) * 1e6, 2)}
    uncertain = [texts[row] for row in np.flatnonzero(escalated).tolist()]
    if uncertain:
        chosen = uncertain[:: max(len(uncertain) // _ESCALATED, 1)][:_ESCALATED]
        # In a child process: processes forked later could not use an encoder loaded here.
        with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
            found["look_ms"] = pool.submit(_encode_milliseconds, chosen).result()
    return found


def _encode_milliseconds(texts: list[str]) -> float:
    sentence_encoder.load()
    normal = normalise_all(texts)
    parts = [normal[start : start + _TOGETHER] for start in range(0, len(normal), _TOGETHER)]
    seconds = [_seconds(lambda part=part: sentence_encoder.encode(part)) for part in parts]  # type: ignore[misc]
    return round(float(np.median(seconds)) / _TOGETHER * 1e3, 2)


def _seconds(do: Callable[[], object]) -> float:
    start = perf_counter()
    do()
    return perf_counter() - start
