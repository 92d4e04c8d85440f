"""How pages write numbers, dates, phone numbers and words of enums, in the reader's language.

Dates are in China's time, UTC+8 all year, and say so.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from fanzha.translation import catalogue
from fanzha.translation.message import localized

CHINA = timezone(timedelta(hours=8), "UTC+8")
_LAST_S = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=CHINA).timestamp())
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_MAINLAND_DIGITS = 11
_GROUPS = ((1_000_000_000, "B"), (1_000_000, "M"), (1000, "k"))
_CHINESE_GROUPS = ((100_000_000, "亿"), (10_000, "万"))


class ReaderFormats:
    """Writes values for readers of one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def filters(self) -> Mapping[str, Callable[..., str]]:
        """Return what templates may use, by name."""
        return {
            "number": self.number,
            "short_number": self.short_number,
            "percent": self.percent,
            "bytes": self.bytes,
            "date": self.date,
            "time": self.time,
            "iso": self.iso,
            "ago": self.duration,
            "party": self.party,
            "word": self.word,
            "localized": self.localized,
            "listed": self.listed,
        }

    def gettext(self, message: str, /, **values: object) -> str:
        """Return *message* in the reader's language, with *values* in its places."""
        return catalogue.translated(message, values, self.language)

    def ngettext(self, singular: str, plural: str, /, *, count: int, **values: object) -> str:
        """Return the form of a text that fits *count*."""
        text = catalogue.catalogue(self.language).ngettext(singular, plural, count)
        return text.format_map({**values, "count": count})

    def pgettext(self, context: str, message: str, /, **values: object) -> str:
        """Return *message* as it reads in *context*, where one word has several meanings."""
        text = catalogue.catalogue(self.language).pgettext(context, message)
        return text.format_map(values) if values else text

    def localized(self, text: object) -> str:
        """Return a `Message` in the reader's language; any other text as it is."""
        return localized(text, self.language) if isinstance(text, str) else str(text)

    def listed(self, words: Iterable[str]) -> str:
        """Return ``a, b`` or ``甲、乙``."""
        return ("、" if self.language == "zh" else ", ").join(words)

    def number(self, value: float | None, digits: int = 0) -> str:
        """Return ``12,345``; a dash for None."""
        return "–" if value is None else f"{value:,.{digits}f}"

    def short_number(self, value: float) -> str:
        """Return ``1.2 M`` or ``120 万``."""
        for size, sign in _CHINESE_GROUPS if self.language == "zh" else _GROUPS:
            if abs(value) >= size:
                part = value / size
                # From a thousand on, three digits would be written with an exponent.
                return f"{part:,.0f} {sign}" if abs(part) >= 1000 else f"{part:,.3g} {sign}"  # noqa: PLR2004
        return f"{value:,.3g}" if value % 1 else f"{value:,.0f}"

    def percent(self, share: float | None, digits: int = 1) -> str:
        """Return ``12.5%`` for 0.125; a dash for None."""
        return "–" if share is None else f"{share * 100:,.{digits}f}%"

    def bytes(self, size: float) -> str:
        """Return ``1.5 MiB``."""
        for unit in ("B", "KiB", "MiB", "GiB"):
            if abs(size) < 1024:  # noqa: PLR2004 - bytes in a KiB
                return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
            size /= 1024
        return f"{size:,.1f} TiB"

    def date(self, ms: int | None) -> str:
        """Return the day of a Unix time in milliseconds; a dash for None and 0."""
        return _written(ms, "%Y年%-m月%-d日" if self.language == "zh" else "%-d %b %Y")

    def time(self, ms: int | None, *, seconds: bool = True) -> str:
        """Return day, time of day and offset of a Unix time in milliseconds."""
        clock = "%H:%M:%S" if seconds else "%H:%M"
        return _written(ms, f"%Y-%m-%d {clock} +08:00")

    def duration(self, seconds: float) -> str:
        """Return ``3 min``, ``5 h`` or ``2 d``: the largest unit, rounded down."""
        size = abs(seconds)
        if size < _MINUTE:
            return self.pgettext("duration", "{n} s", n=int(size))
        if size < _HOUR:
            return self.pgettext("duration", "{n} min", n=int(size // _MINUTE))
        if size < _DAY:
            return self.pgettext("duration", "{n} h", n=int(size // _HOUR))
        return self.pgettext("duration", "{n} d", n=int(size // _DAY))

    def iso(self, ms: int) -> str:
        """Return a Unix time in milliseconds as ISO 8601, for ``<time datetime>``."""
        return in_china(ms).isoformat(timespec="seconds")

    def party(self, number: str) -> str:
        """Group the digits of a number for reading: ``+86 138 0013 8000``; masked ones alike."""
        if number.startswith("+86") and len(number) == len("+86") + _MAINLAND_DIGITS:
            rest = number[3:]
            return f"+86 {rest[:3]} {rest[3:7]} {rest[7:]}"
        if len(number) == _MAINLAND_DIGITS and number[0] == "1":
            return f"{number[:3]} {number[3:7]} {number[7:]}"
        return number

    def word(self, value: int, enum: Any) -> str:
        """Return the word for a *value* of an *enum* of the protocol, such as ``blocked``.

        A value that this version does not know is written as its number, the unspecified one as
        nothing.
        """
        known = enum.DESCRIPTOR.values_by_number
        if value not in known:
            return str(value)
        prefix = enum.DESCRIPTOR.values[0].name.removesuffix("UNSPECIFIED")
        word = known[value].name.removeprefix(prefix).lower()
        if word == "unspecified":
            return ""
        return self.pgettext(prefix.lower().rstrip("_"), word).replace("_", " ")


def in_china(ms: int) -> datetime:
    """Return a Unix time in milliseconds; one that no calendar has, as the last that it has."""
    return datetime.fromtimestamp(min(max(ms / 1000, 0), _LAST_S), CHINA)


def _written(ms: int | None, form: str) -> str:
    return in_china(ms).strftime(form) if ms else "–"
