"""Reads TOML files of words and texts that lie beside the modules that use them."""

import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from fanzha.errors import InvalidConfiguration


def parse(text: str) -> dict[str, Any]:
    """Parse TOML; `ValueError` if it is malformed, or nested too deeply for tomllib."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise InvalidConfiguration("nested too deeply") from error


def read_table(file: Traversable | Path) -> dict[str, Any]:
    """Parse a TOML file; `ValueError` with its name if it is malformed."""
    try:
        return parse(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidConfiguration("{name}: {error}", name=file.name, error=error) from error


def read_words(values: object, where: str) -> tuple[str, ...]:
    """Return a non-empty list of words; `ValueError` naming *where* if it is none."""
    if not isinstance(values, list) or not values:
        raise InvalidConfiguration("{where}: not a list of words", where=where)
    if not all(isinstance(one, str) and one.strip() == one != "" for one in values):
        raise InvalidConfiguration(
            "{where}: a word that is empty, no text or has blanks around it", where=where
        )
    if len(set(values)) < len(values):
        raise InvalidConfiguration("{where}: a word stands there twice", where=where)
    return tuple(values)
