"""Reads `words.toml`: the words of lists by what they mean."""

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from fanzha.toml_files import read_table, read_words

Meaning = TypeVar("Meaning")


class WordFile:
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
                # Cells are compared so: what is written otherwise here would never be found.
                if word != word.lower().replace("-", "_"):
                    raise ValueError(f"{where}: {word!r}: write small letters, and _ for -")
                if word in found:
                    raise ValueError(f"{where}: {word!r} has another meaning already")
                found[word] = members[meaning]
        return found
