"""Knows the names that columns of lists have, in Chinese and English, and what they hold.

Names are compared without case, spaces, full width, line breaks and text in brackets, traditional
characters as simplified ones. A mapping
chosen by an administrator takes precedence, see `Chosen`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeAlias

from fanzha.errors import InvalidInput
from fanzha.toml_files import read_table, read_words
from fanzha.traditional_chinese import SIMPLIFIED

Chosen: TypeAlias = Mapping[str, str]
"""By the plain name of a column: what it holds, `IGNORED` for nothing."""
Choose: TypeAlias = Callable[[Sequence[str]], Chosen]
"""Returns the mapping that an administrator chose for the columns of a header."""

IGNORED = "ignore"
_BRACKETS = re.compile(r"\(.*?\)|\[.*?\]|【.*?】|〔.*?〕|<.*?>")
_SPACES = re.compile(r"[\s_-]+")
_SIMPLIFIED = str.maketrans(SIMPLIFIED)
_EDGES = " \t\"'#*:：.、,，;；"


def plain(name: str) -> str:
    """Return the name of a column as it is compared."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name).translate(_SIMPLIFIED)
    without = _BRACKETS.sub("", name).strip(_EDGES)
    joint = "_" if without.isascii() else ""
    return _SPACES.sub(joint, (without or name.strip(_EDGES)).lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnNames:
    """The names of columns by what they hold, see `columns.toml`."""

    patterns: dict[str, tuple[str, ...]]
    others: dict[str, tuple[str, ...]]
    ambiguous: frozenset[str]
    target_by_name: Mapping[str, str]


def read(file: Traversable) -> ColumnNames:
    """Read a file of names; `ValueError` for one that is misspelt or means two things."""
    table = read_table(file)
    if wrong := set(table) ^ {"patterns", "others", "ambiguous", "ignored"}:
        raise ValueError(f"{file.name}: missing or unknown: {', '.join(sorted(wrong))}")
    if untold := [group for group in ("patterns", "others") if not isinstance(table[group], dict)]:
        raise ValueError(f"{file.name}: not a table: {', '.join(untold)}")
    groups = {
        group: {
            target: read_words(names, f"{file.name}: [{group}] {target}")
            for target, names in table[group].items()
        }
        for group in ("patterns", "others")
    }
    by_name: dict[str, str] = {}
    ignored = {IGNORED: read_words(table["ignored"], f"{file.name}: ignored")}
    for target, names in [*groups["patterns"].items(), *groups["others"].items(), *ignored.items()]:
        for name in names:
            if name in by_name or (target != IGNORED and name != plain(name)):
                raise ValueError(
                    f"{file.name}: {target}: {name!r}: there already, or not as `plain` writes it"
                )
            by_name[name] = target
    ambiguous = frozenset(read_words(table["ambiguous"], f"{file.name}: ambiguous"))
    if unknown := ambiguous - set(by_name):
        raise ValueError(f"{file.name}: ambiguous: no column: {', '.join(sorted(unknown))}")
    return ColumnNames(ambiguous=ambiguous, target_by_name=by_name, **groups)


_NAMES = read(files(__package__) / "columns.toml")
PATTERN_COLUMNS = _NAMES.patterns
"""Columns that hold patterns. In one file, a "pattern" rules out the others; of numbers,
senders and callees, and of URLs and hosts, each row gives the first that it has."""
COLUMNS = _NAMES.others
"""Other columns; of several that hold the same, the first name is taken."""
AMBIGUOUS = _NAMES.ambiguous
"""Beside hosts or URLs, these may be whom to call about a site, or its port: they are not used
there unless a mapping says so."""
TARGETS = (*PATTERN_COLUMNS, *COLUMNS, IGNORED)


def target_of(name: str) -> str:
    """Return what a column of this name holds; empty for one that is not known."""
    return _NAMES.target_by_name.get(plain(name), "")


def chosen(pairs: Iterable[str]) -> dict[str, str]:
    """Read choices such as ``号码=pattern`` or ``备注=ignore``; `InvalidInput` for a wrong one."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, mark, word = pair.rpartition("=")
        target = word.strip() if word.strip() in TARGETS else target_of(word)
        if not mark or not plain(name) or not target:
            raise InvalidInput(
                f"not a choice such as 号码=number: {pair[:100]!r}; a column may hold "
                + ", ".join(TARGETS)
            )
        found[plain(name)] = target
    return found


def fingerprint(names: Sequence[str]) -> str:
    """Return the fingerprint of a header: 32 hexadecimal digits."""
    text = "\x1f".join(map(plain, names)).rstrip("\x1f")
    return blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()


def nothing_chosen(_names: Sequence[str]) -> Chosen:
    """Leave it to the names what columns hold."""
    return {}
