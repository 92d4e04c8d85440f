"""Keeps the Chinese catalogue in step with the texts in the code, and compiles it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from fanzha.translation import catalogue
from tools.translation.extraction import Key

LOCALE = catalogue.LOCALES["zh"]
SOURCE = catalogue.FOLDER / LOCALE / "LC_MESSAGES" / f"{catalogue.DOMAIN}.po"
COMPILED = SOURCE.with_suffix(".mo")
# The history of the file says when it changed.
_DATE = datetime(2026, 1, 1, tzinfo=UTC)


def read() -> Catalog:
    """Read the catalogue as it is."""
    with SOURCE.open("rb") as file:
        return read_po(file, locale=LOCALE)


def updated(old: Catalog, texts: Mapping[tuple[str, Key], list[str]]) -> Catalog:
    """Return a catalogue of *texts* with the translations of *old*; new texts have none."""
    new = Catalog(
        LOCALE, project="fanzha", version="0.1", fuzzy=False, charset="utf-8",
        creation_date=_DATE, revision_date=_DATE, header_comment="# Chinese texts of Fanzha.",
    )  # fmt: skip
    for (context, key), places in sorted(texts.items(), key=lambda item: (item[1][0], item[0])):
        text = key if len(key) > 1 else key[0]
        message = old.get(text, context or None)
        translation = message.string if message is not None else ""
        where = [(place, 0) for place in places]
        new.add(text, translation, where, context=context or None)
    return new


def write(new: Catalog) -> None:
    """Write the catalogue, and compile it."""
    text, compiled = BytesIO(), BytesIO()
    write_po(text, new, width=100, include_lineno=False)
    write_mo(compiled, new)
    SOURCE.write_bytes(text.getvalue())
    COMPILED.write_bytes(compiled.getvalue())


def untranslated(found: Catalog) -> list[str]:
    """Return the English texts without a Chinese one."""
    return [
        str(message.id) for message in found if message.id and not _whole(message.string)
    ]  # fmt: skip


def _whole(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)
