"""Translates finished sentences that others made: by the template that a sentence came from."""

import re
from collections.abc import Sequence
from functools import cached_property

from fanzha.translation.catalogue import gettext


class SentenceTemplates:
    """Keys of the catalogues with named places; more specific ones first.

    *nested* is the place that may hold a sentence of its own.
    """

    def __init__(self, templates: Sequence[str], *, nested: str) -> None:
        self.templates = tuple(templates)
        self._nested = nested

    def translated(self, sentence: str) -> str:
        """Return *sentence* in the language of the process; as it is where no template fits."""
        for template, expression in self._expressions:
            found = expression.fullmatch(sentence)
            if found is not None:
                values = found.groupdict()
                if self._nested in values:
                    values[self._nested] = self.translated(values[self._nested])
                return gettext(template, **values)
        return sentence

    @cached_property
    def _expressions(self) -> Sequence[tuple[str, re.Pattern[str]]]:
        return [(template, _expression(template)) for template in self.templates]


def _expression(template: str) -> re.Pattern[str]:
    pieces = re.split(r"\\\{(\w+)\\\}", re.escape(template))
    pieces[1::2] = [f"(?P<{name}>.+?)" for name in pieces[1::2]]
    return re.compile("".join(pieces), re.DOTALL)
