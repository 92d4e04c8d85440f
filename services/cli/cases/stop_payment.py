"""`fanzha cases`: hand a person who has paid to the stop-payment desk, and record its receipt."""

from __future__ import annotations

from typing import Annotated

import typer

from fanzha.v1 import case_pb2 as pb
from services.cli._common.options import DEFAULT_WARNING_TARGET, AsJson, By, WarningTarget
from services.cli.cases import display
from services.cli.cases.options import CaseId, Revision, server


def stop_payment(
    case_id: CaseId,
    said: Annotated[
        str, typer.Argument(help="What the person said: how much, when, to whom; in quotes.")
    ],
    revision: Revision = None,
    by: By = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Refer a person who has paid to the stop-payment desk (止付), once per case.

    The file is sent at once; `show` tells whether it arrived. Fanzha itself freezes no account.
    """
    request = pb.RequestStopPaymentRequest(case_id=case_id, said=said, revision=revision, by=by)
    with server(target) as stub:
        display.tell(stub.RequestStopPayment(request).found, as_json=as_json)


def receipt(
    case_id: CaseId,
    number: Annotated[
        str, typer.Argument(help="The desk's receipt number, or who took it and when.")
    ],
    revision: Revision = None,
    by: By = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Record the receipt of the stop-payment desk; `list --awaits-receipt` shows who lacks one."""
    request = pb.RecordStopPaymentReceiptRequest(
        case_id=case_id, receipt=number, revision=revision, by=by
    )
    with server(target) as stub:
        display.tell(stub.RecordStopPaymentReceipt(request).found, as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add these commands to `fanzha cases`."""
    app.command("stop-payment")(stop_payment)
    app.command("receipt")(receipt)
