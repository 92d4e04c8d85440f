"""`fanzha blocklist critical`: names and numbers that many depend on."""

from __future__ import annotations

from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import blocklist_pb2 as pb
from services.cli._common.console import out, print_json
from services.cli._common.enum_words import enum_word
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.tables import RowTable
from services.cli.lists.options import server


def critical(
    pattern: Annotated[
        str,
        typer.Argument(help="A number, range, host or URL: what would a block of it hit?"),
    ] = "",
    category: Annotated[
        str, typer.Option("--category", help="Only this category, such as bank.")
    ] = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show names and numbers that one person cannot block in passing, or what a block would hit."""
    request = pb.ListCriticalRequest(pattern=pattern, category=category)
    with server(target) as stub:
        answer = stub.ListCritical(request)
    if as_json:
        print_json(answer)
        return
    for risk in answer.risks:
        out.print(
            gettext("a block of {pattern} would hit {risk}", pattern=pattern, risk=risk),
            soft_wrap=True,
        )
    if pattern and not answer.risks:
        out.print(
            gettext("a block of {pattern} would hit nothing critical", pattern=pattern),
            soft_wrap=True,
        )
    if answer.items:
        _show(answer)
    if not pattern:
        limit = answer.range_subscribers_limit
        out.print(
            gettext(
                "{items:,} shown; ranges of over {limit:,} subscribers are, too",
                items=len(answer.items),
                limit=limit,
            )
        )


def _show(answer: pb.ListCriticalResponse) -> None:
    table = RowTable()
    for name in ("pattern", "category", "owner", "source", "checked"):
        table.add_column(gettext(name), prose=name in ("owner", "source"))
    for item in answer.items:
        pattern = (
            gettext("{pattern} (users below)", pattern=item.pattern)
            if item.users_below
            else item.pattern
        )
        source = gettext("{source} (own file)", source=item.source) if item.own else item.source
        table.add_row(
            pattern, enum_word("critical_category", item.category), item.owner, source, item.checked
        )
    table.print()
