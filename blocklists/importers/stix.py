"""Reads bundles of STIX 2.1 (and the indicators of 2.0): each indicator becomes one row or more.

Only indicators are actionable; other objects are counted. Further fields of an indicator go into
the reason, for the lists have no place of their own for it: name, labels, confidence, who made it,
and how far it may be passed on (TLP).

The whole text is held in memory, see `MOST_CHARACTERS`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stix2 import TLP_AMBER, TLP_GREEN, TLP_RED, TLP_WHITE

from blocklists.importers import stix_patterns, vocabulary
from blocklists.importers.json_text import JsonText
from blocklists.importers.rows import BadLine, Ignored, Item, ListRow, RowNote
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.translation.message import Message

MOST_CHARACTERS = 512 * 2**20
"""A text takes one to four times as many bytes, and its indicators as much again."""
_LONGEST_NAME = 200
_LONGEST_TEXT = 1000
"""As long as a reason may be."""
_TLP = {
    **{one.id: str(one.name) for one in (TLP_WHITE, TLP_GREEN, TLP_AMBER, TLP_RED)},
    # Version 2.0, which the library does not have.
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": "TLP:CLEAR",
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "TLP:GREEN",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": "TLP:AMBER",
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": "TLP:AMBER+STRICT",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": "TLP:RED",
}


@dataclass(slots=True)
class _Bundle:
    """Objects of a bundle that indicators refer to."""

    indicators: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Of those who made objects."""
    markings: dict[str, str] = field(default_factory=lambda: dict(_TLP))


def read(
    lines: Iterable[str], now_s: int = 0, *, most_characters: int = MOST_CHARACTERS
) -> Iterator[Item]:
    """Read a bundle, or a list of objects; an invalid object is a bad line at its place.

    Indicators that begin after *now_s* are bad, for an entry acts at once.
    """
    text = JsonText(_limited(lines, most_characters))
    bundle = _Bundle()
    try:
        if text.next_mark() == "[":
            yield from _objects(text, bundle)
        else:
            yield from _members(text, bundle)
    except json.JSONDecodeError as error:
        yield BadLine(error.lineno, "", Message("not JSON from here on: {error}", error=error.msg))
    except RecursionError:
        yield BadLine(text.line, "", Message("not JSON from here on: nested too deep"))
    # Last, for an identity may follow the indicators that refer to it.
    for line, indicator in bundle.indicators:
        yield from _rows(line, indicator, bundle, now_s)


def _limited(lines: Iterable[str], most_characters: int) -> str:
    parts, characters = [], 0
    for line in lines:
        characters += len(line) + 1
        if characters > most_characters:
            raise InvalidInput(
                "a STIX bundle of more than {most_characters:,} characters; divide it",
                most_characters=most_characters,
            )
        parts.append(line)
    return "\n".join(parts)


def _members(text: JsonText, bundle: _Bundle) -> Iterator[Item]:
    text.skip_mark("{")
    others: dict[str, Any] = {}
    line = text.line
    while text.next_mark() != "}":
        name = str(text.value())
        text.skip_mark(":")
        if name == "objects" and text.next_mark() == "[":
            yield from _objects(text, bundle)
        else:
            others[name] = text.value()
    text.skip_mark("}")
    if others.get("type") not in (None, "bundle"):
        yield from _object(line, others, bundle)  # a lone object


def _objects(text: JsonText, bundle: _Bundle) -> Iterator[Item]:
    text.skip_mark("[")
    while text.next_mark() != "]":
        line, value = text.line, text.value()
        if isinstance(value, dict):
            yield from _object(line, value, bundle)
        else:
            yield BadLine(line, json.dumps(value)[:200], Message("not an object"))
    text.skip_mark("]")


def _object(line: int, one: Mapping[str, Any], bundle: _Bundle) -> Iterator[Item]:
    kind, name = str(one.get("type", "")), str(one.get("id", ""))
    if kind == "indicator":
        bundle.indicators.append((line, one))
        return
    if kind == "identity":
        bundle.names[name] = str(one.get("name", ""))[:_LONGEST_NAME]
    elif kind == "marking-definition":
        bundle.markings.setdefault(name, _marking(one))
    yield Ignored(line, Message("object of type {kind}", kind=kind[:50]))


def _marking(one: Mapping[str, Any]) -> str:
    definition = one.get("definition")
    if isinstance(definition, Mapping) and "tlp" in definition:
        return f"TLP:{str(definition['tlp']).upper()}"
    extensions = one.get("extensions")
    if isinstance(extensions, Mapping):
        for extension in extensions.values():
            if isinstance(extension, Mapping) and "tlp_2_0" in extension:
                return f"TLP:{str(extension['tlp_2_0']).upper()}"
    return ""  # a statement; it restricts nothing that we could check


def _rows(line: int, one: Mapping[str, Any], bundle: _Bundle, now_s: int) -> Iterator[Item]:
    if one.get("revoked") is True:
        yield Ignored(line, Message("revoked indicator"))
        return
    pattern = str(one.get("pattern", ""))
    try:
        _check(one, now_s)
        named = stix_patterns.read(pattern)
    except InvalidInput as error:
        yield BadLine(line, pattern or str(one.get("id", "")), error.as_message())
        return
    labels = _words(one, "labels")
    fraud_type = _fraud_type([*labels, *_words(one, "indicator_types")])
    reason, ends = _reason(one, bundle), str(one.get("valid_until", ""))
    yield from (RowNote(line, mark) for mark in markings_of(one, bundle.markings))
    for kind, text in dict.fromkeys(named):
        yield ListRow(line, text, kind, fraud_type=fraud_type, reason=reason, expires=ends)


def _check(one: Mapping[str, Any], now_s: int) -> None:
    if (type_ := one.get("pattern_type", "stix")) != "stix":
        raise InvalidInput("pattern_type: {type}, not stix", type=str(type_)[:50])
    if "benign" in _words(one, "indicator_types"):
        raise InvalidInput("indicator_types: benign, which is nothing to block")
    begins = one.get("valid_from")
    if begins is not None and _seconds(str(begins)) > now_s:
        raise InvalidInput("valid_from: not yet: {begins!r}", begins=str(begins)[:50])


def _seconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput("valid_from: not a time: {text!r}", text=text[:50]) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _reason(one: Mapping[str, Any], bundle: _Bundle) -> str:
    maker = bundle.names.get(str(one.get("created_by_ref", "")), "")
    confidence = one.get("confidence")
    parts = [
        str(one.get("name") or one.get("description") or "STIX indicator")[:_LONGEST_NAME],
        ", ".join(dict.fromkeys([*_words(one, "indicator_types"), *_words(one, "labels")])),
        "" if confidence is None else f"confidence {confidence}",
        f"by {maker}" if maker else "",
        *markings_of(one, bundle.markings),
    ]
    return "; ".join(part for part in parts if part)[:_LONGEST_TEXT]


def markings_of(one: Mapping[str, Any], markings: Mapping[str, str]) -> list[str]:
    """Return how far an object may be passed on, as far as we know its markings."""
    references = one.get("object_marking_refs")
    known = [markings.get(str(reference), "") for reference in _list(references)]
    return list(dict.fromkeys(mark for mark in known if mark))


def _fraud_type(labels: Iterable[str]) -> FraudType | None:
    known = (vocabulary.FRAUD_TYPES.get(label.lower().replace("-", "_")) for label in labels)
    return next((kind for kind in known if kind), None)


def _words(one: Mapping[str, Any], name: str) -> list[str]:
    return [str(word)[:_LONGEST_NAME] for word in _list(one.get(name))]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
