"""What a form of an export is: which entries it takes, and how it writes each.

Forms for other systems hold what acts now and nothing else: expired entries and shadow entries
would act there. Of an entry that cannot be said in a form, the reason is counted. What a form says
is what the other system takes it for, which may be more than the pattern: see `ExportForm.narrow`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from blocklists.entries import Direction, Entry, EntryKind, EntryMode
from fanzha.translation.catalogue import gettext_noop


class LeftOut(StrEnum):
    """Why an entry is not in an export."""

    KIND = gettext_noop("of other kinds")
    EXPIRED = gettext_noop("expired")
    SHADOW = gettext_noop("shadow entries")
    SIDE = gettext_noop("acting on the other side of a call")
    LIFTED = gettext_noop("lifted by an allow entry of the same pattern")
    PATTERN = gettext_noop("with patterns that the format cannot hold")
    PROTECTED = gettext_noop("that name or cover what nothing may block")
    EXCEPTED = gettext_noop("covering what an allow entry lets through")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a form may need besides the entry."""

    version: int
    """Of the lists."""
    now_s: int
    zone: str = "rpz.fanzha"
    """Of a response policy zone."""
    side: Direction = Direction.FROM
    """Which side of a call the other system asks about."""
    tlp: str = "amber"
    shadows: bool = False
    """Whether shadow entries are asked for by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTable:
    """One of the files of a form that needs several."""

    name: Callable[[Context], str]
    kinds: frozenset[EntryKind]
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportForm:
    """A form that lists can be written in."""

    kinds: frozenset[EntryKind]
    row: Callable[[Entry, Context], str | LeftOut]
    """Writes an entry, with its line ends."""
    head: Callable[[Context], str] = lambda _context: ""
    tail: str = ""
    tables: tuple[ExportTable, ...] = ()
    """The files, where one is not enough; their names and what each begins with."""
    allows: bool = False
    """Whether it can say that something is let through."""
    for_others: bool = True
    """Whether it is for another system, where only what acts now may be."""
    key: Callable[[Entry], str] = lambda entry: entry.pattern
    """Two entries with one key cannot both be in the file."""
    narrow: Callable[[Entry], bool] = lambda _entry: False
    """Whether an entry is written as its name alone, for names of others lie below it."""
    gaps: Callable[[Mapping[str, bool]], Iterator[str]] | None = None
    """Writes what is needed between patterns, given those that are in the file: whether each is
    let through."""


ALL_KINDS = frozenset(EntryKind)
NUMBERS = frozenset((EntryKind.NUMBER, EntryKind.RANGE))
HOSTS = frozenset((EntryKind.HOST,))


@dataclass(slots=True)
class ExportSummary:
    """What became of the entries of an export."""

    rows: int = 0
    narrowed: int = 0
    left_out: dict[LeftOut, int] = field(default_factory=dict)

    def leave_out(self, reason: LeftOut) -> None:
        """Count an entry that is not in the file."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1


def acting(entry: Entry, form: ExportForm, context: Context) -> LeftOut | None:
    """Say why an entry does not belong into a file of *form*; None when it does."""
    if entry.kind not in form.kinds:
        return LeftOut.KIND
    if not form.for_others:
        return None
    if entry.ends and entry.expires_at.timestamp() <= context.now_s:
        return LeftOut.EXPIRED
    if entry.mode == EntryMode.SHADOW and not context.shadows:
        return LeftOut.SHADOW
    return None
