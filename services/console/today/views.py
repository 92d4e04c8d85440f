"""The Today page: the day at a glance, live: traffic, blocks, warnings, health, what waits."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from fanzha.v1 import decision_log_pb2, decision_pb2, model_pb2, warning_report_pb2
from infra.clock import now_ms
from services.console.backend.faults import BackendFault
from services.console.today import figures, health, queues
from services.console.today.figures import HOUR_MS, MINUTE_MS, TrafficFigures
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, PageRoute

_TRAFFIC, _REPORT = "DecisionLogService/GetTraffic", "WarningReportService/GetWarningReport"
PERIODS = {
    "1h": (gettext_noop("Last hour"), HOUR_MS, MINUTE_MS),
    "24h": (gettext_noop("Last 24 hours"), 24 * HOUR_MS, HOUR_MS),
    "7d": (gettext_noop("Last 7 days"), 7 * 24 * HOUR_MS, 6 * HOUR_MS),
}
"""By the word in the address: its text, its length, and the buckets of its chart."""
DEFAULT_PERIOD = "24h"
TURN_SECONDS = 3.0
_SLOW_TURNS = 5
"""Queues and health are asked every fifth time."""
_WORDS = {
    "enum": {
        "Channel": decision_pb2.Channel,
        "Reason": decision_pb2.Reason,
        "FraudType": decision_pb2.FraudType,
        "ModelKind": model_pb2.ModelKind,
    }
}
"""Enums whose words templates write."""


async def show(visit: PageRequest) -> Response:
    """Show the page as it is now; it goes on live."""
    period = _period(visit)
    traffic, waiting, state = await asyncio.gather(
        _traffic(visit, period), queues.of(visit), health.of(visit)
    )
    return await visit.show(
        "today/page.html",
        period=period,
        periods=PERIODS,
        **_traffic_values(visit, period, traffic),
        **_state_values(visit, waiting, state),
        may_report=visit.may(_REPORT),
    )


async def events(visit: PageRequest) -> Response:
    """Send the parts of the page anew, every few seconds."""
    period = _period(visit)

    async def parts() -> AsyncIterator[tuple[str, str]]:
        turn = 0
        while True:
            await asyncio.sleep(TURN_SECONDS)
            turn += 1
            traffic = await _traffic(visit, period)
            yield (
                "traffic",
                visit.part("today/traffic.html", **_traffic_values(visit, period, traffic)),
            )
            if turn % _SLOW_TURNS == 0:
                waiting, state = await asyncio.gather(queues.of(visit), health.of(visit))
                values = _state_values(visit, waiting, state)
                yield "waiting", visit.part("today/waiting.html", **values, **_WORDS)
                yield "health", visit.part("today/health.html", **values, **_WORDS)

    return visit.events(parts())


async def warnings(visit: PageRequest) -> Response:
    """Show what became of the cases of the last day; counted while the rest is read already."""
    request = warning_report_pb2.GetWarningReportRequest(since_ms=now_ms() - 24 * HOUR_MS)
    report, fault = None, ""
    try:
        async for answer in visit.calls.stream(_REPORT, request, deadline_seconds=30):
            if answer.HasField("report"):
                report = answer.report
    except BackendFault as error:
        fault = error.message
    return await visit.show("today/warnings.html", report=report, fault=fault)


async def _traffic(visit: PageRequest, period: str) -> TrafficFigures | str:
    """Return the figures, or why there are none."""
    _, length_ms, bucket_ms = PERIODS[period]
    request = decision_log_pb2.GetTrafficRequest(
        since_ms=now_ms() - length_ms, bucket_minutes=bucket_ms // MINUTE_MS
    )
    try:
        return figures.of(await visit.calls.unary(_TRAFFIC, request), bucket_ms)
    except BackendFault as fault:
        if fault.status == "UNAUTHENTICATED":
            raise
        return fault.message


def _traffic_values(visit: PageRequest, period: str, found: TrafficFigures | str) -> dict[str, Any]:
    if isinstance(found, str):
        return {"traffic": None, "traffic_fault": found, "chart": "", **_WORDS}
    return {
        "traffic": found,
        "traffic_fault": "",
        "chart": json.dumps(_chart(visit, period, found), ensure_ascii=False),
        **_WORDS,
    }


def _chart(visit: PageRequest, period: str, found: TrafficFigures) -> dict[str, Any]:
    """Return what `charts.js` draws: bars of traffic by channel, a line of what was blocked."""
    formats = visit.formats
    with_day = PERIODS[period][2] >= HOUR_MS
    names = {one: formats.word(one, decision_pb2.Channel) for one in figures.CHANNELS}
    bars = [
        {"name": names[channel], "values": found.series[channel], "stack": "all"}
        for channel in figures.CHANNELS
    ]
    line = {
        "name": formats.localized(Message("blocked")),
        "values": found.series[0],
        "kind": "line",
        "right": True,
    }
    return {
        "x": [
            formats.time(at, seconds=False)[5 if with_day else 11 : 16] for at in found.starts_ms
        ],
        "series": [*bars, line],
    }


def _state_values(
    visit: PageRequest, waiting: list[queues.WaitingQueue], state: health.ServiceHealth
) -> dict[str, Any]:
    open_pages = {one.path for one in visit.parts.pages if one.is_open_to(visit.session)}
    return {
        "queues": waiting,
        "open_pages": open_pages,
        "health": state,
    }


def _period(visit: PageRequest) -> str:
    period = visit.query.get("period", "")
    return period if period in PERIODS else DEFAULT_PERIOD


PAGE = ConsolePage(
    name="today",
    title=gettext_noop("Today"),
    key="t",
    needs=(_TRAFFIC,),
    routes=(
        PageRoute(path="", view=show),
        PageRoute(path="/events", view=events),
        PageRoute(path="/warnings", view=warnings, needs=(_REPORT,)),
    ),
)
