"""A text that servers store and log in English, and that answers may carry in another language."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Self

from fanzha.translation import catalogue

_TEMPLATE, _VALUES = "message", "values"
_PLAIN = frozenset((str, int, float, bool))


class Message(str):
    """The English text, which also knows how it is said in the language of a caller.

    It is a `str` wherever one is needed. JSON keeps what it was made of through `as_json`.
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


def alternatives(words: Sequence[str]) -> str:
    """Return ``a or b or c``; the one word where there is but one."""
    first, *rest = words
    if not rest:
        return first
    return Message("{first} or {rest}", first=first, rest=alternatives(rest))


def as_json(value: Any) -> Any:
    """Return a JSON tree in which each `Message` is an object that `of_json` reads back.

    Of a dataclass, its fields: as `dataclasses.asdict`, which copies every value first.
    """
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, Message):
        return {_TEMPLATE: value.template, _VALUES: as_json(dict(value.values))}
    if isinstance(value, Mapping):
        return {name: as_json(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: as_json(getattr(value, one.name)) for one in fields(value)}
    return value


def of_json(value: Any) -> Any:
    """Return a tree in which the objects of `as_json` are messages again."""
    if isinstance(value, dict):
        if value.keys() == {_TEMPLATE, _VALUES}:
            return Message(value[_TEMPLATE], **of_json(value[_VALUES]))
        return {name: of_json(one) for name, one in value.items()}
    return [of_json(one) for one in value] if isinstance(value, list) else value


def localized(text: str, language: str) -> str:
    """Return *text* in *language* where it is a `Message`; any other text as it is."""
    return text.translated(language) if isinstance(text, Message) else text
