"""Reads STIX patterns: which names and numbers an indicator is about.

A list is a disjunction, so ``OR`` and ``IN`` become several names. Patterns that a list cannot
express are refused whole, with the reason: conditions that must hold together or in turn, in a
time, negations, and comparisons other than with one value. STIX 2.1 has no object for a phone
number; these are in use for it: ``phone-number`` (OpenCTI) and ``x-phone-number``.

The library's grammar takes milliseconds for a pattern. Nearly all patterns are one comparison;
those are read by a regular expression that takes nothing the grammar would read otherwise.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from stix2 import patterns as ast
from stix2.pattern_visitor import create_pattern_object
from stix2patterns.exceptions import ParseException

from blocklists.entries import EntryKind
from fanzha.errors import InvalidInput

LONGEST = 20_000
"""Characters of a pattern; the time its grammar takes grows faster than its length."""

_HOSTS = frozenset(("domain-name:value", "hostname:value", "x-opencti-hostname:value"))
_ADDRESSES = frozenset(("ipv4-addr:value", "ipv6-addr:value"))
_URLS = frozenset(("url:value",))
_NUMBERS = frozenset(
    (
        "phone-number:value",
        "x-phone-number:value",
        "x-phone-number:international_phone_number",
        "x-opencti-phone-number:value",
    )
)
# MISP writes addresses so: the type of the end of a connection, and its value.
_ENDS = {
    f"network-traffic:{end}.value": f"network-traffic:{end}.type" for end in ("dst_ref", "src_ref")
}
_ADDRESS_TYPES = frozenset(("ipv4-addr", "ipv6-addr", "domain-name"))
_ONE_COMPARISON = re.compile(r"\s*\[\s*([a-z0-9-]+:[a-z_]+)\s*=\s*'((?:[^'\\]|\\['\\])*)'\s*\]\s*")
_STRINGS = re.compile(r"'(?:[^'\\]|\\.)*'")
_NOT = re.compile(r"\bNOT\b", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LEADING_DIGITS = re.compile(r"(\+?[0-9]{2,14})%")
_WHOLE_MASK = {"ipv4-addr:value": "/32", "ipv6-addr:value": "/128"}


class PatternSubject(NamedTuple):
    """Something a pattern is about."""

    kind: EntryKind
    text: str


def read(pattern: str) -> list[PatternSubject]:
    """Return the names and numbers of *pattern*; `InvalidInput` when a list cannot express it."""
    if match := _ONE_COMPARISON.fullmatch(pattern):
        return [_named(match[1], _unescaped(match[2]))]
    if len(pattern) > LONGEST:
        raise InvalidInput("pattern: longer than {longest} characters", longest=LONGEST)
    if _NOT.search(_STRINGS.sub("''", pattern)):
        # Checked here, because the parser drops it before IN and LIKE.
        raise InvalidInput("pattern: NOT, which a list cannot say")
    return list(_meant(_parsed(pattern)))


def _parsed(pattern: str) -> Any:
    try:
        return create_pattern_object(pattern, version="2.1")
    except (ParseException, ValueError, TypeError, AttributeError, LookupError) as error:
        # In quotes: reasons are grouped by the text before the first quote.
        reason = " ".join(str(error).split())[:200].replace("'", "`")
        raise InvalidInput("pattern: not a STIX pattern: '{reason}'", reason=reason) from error
    except RecursionError as error:
        raise InvalidInput("pattern: nested too deep") from error


def _meant(node: Any) -> Iterator[PatternSubject]:
    """Read a tree of observations and comparisons; both join by OR alike."""
    if isinstance(node, ast.ParentheticalExpression):
        yield from _meant(node.expression)
    elif isinstance(node, ast.ObservationExpression):
        yield from _meant(node.operand)
    elif isinstance(node, (ast.OrObservationExpression, ast.OrBooleanExpression)):
        for operand in node.operands:
            yield from _meant(operand)
    else:
        yield from _compared(node)


def _compared(node: Any) -> Iterator[PatternSubject]:
    if isinstance(node, ast.AndBooleanExpression):
        yield _end_of_connection(node.operands)
    elif isinstance(node, ast.QualifiedObservationExpression):
        raise InvalidInput("pattern: a condition on time or number, which a list cannot say")
    elif isinstance(node, ast.EqualityComparisonExpression) and not node.negated:
        yield _named(str(node.lhs), _text(node.rhs))
    elif isinstance(node, ast.InComparisonExpression):
        for value in node.rhs.value:
            yield _named(str(node.lhs), _text(value))
    elif isinstance(node, ast.LikeComparisonExpression):
        yield _range(str(node.lhs), _text(node.rhs))
    else:
        operator = "!=" if getattr(node, "negated", False) else getattr(node, "operator", "?")
        raise InvalidInput("pattern: {operator}, which a list cannot say", operator=operator)


def _end_of_connection(operands: list[Any]) -> PatternSubject:
    """Read ``dst_ref.type = 'ipv4-addr' AND dst_ref.value = '…'``: the type adds nothing."""
    pairs = {
        str(one.lhs): _text(one.rhs)
        for one in operands
        if isinstance(one, ast.EqualityComparisonExpression) and not one.negated
    }
    for value, type_ in _ENDS.items():
        alone = pairs.keys() == {value, type_} and len(operands) == len(pairs)
        if alone and pairs[type_] in _ADDRESS_TYPES and "/" not in pairs[value]:
            return PatternSubject(EntryKind.HOST, pairs[value])
    raise InvalidInput("pattern: AND of comparisons, which a list cannot say")


def _named(path: str, value: str) -> PatternSubject:
    if path in _HOSTS or path in _ENDS:
        return PatternSubject(EntryKind.HOST, value)
    if path in _ADDRESSES:
        address = value.removesuffix(_WHOLE_MASK[path])
        if "/" in address:
            raise InvalidInput("pattern: a range of addresses, which a list cannot say")
        return PatternSubject(EntryKind.HOST, f"[{address}]" if ":" in address else address)
    if path in _URLS:
        return PatternSubject(EntryKind.URL_PREFIX, value)
    if path in _NUMBERS:
        return PatternSubject(EntryKind.RANGE if value.endswith("*") else EntryKind.NUMBER, value)
    raise InvalidInput("pattern: {path}, which no entry is about", path=path[:100])


def _range(path: str, value: str) -> PatternSubject:
    match = _LEADING_DIGITS.fullmatch(value)
    if path in _NUMBERS and match:
        return PatternSubject(EntryKind.RANGE, f"{match[1]}*")
    raise InvalidInput("pattern: LIKE, which a list can say of leading digits of numbers only")


def _text(constant: Any) -> str:
    if not isinstance(constant, ast.StringConstant):
        raise InvalidInput("pattern: a value that is no text")
    return _unescaped(constant.value)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)
