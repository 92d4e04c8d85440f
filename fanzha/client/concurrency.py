"""How many requests one target gets at once.

A server that answers late has too much to do at once, and every request more makes all of
them later: fewer after each deadline that was missed, slowly more again after answers.
"""

_FEWER = 0.8
_MORE = 0.05


class AdaptiveConcurrency:
    """Adapts to one target; never above *most*, never below one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._in_flight = 0

    @property
    def full(self) -> bool:
        """Whether the target has enough to do."""
        return self._in_flight >= int(self._limit)

    def begin(self) -> None:
        """Count a request in."""
        self._in_flight += 1

    def end(self) -> None:
        """Count a request out."""
        self._in_flight -= 1

    def answered(self) -> None:
        """Dare a little more."""
        self._limit = min(self._limit + _MORE / self._limit, self._most)

    def missed(self) -> None:
        """Ask for less at once."""
        self._limit = max(self._limit * _FEWER, 1.0)
