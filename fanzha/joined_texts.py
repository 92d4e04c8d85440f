"""Many texts in one string, to search them at once for what few of them hold.

Calling a pattern for each text takes as long as looking through a short message does, and a pattern
looks at each character. So callers choose the places where a match may begin by column operations
on `JoinedTexts.points`, and patterns are tried at those only.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from fanzha.tables import Int64s, Uint32s


class JoinedTexts:
    """Texts with a line feed between any two.

    Where a pattern takes the line feed for what may follow or precede, a row may be found that has
    no match alone. No row that has one is left out, unless the pattern depends on where a text
    begins or ends.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.bodies = texts

    def __len__(self) -> int:
        return len(self.bodies)

    @cached_property
    def text(self) -> str:
        """All of them."""
        return "\n".join(self.bodies)

    @cached_property
    def points(self) -> Uint32s:
        """Code points of `text`, uint32."""
        return np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)

    @cached_property
    def _ends(self) -> Int64s:
        """Where the text after each begins, or would."""
        lengths = np.fromiter(map(len, self.bodies), np.int64, len(self.bodies))
        ends: Int64s = np.cumsum(lengths + 1)
        return ends

    def rows_with(self, places: Int64s, matches: Callable[[str, int], object]) -> list[int]:
        """Return the rows in which *matches* is true of `text` and one of *places*, both in order.

        Of each row no place is tried after the first at which it is true.
        """
        if not len(places):
            return []
        text, rows, last = self.text, list[int](), -1
        of_places = self._ends.searchsorted(places, side="right")
        for place, row in zip(places.tolist(), of_places.tolist(), strict=True):
            if row != last and matches(text, place):
                rows.append(row)
                last = row
        return rows
