"""`fanzha risk`: how much is known against numbers, over gRPC."""

from __future__ import annotations

from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import risk_pb2 as pb
from fanzha.v1 import risk_pb2_grpc
from services.cli._common.console import print_json
from services.cli._common.enum_words import enum_word, shown_word
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.server import ServerOf
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import day

_server = ServerOf(lambda: risk_pb2_grpc.RiskServiceStub)
_Numbers = Annotated[list[str], typer.Argument(help="1 to 100 telephone numbers.")]
_Purpose = Annotated[str, typer.Option("--purpose", help="Purpose of the request; it is recorded.")]


def risk(
    numbers: _Numbers,
    purpose: _Purpose = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show how much is known against numbers: none, medium, high or very high.

    It is a reason to verify the person behind a payment again, not to refuse the payment.
    """
    with _server(target) as stub:
        answer = stub.RateNumbers(pb.RateNumbersRequest(numbers=numbers, purpose=purpose))
    if as_json:
        print_json(answer)
        return
    table = RowTable()
    for head in ("number", "risk", "why", "since"):
        table.add_column(gettext(head), prose=head == "why")
    for number, one in zip(numbers, answer.risks, strict=False):
        why = ", ".join(enum_word("risk_reason", reason) for reason in one.reasons)
        table.add_row(
            number,
            gettext("no telephone number")
            if one.unreadable
            else shown_word(pb.RiskRating, one.rating),
            why,
            day(one.since_ms // 1000) if one.since_ms else "",
        )
    table.print()
