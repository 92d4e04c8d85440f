"""Says the help of commands, and what typer finds wrong with a command line, in Chinese.

Help stands in the commands in English: nothing has to be marked. A command is translated when it
is loaded, and `tools.translation` finds its texts by the same walk over it. What typer says itself
is translated by `typer_words`.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from fanzha.translation import catalogue
from services.cli._common import line_breaks, typer_words
from services.cli._common.plain_text import visible

_OF_COMMANDS = ("help", "short_help", "options_metavar", "subcommand_metavar")
_OF_PARAMETERS = ("help", "metavar", "rich_help_panel", "show_default", "prompt")


class TranslatedContext(typer.Context):
    """The context of a translated command: its usage line is translated, too."""

    def make_formatter(self) -> Any:
        """Return what writes help and usage."""
        formatter: Any = super().make_formatter()
        usage = catalogue.gettext("Usage: ")
        formatter.write_usage = partial(formatter.write_usage, prefix=usage)
        return formatter


class TranslatedUsageError(typer.BadParameter):
    """An error of typer, translated as a whole."""

    def format_message(self) -> str:
        """Return it without typer's words around it."""
        return self.message


def texts(command: Any) -> Iterator[tuple[Any, str]]:
    """Yield the holder and the attribute of each text of *command* and of the loaded ones in it."""
    context = typer.Context(command)
    parts: list[tuple[Any, tuple[str, ...]]] = [(command, _OF_COMMANDS)]
    parts += [(one, _OF_PARAMETERS) for one in command.get_params(context)]
    for holder, names in parts:
        for name in names:
            text = getattr(holder, name, None)
            if isinstance(text, str) and text:
                yield holder, name
    if isinstance(command, TyperGroup) and isinstance(command.commands, dict):
        for inner in command.commands.values():
            yield from texts(inner)


def translate(command: Any) -> None:
    """Put the texts of *command* into the language of the process."""
    if catalogue.language() == catalogue.ENGLISH:
        return
    typer_words.install()
    line_breaks.install()
    for holder, name in list(texts(command)):
        setattr(holder, name, catalogue.gettext(getattr(holder, name)))
    _set_context(command)


def _set_context(command: Any) -> None:
    command.context_class = TranslatedContext
    if isinstance(command, TyperGroup) and isinstance(command.commands, dict):
        for inner in command.commands.values():
            _set_context(inner)


def use_language_of(arguments: Sequence[str], commands: Sequence[str]) -> None:
    """Use the language that ``--language`` before the command names, if it is one of ours.

    Read before typer reads it, because typer answers ``--help`` first.
    """
    for place, argument in enumerate(arguments):
        if argument in commands:
            return
        option, _, value = argument.partition("=")
        if option == "--language":
            value = value or "".join(arguments[place + 1 : place + 2])
            if value in catalogue.LOCALES:
                catalogue.use(value)
            return


def translated_error(error: TyperException) -> TyperException:
    """Return *error* in the language of the process; help is no error and stays as it is.

    What it quotes of the command line cannot control a terminal.
    """
    if isinstance(error, TranslatedUsageError) or type(error).__name__ == "NoArgsIsHelpError":
        return error
    original = error.format_message()
    english = catalogue.language() == catalogue.ENGLISH
    message = visible(original if english else typer_words.translated(original))
    if english and message == original:
        return error
    context = getattr(error, "ctx", None)
    made = TranslatedUsageError(message, ctx=context)
    made.exit_code = error.exit_code
    return made
