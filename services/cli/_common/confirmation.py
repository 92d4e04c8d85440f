"""Confirms what a command would do: at a terminal, or by `--yes` and `--confirm`.

`agree` is for commands that take something away or change what decides: they show first what they
would do; `act_on_known` does that for one thing with a revision. `call` is for what a change would
hit that many depend on, and for entries that it would replace, which `--yes` does not confirm.
"""

import shlex
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import grpc
import typer

from fanzha import client
from fanzha.translation.catalogue import gettext
from services.cli._common.console import err, fail
from services.cli._common.exit_status import ExitStatus
from services.cli._common.plain_text import visible
from services.cli._common.server import ServerOf

Answer = TypeVar("Answer")
Known = TypeVar("Known")

Confirm = Annotated[
    list[str] | None,
    typer.Option(
        "--confirm",
        help="A risk that you confirm, such as 'icbc.com.cn (bank)', exactly as the refusal names "
        "it; may be repeated. A terminal asks.",
    ),
]


def call(
    server: ServerOf[Any],
    target: str,
    send: Callable[[Any], Answer],
    request: Any,
    confirm: Sequence[str] | None,
    *,
    doing: str = "",
) -> Answer:
    """Call *send* with a stub; *request* is what it sends, and gets what is confirmed.

    Where the server names risks that are not confirmed, or entries that would be replaced, a
    terminal asks for each; elsewhere the command fails and says how to confirm them.
    """
    request.confirmed_risks.extend(confirm or ())
    while True:
        with server(target, doing) as stub:
            try:
                return send(stub)
            except grpc.RpcError as error:
                risks, differences = (
                    client.unconfirmed_risks(error),
                    client.unconfirmed_replacements(error),
                )
                if not risks and not differences:
                    raise
        if differences:
            _ask_to_replace(differences)
            request.replace = True
        else:
            _ask(risks)
            request.confirmed_risks.extend(risks)


def agree(question: str, *, yes: bool) -> None:
    """Return if *yes*, or if the user of a terminal says yes to *question*; else end the command.

    Without a terminal nobody can be asked, so that a script must say `--yes`.
    """
    if yes:
        return
    if not at_terminal():
        fail(
            gettext(
                "{question} Nothing changed: there is no terminal to ask at, so say --yes",
                question=question,
            ),
        )
    if not _confirmed(visible(question)):
        fail(gettext("not confirmed; nothing changed"), status=ExitStatus.REFUSED)


def act_on_known(
    server: ServerOf[Any],
    target: str,
    *,
    read: Callable[[Any], Known],
    show: Callable[[Known], None],
    question: str,
    act: Callable[[Any, Known], Answer],
    yes: bool,
) -> Answer:
    """Read what there is, show it and ask, then *act* on it as it was shown.

    *act* sends the revision of what was read, so that nobody agrees to something else.
    """
    with server(target) as stub:
        known = read(stub)
    if not yes:
        show(known)
        agree(question, yes=yes)
    with server(target) as stub:
        return act(stub, known)


def _confirmed(question: str) -> bool:
    """Ask a yes-or-no question; Ctrl-C and the end of the input are a no."""
    try:
        return bool(typer.confirm(question, default=False, err=True))
    except typer.Abort:
        return False


def at_terminal() -> bool:
    """Return whether a person can be asked."""
    return sys.stdin.isatty()


def show_unreviewed(risks: Sequence[str]) -> None:
    """Say on standard error what was confirmed by one person and reviewed by none."""
    if risks:
        err.print(gettext("UNREVIEWED, confirmed by one person: {risks}", risks=", ".join(risks)),
                  style="red", soft_wrap=True)  # fmt: skip


def _ask_to_replace(differences: Sequence[str]) -> None:
    err.print(gettext("The lists have these with other contents:"))
    for difference in differences:
        err.print(f"  {difference}", markup=False, soft_wrap=True)
    if not at_terminal():
        fail(gettext("nothing changed; to replace them: --replace"), status=ExitStatus.REFUSED)
    if not _confirmed(gettext("Replace them?")):
        fail(gettext("not confirmed; nothing changed"), status=ExitStatus.REFUSED)


def _ask(risks: Sequence[str]) -> None:
    if not at_terminal():
        options = " ".join(f"--confirm {shlex.quote(risk)}" for risk in risks)
        fail(
            gettext(
                "no second person reviews this change, and it would hit {risks}; nothing "
                "changed. To do it all the same: {options}",
                risks=", ".join(risks),
                options=options,
            ),
            status=ExitStatus.REFUSED,
        )
    err.print(gettext("No second person reviews this change, and it would hit:"))
    for risk in risks:
        err.print(f"  {risk}", style="red", soft_wrap=True)
    for risk in risks:
        name = risk.partition(" ")[0]
        question = visible(gettext("Type {name} to go on", name=name))
        try:
            typed = typer.prompt(question, default="", show_default=False, err=True)
        except typer.Abort:
            typed = ""
        if typed.strip() not in (name, risk):
            fail(gettext("not confirmed; nothing changed"), status=ExitStatus.REFUSED)
