"""What the slots of templates are filled with: the words of `slots.toml`, and calculated values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from random import Random

from fanzha.toml_files import read_table, read_words

MONEY, MONEY_PARTS = "money", "{currency}{sum}"
"""A slot of two others, so that a message speaks of one currency."""

_NAME = re.compile(r"[a-z_]+")
_TABLES = ("one_per_message", "each_time", "digits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """The slots that are looked up; those that are calculated are the same for all."""

    words: Mapping[str, tuple[str, ...]]
    digits: Mapping[str, str]
    one_per_message: frozenset[str]
    """Those of `words` that have one value in a message, however often they occur in it."""

    @property
    def names(self) -> frozenset[str]:
        """All slots a template may have."""
        return frozenset({MONEY, *self.words, *self.digits, *_CALCULATED})

    def value(self, slot: str, chance: Random) -> str:
        """Return a value for *slot*."""
        if slot in self.words:
            return chance.choice(self.words[slot])
        if slot in self.digits:
            return digits(self.digits[slot], chance)
        return _CALCULATED[slot](chance)


@cache
def slots() -> Slots:
    """Return the slots of this package."""
    return read(files(__package__) / "slots.toml")


def read(file: Traversable) -> Slots:
    """Read a file of slots; `ValueError` with its name and the slot for one that is wrong."""
    tables = read_table(file)
    if sorted(tables) != sorted(_TABLES) or not all(
        isinstance(one, dict) for one in tables.values()
    ):
        raise ValueError(f"{file.name}: has the tables {', '.join(_TABLES)}, and no others")
    known = set(_CALCULATED) | {MONEY}
    for table in _TABLES:
        for slot, value in tables[table].items():
            where = f"{file.name}: [{table}] {slot}"
            if slot in known or not _NAME.fullmatch(slot):
                raise ValueError(f"{where}: twice, or no name of small letters and _")
            known.add(slot)
            read_words([value] if table == "digits" else value, where)
    words = {**tables["one_per_message"], **tables["each_time"]}
    return Slots(
        words={slot: tuple(value) for slot, value in words.items()},
        digits=tables["digits"],
        one_per_message=frozenset(tables["one_per_message"]),
    )


def digits(form: str, chance: Random) -> str:
    """Replace each # of *form* by a digit."""
    return re.sub("#", lambda _: chance.choice("0123456789"), form)


def link(chance: Random) -> str:
    """Return a link to nowhere."""
    label = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=chance.randint(3, 9)))
    path = "".join(chance.choices("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789", k=5))
    scheme = chance.choice(["http://", "https://", "", "www."])
    return f"{scheme}{label}.{chance.choice(['example', 'test'])}{chance.choice(['', '/' + path])}"


def contact(chance: Random) -> str:
    """Return the account a victim is asked to add."""
    return digits(chance.choice(["#########", "wx#####", "abk###"]), chance)


def _sum(chance: Random) -> str:
    whole = int(10 ** chance.uniform(0.5, 4))
    return chance.choice([f"{whole:,}", f"{whole:,}.{chance.randint(0, 99):02d}", str(whole)])


def _amount(chance: Random) -> str:
    return chance.choice(
        [
            str(chance.randint(10, 99999)),
            f"{chance.uniform(5, 20000):.2f}",
            f"{chance.randint(1, 50)},000",
        ]
    )


_CALCULATED: Mapping[str, Callable[[Random], str]] = {
    "link": link,
    "contact": contact,
    "code": lambda chance: digits(chance.choice(["####", "######", "######"]), chance),
    "amount": _amount,
    "sum": _sum,
    "small": lambda chance: str(chance.randint(1, 30)),
    "minutes": lambda chance: chance.choice(["5", "10", "15", "20", "30"]),
    "month": lambda chance: str(chance.randint(1, 12)),
    "day": lambda chance: str(chance.randint(1, 28)),
    "year": lambda chance: str(chance.randint(2023, 2026)),
    "time": lambda chance: f"{chance.randint(0, 23):02d}:{chance.randint(0, 59):02d}",
}
