"""The Chinese catalogue has what the code says: same places, nothing uncertain, compiled."""

import re
from string import Formatter

from babel.messages.catalog import Message
from babel.messages.mofile import read_mo

from tools.translation import catalogues, extraction

CATALOGUE = catalogues.read()
TEXTS = [message for message in CATALOGUE if message.id]
_CHINESE = re.compile("[\u4e00-\u9fff]")


def forms(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return list(text) if isinstance(text, list | tuple) else [text or ""]


def translation(message: Message) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    return message.context, tuple(forms(message.id)), tuple(forms(message.string))


def places(text: str) -> list[tuple[str | None, str | None, str | None]]:
    """Return the name, the format and the conversion of each place; help may have loose braces."""
    try:
        return sorted(
            (name, form, conversion)
            for _, name, form, conversion in Formatter().parse(text)
            if name is not None
        )  # fmt: skip
    except ValueError:
        return []


def test_texts_are_found() -> None:
    assert len(extraction.texts()) > 600


def test_a_translation_has_the_places_of_its_text() -> None:
    assert [
        message.id
        for message in TEXTS
        if any(places(text) != places(forms(message.id)[-1]) for text in forms(message.string))
    ] == []


def test_a_translation_is_chinese() -> None:
    assert [
        message.id
        for message in TEXTS
        if not _CHINESE.search("".join(forms(message.string)))
        and re.search(r"[A-Za-z]{3,} [A-Za-z]{2,}", "".join(forms(message.string)))
    ] == []


def test_no_translation_is_uncertain() -> None:
    assert [message.id for message in TEXTS if message.fuzzy] == []


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    with catalogues.COMPILED.open("rb") as file:
        compiled = {translation(message) for message in read_mo(file) if message.id}

    assert compiled == set(map(translation, TEXTS)), "make translations"
