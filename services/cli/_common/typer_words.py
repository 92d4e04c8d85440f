"""What typer and pydantic say about a command line, as keys of our catalogues.

Typer takes the words around help from gettext, in the domain of the process. Its sentences are
fixed in its code, so a finished one is matched with its template here. A sentence without one stays
in English: a test runs all kinds of wrong command lines.
"""

import gettext as standard
import os
import re
from collections.abc import Sequence
from functools import cached_property

from fanzha.translation import catalogue
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


TEMPLATES = SentenceTemplates(
    (
        "Usage: ",
        "Show this message and exit.",
        "Invalid value for {hint} (env var: {variable}): {message}",
        "Invalid value for {hint}: {message}",
        "Invalid value: {message}",
        "Missing argument {hint}.",
        "Missing option {hint} (env var: {variable}).",
        "Missing option {hint}.",
        "No such option: {option} (Possible options: {options})",
        "No such option: {option}",
        "No such command {name}. Did you mean {names}?",
        "No such command {name}.",
        "Option {option} requires an argument.",
        "Option {option} requires {number} arguments.",
        "Option {option} does not take a value.",
        "Argument {option} takes {number} values.",
        "Got unexpected extra argument(s) ({arguments})",
        "Could not open file {name}: {message}",
        "Missing command.",
        "Input should be a valid integer, unable to parse string as an integer",
        "Input should be a valid number, unable to parse string as a number",
        "Input should be a finite number",
        "Unable to parse input string as an integer, exceeded maximum size",
        "Input should be greater than or equal to {number}",
        "Input should be less than or equal to {number}",
        "Value error, {value} is not one of {values}.",
        "file {name} does not exist.",
        "directory {name} does not exist.",
        "dir {name} does not exist.",
        "dir {name} is a file.",
        "path {name} does not exist.",
        "file {name} is a directory.",
        "directory {name} is a file.",
        "path {name} is not readable.",
        "file {name} is not readable.",
    ),
    nested="message",
)


def install() -> None:
    """Let typer find our catalogue; it must not have printed anything yet."""
    os.environ["LANGUAGE"] = catalogue.LOCALES[catalogue.language()]
    standard.bindtextdomain(catalogue.DOMAIN, str(catalogue.FOLDER))
    standard.textdomain(catalogue.DOMAIN)


def translated(sentence: str) -> str:
    """Return a sentence of typer or pydantic in the language of the process."""
    return TEMPLATES.translated(sentence)
