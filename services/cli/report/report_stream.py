"""The server of reports, and how a command waits for one that is made from all cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fanzha.translation.catalogue import gettext
from fanzha.v1 import warning_report_pb2_grpc
from services.cli._common.console import fail, progress
from services.cli._common.exit_status import ExitStatus
from services.cli._common.server import ServerOf

server = ServerOf(lambda: warning_report_pb2_grpc.WarningReportServiceStub)
_DEADLINE_SECONDS = 3600.0
"""Some minutes are enough for millions of cases; another report may be before this one."""


def finished_report(target: str, method: str, request: Any) -> Any:
    """Call a streaming *method*, show its progress, and return its report, which comes last."""
    with server(target) as stub, progress() as bar:
        task = bar.add_task(gettext("looking at cases"), total=None, note="")
        call: Callable[..., Iterable[Any]] = getattr(stub, method)
        for one in call(request, timeout=_DEADLINE_SECONDS):
            bar.update(task, completed=one.examined, total=one.expected, note=f"{one.examined:,}")
            if one.HasField("report"):
                break
        else:
            fail(
                gettext("{target} ended without a report", target=target),
                status=ExitStatus.UNREACHABLE,
            )
    return one.report
