"""Makes one table of decisions of those of the parts of a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TypeVar

import numpy as np

from fanzha.decisions import Decisions

Value = TypeVar("Value")


def joined(parts: Sequence[Decisions]) -> Decisions:
    """Join the decisions on parts that share a snapshot, models, and ids in a row."""
    first = parts[0]
    if len(parts) == 1:
        return first
    starts = list(accumulate(map(len, parts), initial=0))
    return replace(
        first,
        actions=np.concatenate([part.actions for part in parts]),
        reasons=np.concatenate([part.reasons for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        entries=np.concatenate([part.entries for part in parts]),
        details=_shifted([part.details for part in parts], starts),
        would_block=_shifted([part.would_block for part in parts], starts),
    )


def _shifted(parts: Sequence[Mapping[int, Value]], starts: Sequence[int]) -> dict[int, Value]:
    return {
        start + row: value
        for start, part in zip(starts, parts, strict=False)
        for row, value in part.items()
    }
