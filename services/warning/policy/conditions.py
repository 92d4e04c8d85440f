"""Conditions of a policy line (``when``), validated when the policy is loaded."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from blocklists.entries import Source
from fanzha.errors import InvalidConfiguration
from fanzha.fraud import FraudType
from fanzha.tables import Channel
from services.warning.model import Risk
from services.warning.policy.facts import CaseFacts
from services.warning.policy.places import places

Holds: TypeAlias = Callable[[CaseFacts], bool]


def read(when: Mapping[str, Any]) -> Holds:
    """Return a predicate for the conjunction of *when*. Raises `ValueError`."""
    if not when:
        raise InvalidConfiguration("when: at least one condition is required")
    tests = []
    for word, value in when.items():
        make = _WORDS.get(word)
        if make is None:
            raise InvalidConfiguration(
                "when: there is no {word!r}; there are {words}", word=word, words=", ".join(_WORDS)
            )
        try:
            tests.append(make(value))
        except ValueError as error:
            raise InvalidConfiguration("when: {word}: {error}", word=word, error=error) from error
    return lambda facts: all(test(facts) for test in tests)


def _fraud_type(value: Any) -> Holds:
    expected = frozenset(_member(FraudType, name) for name in _list(value))
    return lambda facts: facts.fraud_type in expected


def _channels(value: Any) -> Holds:
    expected = frozenset(_member(Channel, name) for name in _list(value))
    return lambda facts: not expected.isdisjoint(facts.channels)


def _sources(value: Any) -> Holds:
    expected = frozenset(_member(Source, name) for name in _list(value))
    return lambda facts: not expected.isdisjoint(facts.sources)


def _groups(value: Any) -> Holds:
    expected = frozenset(_list(value))
    return lambda facts: not expected.isdisjoint(facts.groups)


def _regions(value: Any) -> Holds:
    codes = [places().code(text) for text in _list(value)]
    # 340000 covers the province, 340500 the city.
    heads = tuple(code.removesuffix("00").removesuffix("00") for code in codes)
    return lambda facts: facts.region.startswith(heads)


def _risk(value: Any) -> Holds:
    least = _member(Risk, value)
    return lambda facts: facts.risk >= least


def _confirmed(value: Any) -> Holds:
    expected = _flag(value)
    return lambda facts: facts.confirmed is expected


def _opened(value: Any) -> Holds:
    expected = _flag(value)
    return lambda facts: facts.opened_link is expected


def _talked(value: Any) -> Holds:
    least = _count(value)
    return lambda facts: facts.talked_s >= least


def _channel_count(value: Any) -> Holds:
    least = _count(value)
    return lambda facts: len(facts.channels) >= least


def _hits(value: Any) -> Holds:
    least = _count(value)
    return lambda facts: facts.hits >= least


def _means(value: Any) -> Holds:
    least = _count(value)
    return lambda facts: facts.means >= least


def _score(value: Any) -> Holds:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise InvalidConfiguration("a number over 0, up to 1: {value!r}", value=value)
    return lambda facts: facts.score is not None and facts.score >= value


_WORDS: Mapping[str, Callable[[Any], Holds]] = {
    "fraud_type": _fraud_type,
    "risk_at_least": _risk,
    "confirmed": _confirmed,
    "talked_s_at_least": _talked,
    "opened_link": _opened,
    "channels": _channels,
    "channels_at_least": _channel_count,
    "means_at_least": _means,
    "hits_at_least": _hits,
    "score_at_least": _score,
    "sources": _sources,
    "groups": _groups,
    "regions": _regions,
}


def _list(value: Any) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise InvalidConfiguration("a list of words is required: {value!r}", value=value)
    return value


def _member(kind: Any, name: Any) -> Any:
    member = kind.__members__.get(name.upper()) if isinstance(name, str) else None
    if member is None:
        raise InvalidConfiguration(
            "none of {members}: {name!r}", members=", ".join(kind.__members__), name=name
        )
    return member


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidConfiguration("true or false: {value!r}", value=value)
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidConfiguration("a whole number from 1: {value!r}", value=value)
    return value
