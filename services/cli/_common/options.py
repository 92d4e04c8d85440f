"""Options that commands share, so that one option has one name, one help and one meaning.

A command lists its own options first, then, of these, in this order: reason or note, by, limit,
after, language, target, timeout, json. `tests/unit/services/cli/test_common_options.py` holds all
commands to it.
"""

import getpass
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import language
from services.cli._common import addresses

Member = TypeVar("Member")

DEFAULT_TARGET = "127.0.0.1:7362"
DEFAULT_WARNING_TARGET = "127.0.0.1:7365"
DEFAULT_DECISION_TARGET = "127.0.0.1:7361"


def login() -> str:
    """Return the login name of the user; empty if there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _or_login(given: str) -> str:
    return given or login()


Reason = Annotated[str, typer.Option("--reason", help="Why, for the record.")]
Note = Annotated[str, typer.Option("--note", help="A remark, for the record.")]
By = Annotated[
    str,
    typer.Option(
        "--by",
        callback=_or_login,
        help="Author; ignored with authentication on, where your identity counts.",
        show_default="your login",
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Most rows shown.")]
After = Annotated[
    str, typer.Option("--after", help="Continue after a list that ended with this token.")
]
LanguageWord = Annotated[str, typer.Option("--language", help="zh or en.")]
Target = Annotated[
    str,
    typer.Option(
        "--target",
        envvar="FANZHA_ADMIN_TARGET",
        callback=addresses.resolved,
        help="Address of list administration.",
    ),
]
WarningTarget = Annotated[
    str,
    typer.Option(
        "--target",
        envvar="FANZHA_WARNING_TARGET",
        callback=addresses.resolved,
        help="Address of the warning pipeline.",
    ),
]
DecisionTarget = Annotated[
    str,
    typer.Option(
        "--target",
        envvar="FANZHA_TARGET",
        callback=addresses.resolved,
        help="Address of an interception server.",
    ),
]
Timeout = Annotated[
    float, typer.Option("--timeout", min=0.01, help="Seconds to wait for the answer.")
]
Live = Annotated[
    bool,
    typer.Option(
        "--live",
        help="Decide as live traffic is: recorded, counted, and people may be warned of it. "
        "Otherwise nothing is recorded.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
"""Of commands that take something away or change what decides: see `confirmation.agree`."""
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only count.")]


def read(word: str, reader: Callable[[str], Member], option: str) -> Member | None:
    """Read the word of an option, None for an empty one; a wrong one is a usage error."""
    if not word:
        return None
    try:
        return reader(word)
    except InvalidInput as error:
        raise typer.BadParameter(error.translated(language()), param_hint=option) from None


def enum(word: str, reader: Callable[[str], Any], option: str) -> Any:
    """Read the word of an option as a number of the wire; 0 for an empty one."""
    member = read(word, reader, option)
    return 0 if member is None else int(member)
