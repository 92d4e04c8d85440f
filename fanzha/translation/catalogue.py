"""Texts for people in the language of the process, from GNU gettext catalogues.

English texts are the keys, so English needs no catalogue. Values are put into a text by name, as
`str.format` does: ``gettext("no entry matches, in version {version}", version=7)``. Chinese is in
`locale/`, made by `make translations`; ADR 32 says why so.
"""

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Protocol, runtime_checkable

DOMAIN = "fanzha"
FOLDER = Path(__file__).parent / "locale"
LOCALES = {"en": "", "zh": "zh_CN"}
"""Folder of the catalogue of each language; English has none."""
ENGLISH = "en"
VARIABLE = "FANZHA_LANGUAGE"
_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


@runtime_checkable
class Translatable(Protocol):
    """A value inside a text that is a text of ours itself."""

    def translated(self, language: str) -> str:
        """Return it in *language*."""
        ...


class _Process:
    """The language of this process."""

    language = ENGLISH


def use(language: str) -> None:
    """Print texts of this process in *language*, one of `LOCALES`, from now on."""
    if language not in LOCALES:
        raise ValueError(f"{language!r} is none of {', '.join(LOCALES)}")
    _Process.language = language


def language() -> str:
    """Return the language of this process."""
    return _Process.language


def language_of(environment: Mapping[str, str]) -> str:
    """Return the language that a user's *environment* asks for; English where it asks for none.

    `FANZHA_LANGUAGE` counts first; a value that is no language of ours is passed over.
    """
    chosen = known_language(environment.get(VARIABLE, ""))
    if chosen:
        return chosen
    # As POSIX has it, the first variable that is set decides, whether we have its language or not.
    first = next((environment[name] for name in _LOCALE_VARIABLES if environment.get(name)), "")
    return known_language(first) or ENGLISH


def known_language(tag: str) -> str:
    """Return the language of ours that ``zh-CN`` or ``zh_CN.UTF-8`` names; empty for others."""
    short = tag.strip().lower().replace("_", "-").partition(".")[0].partition("-")[0]
    return short if short in LOCALES else ""


def gettext(message: str, /, **values: object) -> str:
    """Return *message* in the language of this process, with *values* in its places."""
    return translated(message, values, _Process.language)


def gettext_noop(message: str) -> str:
    """Return *message* as it is: marks a key that is translated where it is shown."""
    return message


def ngettext(singular: str, plural: str, /, *, count: int, **values: object) -> str:
    """Return the form of a text that fits *count*, which the text may name as ``{count}``."""
    text = catalogue(_Process.language).ngettext(singular, plural, count)
    return text.format_map({**values, "count": count})


def pgettext(context: str, message: str) -> str:
    """Return a word of *context*, such as the name of an enum, in the language of this process."""
    return catalogue(_Process.language).pgettext(context, message)


def translated(message: str, values: Mapping[str, object], language: str) -> str:
    """Return *message* in *language*, with *values*, of which texts of ours are translated, too."""
    text = catalogue(language).gettext(message) if message else ""
    if not values:
        return text
    return text.format_map(
        {
            name: value.translated(language) if isinstance(value, Translatable) else value
            for name, value in values.items()
        }
    )


@cache
def catalogue(language: str) -> NullTranslations:
    """Return the catalogue of *language*, read when first asked for."""
    locale = LOCALES[language]
    if not locale:
        return NullTranslations()
    with (FOLDER / locale / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        return GNUTranslations(file)
