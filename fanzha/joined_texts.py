"""Searches many texts at once for what few of them hold.

Calling a pattern costs more than it takes to look through a short message, so the texts of a batch
are joined and searched as one. Time is linear in their length.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate


def rows_with(pattern: re.Pattern[str], texts: Sequence[str]) -> list[int]:
    """Return the rows of *texts* in which *pattern* is found, in order.

    A line feed stands between two texts. Where the pattern takes it for what may follow or precede,
    a row may be returned that has no match alone; none that has one is left out, unless the pattern
    depends on where a text begins or ends.
    """
    joined = "\n".join(texts)
    match = pattern.search(joined)
    if match is None:
        return []
    after = list(accumulate([len(text) + 1 for text in texts]))
    rows: list[int] = []
    while match is not None:
        row = bisect_right(after, match.start())
        rows.append(row)
        match = pattern.search(joined, after[row])
    return rows
