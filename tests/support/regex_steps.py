"""Counts the steps of a regular expression, as the backtracking engine of `re` makes them.

`re` cannot be asked for its work, and one slow call is one call to any profiler. So the tree that
`re` parses is walked here in the same order: greedy before short, alternatives from the left, one
step for each character that is compared and for each place from which something is tried again.
Runs of one class of characters, and pieces of fixed width, are matched by `re` itself and counted
by their width. Where a text repeats itself, attempts that fail in one period are not made again in
the next ones, but counted. Every result is compared with that of `re`, so the walk is that of the
engine.

Back references are not supported; no pattern here has any.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

# The parser of `re` is private, and the only description of what its engine does.
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]  # isort: skip

Ends: TypeAlias = Iterator[int]
"""Where a piece may end, in the order in which the engine tries them."""
Piece: TypeAlias = Callable[[Any, int, int], Ends]
"""Takes a text, where to begin, and where the text ends."""

_SINGLE = {_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN}
_GREEDY, _LAZY = _constants.MAX_REPEAT, _constants.MIN_REPEAT
_POSSESSIVE = _constants.POSSESSIVE_REPEAT
_REPEATS = {_GREEDY, _LAZY, _POSSESSIVE}
_LOOKS = {_constants.ASSERT, _constants.ASSERT_NOT}
_WIDEST_PIECE = 64
_SHORTEST_STRETCH = 256
_LONGEST_PERIOD = 40


class TooManySteps(Exception):
    """More steps were made than are allowed."""


class Steps:
    """A count of steps, and the most there may be."""

    def __init__(self) -> None:
        self.count = 0
        self.most = 0
        self.additions = 0
        """How often steps were added: what it takes to count them."""

    def add(self, steps: int) -> None:
        """Count steps; raises `TooManySteps`."""
        self.additions += 1
        self.count += steps
        if self.count > self.most:
            raise TooManySteps


class RegexSteps:
    """Counts the steps of searches for one pattern."""

    def __init__(self, pattern: re.Pattern[Any], steps: Steps) -> None:
        self._pattern = pattern
        self._steps = steps
        self._add = steps.add
        self._seen = 0
        """The end of what an attempt has looked at."""
        self._tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        self._match = self._sequence(list(self._tree), self._tree.state.flags)
        self._behind = _width_behind(self._tree)
        self._start = self._made(_heads(list(self._tree)), self._tree.state.flags)

    def match(self, text: Any, start: int, end: int, *, whole: bool) -> int | None:
        """Count an attempt at one place; return where the match ends."""
        ends = self._match(text, start, end)
        return next((found for found in ends if not whole or found == end), None)

    def search(self, text: Any, start: int, end: int) -> tuple[int, int] | None:
        """Count the attempts from one place on; return the first match."""
        stretch = _stretch(text, start, end)
        origin, count, reach = -1, 0, 0
        while start <= end:
            head = self._start.search(text, start, end)
            tried = head.start() if head else end + 1
            self._add(tried - start + 1)
            if head is None:
                return None
            if stretch and stretch.start + self._behind <= tried < stretch.stop:
                if origin < 0:
                    origin, count, reach = tried, self._steps.count, 0
                elif (tried - origin) % stretch.step == 0:
                    # The attempts of one period failed. They saw nothing beyond the stretch, so
                    # those of the next ones fail in the same way.
                    turns = (stretch.stop - reach - tried) // (tried - origin) - 1
                    if turns > 0:
                        self._add((self._steps.count - count) * turns)
                        tried += (tried - origin) * turns
                    stretch = None
            self._seen = tried
            found = self.match(text, tried, end, whole=False)
            reach = max(reach, self._seen - tried)
            if found is not None:
                return tried, found
            start = tried + 1
        return None

    def _made(self, items: list[Any], flags: int) -> re.Pattern[Any]:
        """Compile a part of the tree."""
        state = _parser.State()
        state.flags, state.str = flags, self._pattern.pattern
        state.groupwidths, state.groupdict = self._tree.state.groupwidths, {}
        made: re.Pattern[Any] = _compiler.compile(_parser.SubPattern(state, items), flags)
        return made

    def _sequence(self, items: list[Any], flags: int) -> Piece:
        pieces: list[Piece] = []
        while items:
            fixed = next((at for at, item in enumerate(items) if not _is_fixed(item)), len(items))
            if fixed:
                pieces.append(self._fixed(items[:fixed], flags))
            else:
                pieces.append(self._piece(items[0], flags))
            items = items[fixed or 1 :]
        if len(pieces) == 1:
            return pieces[0]

        def run(text: Any, start: int, end: int) -> Ends:
            if not pieces:
                yield start
                return
            tried = [pieces[0](text, start, end)]
            while tried:
                found = next(tried[-1], None)
                if found is None:
                    tried.pop()
                elif len(tried) == len(pieces):
                    yield found
                else:
                    tried.append(pieces[len(tried)](text, found, end))

        return run

    def _fixed(self, items: list[Any], flags: int) -> Piece:
        match, add, width = self._made(items, flags).match, self._add, len(items)
        ahead = _width_ahead(items)

        def run(text: Any, start: int, end: int) -> Ends:
            add(width)
            self._seen = max(self._seen, start + ahead)
            found = match(text, start, end)
            if found:
                yield found.end()

        return run

    def _piece(self, item: Any, flags: int) -> Piece:
        kind, value = item
        if kind in _REPEATS:
            low, high, body = value
            if len(body) == 1 and body[0][0] in _SINGLE:
                return self._run_of(kind, low, high, body, flags)
            repeat = {_GREEDY: self._greedy, _LAZY: self._lazy, _POSSESSIVE: self._possessive}[kind]
            return repeat(low, high, self._sequence(list(body), flags))
        if kind is _constants.BRANCH:
            return _any_of([self._sequence(list(branch), flags) for branch in value[1]])
        if kind is _constants.SUBPATTERN:
            _group, added, dropped, body = value
            return self._sequence(list(body), (flags | added) & ~dropped)
        if kind is _constants.ATOMIC_GROUP:
            return _first_of(self._sequence(list(value), flags))
        if kind in _LOOKS:
            positive = kind is _constants.ASSERT
            return _followed_by(self._sequence(list(value[1]), flags), wanted=positive)
        raise NotImplementedError(str(kind))

    def _run_of(self, kind: Any, low: int, high: int, body: Any, flags: int) -> Piece:
        """Repeat one class of characters."""
        match = self._made([(_POSSESSIVE, (low, high, body))], flags).match
        add = self._add

        def run(text: Any, start: int, end: int) -> Ends:
            found = match(text, start, end)
            longest = found.end() if found else start + low
            self._seen = max(self._seen, longest + 1)
            if kind is not _LAZY:
                add(longest - start + 1)
            if not found:
                return
            if kind is _POSSESSIVE:
                yield longest
                return
            shortest = start + low
            ends = range(longest, shortest - 1, -1)
            for each in reversed(ends) if kind is _LAZY else ends:
                yield each
                add(1)

        return run

    def _greedy(self, low: int, high: int, body: Piece) -> Piece:
        add = self._add

        def run(text: Any, start: int, end: int) -> Ends:
            tried = [(start, body(text, start, end))]
            while tried:
                add(1)
                at, ends = tried[-1]
                found = next(ends, None) if len(tried) <= high else None
                if found is None:
                    tried.pop()
                    if len(tried) >= low:
                        yield at
                elif found != at:
                    tried.append((found, body(text, found, end)))

        return run

    def _lazy(self, low: int, high: int, body: Piece) -> Piece:
        add = self._add

        def run(text: Any, start: int, end: int) -> Ends:
            if not low:
                yield start
            tried = [body(text, start, end)]
            while tried:
                add(1)
                found = next(tried[-1], None)
                if found is None:
                    tried.pop()
                    continue
                if len(tried) >= low:
                    yield found
                if len(tried) < high:
                    tried.append(body(text, found, end))

        return run

    def _possessive(self, low: int, high: int, body: Piece) -> Piece:
        add = self._add

        def run(text: Any, start: int, end: int) -> Ends:
            done = 0
            while done < high:
                add(1)
                found = next(body(text, start, end), None)
                if found is None or found == start:
                    break
                start, done = found, done + 1
            if done >= low:
                yield start

        return run


def _any_of(branches: list[Piece]) -> Piece:
    def run(text: Any, start: int, end: int) -> Ends:
        for branch in branches:
            yield from branch(text, start, end)

    return run


def _first_of(piece: Piece) -> Piece:
    def run(text: Any, start: int, end: int) -> Ends:
        found = next(piece(text, start, end), None)
        if found is not None:
            yield found

    return run


def _followed_by(piece: Piece, *, wanted: bool) -> Piece:
    def run(text: Any, start: int, end: int) -> Ends:
        if (next(piece(text, start, end), None) is not None) is wanted:
            yield start

    return run


def _stretch(text: Any, start: int, end: int) -> range | None:
    """Return the places from *start* on where a text repeats itself, with its period as step."""
    sample = text[start : start + _SHORTEST_STRETCH]
    if end - start < 2 * _SHORTEST_STRETCH:
        return None
    for period in range(1, _LONGEST_PERIOD + 1):
        if text[start + period : start + period + len(sample)] == sample:
            stop, length = start + len(sample), end - start
            while length:
                # Both sides are compared at once, and in halves where they differ.
                if (
                    text[stop : min(stop + length, end - period)]
                    == text[stop + period : min(stop + length, end - period) + period]
                ):
                    stop = min(stop + length, end - period)
                length //= 2
            return range(start, stop, period)
    return None


def _width_ahead(items: list[Any]) -> int:
    """Return how far a piece of fixed width looks, at most."""
    width = 1
    for kind, value in items:
        if kind in _LOOKS:
            width += value[1].getwidth()[1]
        elif kind is _constants.BRANCH:
            width += max(_width_ahead(list(branch)) for branch in value[1])
        elif kind is _constants.SUBPATTERN:
            width += _width_ahead(list(value[3]))
        elif kind in _REPEATS:
            width += value[1] * _width_ahead(list(value[2]))
        else:
            width += 1
    return width


def _width_behind(items: Any) -> int:
    """Return how far any piece looks back, at most; 1 for the edge of a word."""
    width = 1
    for kind, value in items:
        if kind in _LOOKS:
            width = max(width, value[1].getwidth()[1] + _width_behind(value[1]))
        elif kind is _constants.BRANCH:
            width = max(width, *map(_width_behind, value[1]))
        elif kind is _constants.SUBPATTERN:
            width = max(width, _width_behind(value[3]))
        elif kind is _constants.ATOMIC_GROUP:
            width = max(width, _width_behind(value))
        elif kind in _REPEATS:
            width = max(width, _width_behind(value[2]))
    return width


def _is_fixed(item: Any) -> bool:
    """Return whether a piece has one width and no repetition, so that its cost is bounded."""
    kind, value = item
    if kind in _SINGLE or kind is _constants.AT:
        return True
    if kind in _LOOKS:
        # What is looked at behind has one width in `re`.
        return value[0] < 0 or all(map(_is_fixed, value[1]))
    if kind is _constants.BRANCH:
        widths = {branch.getwidth() for branch in value[1]}
        return len(widths) == 1 and all(_is_fixed(each) for branch in value[1] for each in branch)
    if kind is _constants.SUBPATTERN:
        return value[0] is None and all(map(_is_fixed, value[3]))
    if kind in _REPEATS:
        return value[0] == value[1] <= _WIDEST_PIECE and all(map(_is_fixed, value[2]))
    return False


def _heads(items: list[Any]) -> list[Any]:
    """Return what begins a match and has a bounded cost: where it fails, nothing else is tried."""
    heads: list[Any] = []
    for item in items:
        if _is_fixed(item):
            heads.append(item)
            continue
        kind, value = item
        if kind in _REPEATS and value[0] and len(value[2]) == 1 and value[2][0][0] in _SINGLE:
            heads.append(value[2][0])
        elif kind is _constants.BRANCH:
            state = value[1][0].state
            branches = [_parser.SubPattern(state, _heads(list(each))) for each in value[1]]
            heads.append((_constants.BRANCH, (None, branches)))
        elif kind is _constants.SUBPATTERN and not value[1] and not value[2]:
            heads += _heads(list(value[3]))
        break
    return heads
