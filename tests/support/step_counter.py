"""Counts the steps that reading a text takes, inside C code too: a number, the same on any machine.

Neither a clock nor a profiler will do. A clock measures the machine, and a profiler sees one call
where a regular expression or `str.replace` walks a megabyte. Hardware counters and valgrind would
see it, but are not to be had on every machine, and valgrind takes fifty times as long. So modules
are imported here with their source rewritten, and each operation has a cost:

* a call of C code: 1, and the characters of the texts and arrays it is given and returns;
* a regular expression: the steps of backtracking, see `tests.support.regex_steps`;
* a slice, ``+``, ``in``, or an f-string: 1, and the characters it makes or looks through;
* each turn of a loop or comprehension: 1.

A call of Python code costs what is done in it. Not counted are ``==`` between texts, and what
lookups in sets and dictionaries take.
"""

import ast
import operator
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.abc import SourceLoader
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import BuiltinMethodType, FunctionType, ModuleType
from typing import Any

import numpy as np

from tests.support.regex_steps import RegexSteps, Steps, TooManySteps

__all__ = ["StepCounter", "TooManySteps", "import_counted", "rewritten"]

_NAME = "_steps"
_SIZED = (str, bytes, bytearray, list, tuple, np.ndarray)
_CONSTANT = {"len", "isinstance", "append", "next", "iter", "range", "pop", "group", "start", "end"}
"""C functions that take no longer for longer arguments."""
_FINDING = {"find", "rfind", "index", "rindex"}
_PREFIXES = {"startswith", "endswith", "removeprefix", "removesuffix"}
_WHOLE, _ANCHORED = {"fullmatch"}, {"match", "fullmatch"}
_REPEATED = {"finditer", "findall", "sub", "subn", "split"}


class StepCounter:
    """Counts the steps of rewritten modules; see `import_counted`."""

    def __init__(self) -> None:
        self._steps = Steps()
        self._is_counting = False
        self._regexes: dict[re.Pattern[Any], RegexSteps] = {}

    def count(self, read: Callable[[str], object], text: str, most: int) -> int:
        """Return how many steps it takes to read a text; raises `TooManySteps`."""
        self._steps.count, self._steps.additions, self._steps.most = 0, 0, most
        self._is_counting = True
        try:
            read(text)
        finally:
            self._is_counting = False
        return self._steps.count

    @property
    def effort(self) -> int:
        """What the last count took, in operations of the counter."""
        return self._steps.additions

    # What rewritten modules call.

    def call(self, function: Any, *arguments: Any, **named: Any) -> Any:
        """Call *function*, and count what it does if it is no Python code."""
        if not self._is_counting:
            return function(*arguments, **named)
        if isinstance(function, FunctionType):
            if function.__module__ != "re" or not hasattr(re.Pattern, function.__name__):
                return function(*arguments, **named)
            function = getattr(re.compile(arguments[0]), function.__name__)
            arguments = arguments[1:]
        owner = getattr(function, "__self__", None)
        if isinstance(owner, re.Pattern):
            return self._search(owner, function, *arguments, **named)
        result = function(*arguments, **named)
        self._steps.add(_cost(function, owner, arguments, result))
        return result

    def item(self, value: Any, key: Any) -> Any:
        """Take an element or a slice."""
        return self.made(operator.getitem(value, key))

    def made(self, value: Any) -> Any:
        """Count what was made, or is looked through."""
        if self._is_counting:
            self._steps.add(1 + _size(value))
        return value

    def turns(self, values: Iterable[Any]) -> Iterator[Any]:
        """Count the turns of a loop."""
        for value in values:
            self.turn()
            yield value

    def turn(self, condition: Any = True) -> Any:
        """Count one turn of a loop."""
        if self._is_counting:
            self._steps.add(1)
        return condition

    def _search(self, pattern: re.Pattern[Any], function: Any, *rest: Any, **named: Any) -> Any:
        kind, bounds = function.__name__, rest
        if kind in {"sub", "subn"}:
            bounds = rest[1:2]
        text = bounds[0]
        start, end = slice(*(*bounds[1:], None, None)[:2]).indices(len(text))[:2]
        steps = self._regexes.get(pattern) or RegexSteps(pattern, self._steps)
        self._regexes[pattern] = steps
        self._steps.add(1)
        if kind in _REPEATED:
            matches = pattern.finditer(text, start, end)
            while True:
                walked = steps.search(text, start, end)
                if (match := next(matches, None)) is None:
                    return function(*rest, **named)
                _check(pattern, walked, match)
                start = match.end() + (match.end() == match.start())
        # Counted first: where there are too many steps, `re` itself might never return.
        if kind in _ANCHORED:
            last = steps.match(text, start, end, whole=kind in _WHOLE)
            walked = None if last is None else (start, last)
        else:
            walked = steps.search(text, start, end)
        found = function(*rest, **named)
        _check(pattern, walked, found)
        return found


def import_counted(counter: StepCounter, packages: Sequence[str]) -> None:
    """From now on, rewrite what is imported of some modules, by their full names."""
    sys.meta_path.insert(0, _Finder(counter, frozenset(packages)))


def rewritten(source: str | bytes, name: str) -> ast.Module:
    """Return a module whose operations count themselves."""
    module = ast.parse(source, name)
    _Rewriter().visit(module)
    return ast.fix_missing_locations(module)


class _Finder(PathFinder):
    """Finds modules that are to be rewritten."""

    def __init__(self, counter: StepCounter, names: frozenset[str]) -> None:
        self._counter = counter
        self._names = names

    def find_spec(  # type: ignore[override]  # the other finders have it as a class method
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._names:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(self._counter, fullname, spec.origin)
        return spec


class _Loader(SourceFileLoader):
    """Loads a module rewritten, past any cache of byte code."""

    def __init__(self, counter: StepCounter, name: str, path: str) -> None:
        super().__init__(name, path)
        self._counter = counter

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        return compile(rewritten(self.get_data(path), path), path, "exec")

    def exec_module(self, module: ModuleType) -> None:
        setattr(module, _NAME, self._counter)
        SourceLoader.exec_module(self, module)


class _Rewriter(ast.NodeTransformer):
    """Puts a call of the counter around each operation that may take longer for longer texts."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        return _call("call", node.func, *node.args, keywords=node.keywords)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            return node
        key = node.slice
        if isinstance(key, ast.Slice):
            bounds = (key.lower, key.upper, key.step)
            places = [bound or ast.Constant(None) for bound in bounds]
            key = ast.Call(ast.Name("slice", ast.Load()), places, [])
        elif isinstance(key, ast.Tuple) and any(isinstance(e, ast.Slice) for e in key.elts):
            return node  # of an array of two dimensions
        return _call("item", node.value, key)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return _call("made", node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                part.value = self.visit(part.value)
        return _call("made", node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        self.generic_visit(node)
        node.value = _call("made", node.value)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        for at, kind in enumerate(node.ops):
            if isinstance(kind, ast.In | ast.NotIn):
                node.comparators[at] = _call("made", node.comparators[at])
        return node

    def visit_For(self, node: ast.For) -> ast.stmt:
        self.generic_visit(node)
        node.iter = _call("turns", node.iter)
        return node

    def visit_While(self, node: ast.While) -> ast.stmt:
        self.generic_visit(node)
        node.test = _call("turn", node.test)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        self.generic_visit(node)
        node.iter = _call("turns", node.iter)
        return node


def _call(method: str, *arguments: ast.expr, keywords: Sequence[ast.keyword] = ()) -> ast.expr:
    counter = ast.Name(_NAME, ast.Load())
    return ast.Call(ast.Attribute(counter, method, ast.Load()), [*arguments], [*keywords])


def _cost(function: Any, owner: Any, arguments: Sequence[Any], result: Any) -> int:
    """Return what a call of C code costs."""
    name = getattr(function, "__name__", "")
    if name in _CONSTANT or hasattr(function, "cache_info"):
        return 1
    is_text = isinstance(owner, str | bytes)
    if name == "take":
        return 1 + _size(result)
    if is_text and name in _FINDING:
        return 1 + _searched(owner, name, arguments, result)
    if is_text and name in _PREFIXES:
        return 1 + _size(arguments[0]) + _size(result)
    given = owner if isinstance(function, BuiltinMethodType) else None
    return 1 + _size(given) + sum(map(_size, arguments)) + _size(result)


def _searched(owner: Any, name: str, arguments: Sequence[Any], result: int) -> int:
    """Return how many characters were looked through until one was found."""
    start, end, _ = slice(*(*arguments[1:3], None, None)[:2]).indices(len(owner))
    if result < 0:
        return max(0, end - start)
    return end - result if name.startswith("r") else result + 1 - start


def _size(value: Any) -> int:
    return len(value) if isinstance(value, _SIZED) and not _is_scalar(value) else 0


def _is_scalar(value: Any) -> bool:
    return isinstance(value, np.ndarray) and not value.ndim


def _check(pattern: re.Pattern[Any], walked: tuple[int, int] | None, match: Any) -> None:
    # Next to a match, an empty one counts or not by rules that are not walked here.
    if match is None or match.end() > match.start():
        assert walked == (match and match.span()), (pattern.pattern, walked, match)
