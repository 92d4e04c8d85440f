"""Reads the card of a bundle for a page: sections of names and values, texts as they are.

A card comes with a bundle, perhaps from elsewhere: it is parsed as TOML, never run, and every value
is written as text.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_ROWS = 400
"""Most values of a section that are shown."""
_MOST_ITEMS = 12
_MOST_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSection:
    """A table of the card."""

    title: str
    """Path of the table; empty for what is in none."""
    rows: Sequence[tuple[str, str]]
    left_out: int


def sections(text: str) -> list[CardSection]:
    """Return the sections of a card; one with the text itself where it is no TOML."""
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return [CardSection(title="", rows=[("", text[:_MOST_CHARACTERS])], left_out=0)]
    plain = {name: value for name, value in content.items() if not _is_table(value)}
    tables = [(name, value) for name, value in content.items() if _is_table(value)]
    found = [_section("", plain)] if plain else []
    return [*found, *(_section(name, value) for name, value in tables)]


def _section(title: str, value: Any) -> CardSection:
    rows = list(_rows("", value))
    return CardSection(title=title, rows=rows[:MOST_ROWS], left_out=max(0, len(rows) - MOST_ROWS))


def _rows(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _rows(f"{path}.{name}" if path else str(name), one)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for number, one in enumerate(value, 1):
            yield from _rows(f"{path} {number}".strip(), one)
    else:
        yield path, _written(value)


def _written(value: Any) -> str:
    if isinstance(value, list):
        shown = ", ".join(map(_written, value[:_MOST_ITEMS]))
        return shown if len(value) <= _MOST_ITEMS else f"{shown}, … ({len(value):,})"
    text = f"{value:,.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
    )
