"""How a command waits for a report that is made from all cases: a stream of how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fanzha.translation.catalogue import gettext
from services.cli._common.console import fail, progress
from services.cli._common.exit_status import ExitStatus
from services.cli._common.server import ServerOf

DEADLINE_SECONDS = 3600.0
"""Some minutes are enough for millions of cases; another report may be before this one."""


def finished_report(
    server: ServerOf[Any], target: str, method: str, request: Any, *, part: str = "report"
) -> Any:
    """Call a streaming *method*, show its progress, and return the *part* that comes last.

    Each answer says how many cases were ``examined`` of those ``expected``.
    """
    with server(target) as stub, progress() as bar:
        task = bar.add_task(gettext("looking at cases"), total=None, note="")
        call: Callable[..., Iterable[Any]] = getattr(stub, method)
        for one in call(request, timeout=DEADLINE_SECONDS):
            bar.update(task, completed=one.examined, total=one.expected, note=f"{one.examined:,}")
            if one.HasField(part):
                break
        else:
            fail(
                gettext("{target} ended without a report", target=target),
                status=ExitStatus.UNREACHABLE,
            )
    return getattr(one, part)
