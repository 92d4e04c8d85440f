"""Vocabulary of list files, Chinese and English: actions, kinds, sources, terms and dates.

The words are in `vocabulary.toml`; terms and dates are read here.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from blocklists.entries import NO_END_S, Direction, EntryKind, EntryMode, Source
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.toml_files import read_table, read_words

Word = TypeVar("Word")

Meaning = TypeVar("Meaning")


class VocabularyFile:
    """A file with a table for each field, in it a list of words for each meaning."""

    def __init__(self, file: Traversable) -> None:
        self._name = file.name
        self._tables: dict[str, Any] = read_table(file)

    def meanings(self, field: str, members: Mapping[str, Meaning]) -> dict[str, Meaning]:
        """Return what each word of *field* means; `ValueError` unless each has one meaning."""
        found: dict[str, Meaning] = {}
        table = self._tables.get(field)
        if not isinstance(table, dict):
            raise ValueError(f"{self._name}: no table [{field}]")  # noqa: TRY004 - of a file
        if wrong := set(table) ^ set(members):
            raise ValueError(f"{self._name}: [{field}]: missing or unknown: {', '.join(wrong)}")
        for meaning, words in table.items():
            where = f"{self._name}: [{field}] {meaning}"
            for word in read_words(words, where):
                # Cells are normalised like this, so other spellings would never match.
                if word != word.lower().replace("-", "_"):
                    raise ValueError(f"{where}: {word!r}: write small letters, and _ for -")
                if word in found:
                    raise ValueError(f"{where}: {word!r} has another meaning already")
                found[word] = members[meaning]
        return found


_CHINA_TIME = timezone(timedelta(hours=8))
_DAY_S = 86_400

_WORDS = VocabularyFile(files(__package__) / "vocabulary.toml")
_KIND_OF: Mapping[str, EntryKind | None] = {
    "NUMBER_OR_RANGE": None,
    **{kind.name: kind for kind in EntryKind if kind is not EntryKind.NUMBER},
}
ACTIONS = _WORDS.meanings("action", Action.__members__)
DIRECTIONS = _WORDS.meanings("direction", Direction.__members__)
SOURCES = _WORDS.meanings("source", Source.__members__)
MODES = _WORDS.meanings("mode", EntryMode.__members__)
KINDS = _WORDS.meanings("type", _KIND_OF)
"""Words of a column "type"; None: a number or a range, which the pattern decides."""
FRAUD_TYPES = {
    **{member.name.lower(): member for member in FraudType},
    **{str(member.value): member for member in FraudType},
    **_WORDS.meanings("fraud_type", {kind.name: kind for kind in FraudType if kind}),
}

_DATE = re.compile(
    r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?"
    r"(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?)?(Z)?"
)
_TERM = re.compile(r"(\d{1,5})\s*(?:(d|days?|天|日)|(w|weeks?|周)|(months?|个?月)|(y|years?|年))")
_DAYS = (1, 7, 30, 365)
"""Of a day, a week, a month and a year: terms, not calendars."""
_FROM_TO = re.compile(r"\s*(?:至|到|~|～|—+|–| - )\s*")
_SECONDS = re.compile(r"\d{9,10}")
_NO_END = frozenset(["never", "permanent", "none", "永久", "长期", "-"])


def read_action(text: str) -> Action:
    """Read what to do with what matches."""
    return _read(text, ACTIONS, "action", "block or allow")


def read_direction(text: str) -> Direction:
    """Read which side an entry acts on."""
    return _read(text, DIRECTIONS, "direction", "from, to or both")


def read_source(text: str) -> Source:
    """Read who supplied an entry."""
    return _read(text, SOURCES, "source", ", ".join(source.name.lower() for source in Source))


def read_fraud_type(text: str) -> FraudType:
    """Read a kind of fraud: its name, number or official Chinese name."""
    return _read(
        text, FRAUD_TYPES, "fraud_type", ", ".join(kind.name.lower() for kind in FraudType)
    )


def read_mode(text: str) -> EntryMode:
    """Read whether an entry decides or only counts."""
    return _read(text, MODES, "mode", "enforce, shadow")


def read_kind(text: str) -> EntryKind | None:
    """Read what a pattern is; None for a number or range, which the pattern decides."""
    return _read(text, KINDS, "type", "number, range, sender, host, url")


def read_expiry(text: str, now_s: int) -> int | None:
    """Read when an entry ends, in seconds since the epoch; None for "never".

    Takes a term such as ``30d``, ``30天`` or ``6个月`` from *now_s*, a date, the later of two
    dates, or seconds. Dates are inclusive, in China's time unless they end in Z. A month is 30
    days and a year 365.
    """
    text = text.strip()
    if text.lower() in _NO_END:
        return None
    return _read_end(text, now_s, "expires")


def read_review(text: str, now_s: int) -> int:
    """Read when an entry must be reviewed: a term or date as in `read_expiry`."""
    return _read_end(text.strip(), now_s, "review")


def _read_end(text: str, now_s: int, field: str) -> int:
    if match := _TERM.fullmatch(text.lower()):
        days = next(days for days, unit in zip(_DAYS, match.groups()[1:], strict=True) if unit)
        end = now_s + int(match[1]) * days * 86_400
    elif _SECONDS.fullmatch(text):
        end = int(text)
    else:
        end = _read_date(_FROM_TO.split(text)[-1], field)
    if not now_s < end < NO_END_S:
        raise InvalidInput(
            "{field}: already over, or beyond 2106: {text!r}", field=field, text=text
        )
    return end


def _read_date(text: str, field: str) -> int:
    match = _DATE.fullmatch(text)
    if match is None:
        raise InvalidInput(
            "{field}: not a date such as 2026-12-31 nor a term such as 30d: {text!r}",
            field=field,
            text=text,
        )
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    zone = UTC if match[7] else _CHINA_TIME
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise InvalidInput("{field}: no such date: {text!r}", field=field, text=text) from error
    # Seconds are added to seconds: the day after 9999-12-31, "never" in many lists, is no date.
    return int(moment.timestamp()) + (_DAY_S if match[4] is None else 0)


def _read(text: str, words: Mapping[str, Word], field: str, known: str) -> Word:
    word = text.strip().lower().replace("-", "_")
    if word not in words:
        raise InvalidInput(
            "{field}: none of {known}: {text!r}", field=field, known=known, text=text[:50]
        )
    return words[word]
