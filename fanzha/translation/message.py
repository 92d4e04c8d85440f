"""A text that servers store and log in English, and that answers may carry in another language."""

from collections.abc import Iterable, Mapping
from typing import Self

from fanzha.translation import catalogue


class Message(str):
    """The English text, which also knows how it is said in the language of a caller.

    It is a `str` wherever one is needed; what it was made of is lost once it is stored.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Put *values* into the places of *template*, which the catalogues have as a key."""
        made = super().__new__(cls, catalogue.translated(template, values, catalogue.ENGLISH))
        made.template, made.values = template, values
        return made

    def translated(self, language: str) -> str:
        """Return it in *language*."""
        return catalogue.translated(self.template, self.values, language)


class Messages:
    """Texts in one place of another text, with *separator* between them."""

    def __init__(self, texts: Iterable[str], separator: str) -> None:
        self._texts = tuple(texts)
        self._separator = separator

    def translated(self, language: str) -> str:
        """Return them in *language*."""
        return self._separator.join(localized(text, language) for text in self._texts)


def localized(text: str, language: str) -> str:
    """Return *text* in *language* where it is a `Message`; any other text as it is."""
    return text.translated(language) if isinstance(text, Message) else text
