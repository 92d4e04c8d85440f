"""Reads the sentences of notices; refuses a file with a missing or malformed sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Formatter
from typing import Any

from blocklists.entries import Direction, EntryKind, Source
from fanzha.errors import InvalidConfiguration
from fanzha.fraud import FraudType
from fanzha.toml_files import read_table
from services.appeals.model import RULE_SENTENCES
from services.appeals.notices.templates import LANGUAGES

SENTENCES: Mapping[str, tuple[str, ...]] = {
    "law": (),
    "law_on_true_callers": (),
    "law_and_more": ("law", "more"),
    "moment": ("at",),
    "subject": ("thing", "pattern"),
    "list_separator": (),
    "no_end": (),
    "no_end_reviewed": ("at",),
    "until_upheld": (),
    "since_unknown": (),
    **dict.fromkeys(RULE_SENTENCES.values(), ()),
    "record_gone": (),
    "listed": ("source", "of_kind", "stated_reason"),
    "listed_then": ("of_kind",),
    "of_kind": ("fraud",),
    "not_stated": (),
    "spam": ("version",),
    "likely_fraud": ("score", "version"),
    "answered_within": ("hours",),
    "again_within": ("within",),
    "answered_by": ("at",),
    "late": ("at",),
    "being_lifted": (),
    "lifted": ("at",),
    "received": ("names", "required"),
    "nothing_needed": (),
}
"""The placeholders of each sentence; a sentence must have exactly these."""

_KINDS = tuple(kind.name for kind in EntryKind if kind is not EntryKind.RANGE)
_NAMES: Mapping[str, tuple[str, ...]] = {
    "things": _KINDS,
    "measures": (*(str(side.name) for side in (Direction.FROM, Direction.TO, Direction.BOTH)),
                 *(kind for kind in _KINDS if kind != EntryKind.NUMBER.name)),
    "sources": tuple(source.name for source in Source),
    "frauds": tuple(kind.name for kind in FraudType if kind),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseTexts:
    """The sentences of one language, and its words for the members of each enum."""

    sentences: Mapping[str, str]
    things: Mapping[str, str]
    measures: Mapping[str, str]
    sources: Mapping[str, str]
    frauds: Mapping[str, str]


@cache
def texts() -> Mapping[str, PhraseTexts]:
    """Return the shipped sentences, by language."""
    return read(files(__package__) / "phrases.toml")


def read(file: Traversable) -> dict[str, PhraseTexts]:
    """Read sentences; `ValueError` names the one that is wrong or missing."""
    table = read_table(file)
    if sorted(table) != sorted(LANGUAGES):
        raise InvalidConfiguration(
            "{name}: has the languages {languages}, no others",
            name=file.name,
            languages=" and ".join(LANGUAGES),
        )
    return {language: _of(table[language], f"{file.name}: [{language}]") for language in LANGUAGES}


def _of(table: Mapping[str, Any], where: str) -> PhraseTexts:
    sentences = {name: text for name, text in table.items() if name not in _NAMES}
    _check_texts(sentences, SENTENCES, where)
    for name, text in sentences.items():
        if mismatch := set(SENTENCES[name]) ^ _placeholders(text, f"{where} {name}"):
            raise InvalidConfiguration(
                "{where} {name}: missing or unknown: {{{mismatch}}}",
                where=where,
                name=name,
                mismatch=", ".join(sorted(mismatch)),
            )
    names: dict[str, dict[str, str]] = {group: table.get(group, {}) for group in _NAMES}
    for group, required in _NAMES.items():
        _check_texts(names[group], required, f"{where} {group}")
    return PhraseTexts(sentences=sentences, **names)


def _check_texts(
    found: object, required: Mapping[str, object] | tuple[str, ...], where: str
) -> None:
    if not isinstance(found, dict):
        raise InvalidConfiguration("{where}: not a table of texts", where=where)
    if wrong := set(found) ^ set(required):
        raise InvalidConfiguration(
            "{where}: missing or unknown: {wrong}", where=where, wrong=", ".join(sorted(wrong))
        )
    for name, text in found.items():
        if not isinstance(text, str) or not text.strip():
            raise InvalidConfiguration("{where} {name}: no text", where=where, name=name)


def _placeholders(text: str, where: str) -> set[str]:
    try:
        fields = [field for _, field, _, _ in Formatter().parse(text) if field is not None]
    except ValueError as error:
        raise InvalidConfiguration("{where}: {error}", where=where, error=error) from error
    return {field.split(".")[0] for field in fields}
