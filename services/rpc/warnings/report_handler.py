"""Serves WarningReportService: makes the report on warnings."""

from collections.abc import AsyncIterator

from fanzha.errors import InvalidInput
from fanzha.v1 import warning_report_pb2 as pb
from fanzha.v1 import warning_report_pb2_grpc as pb_grpc
from services.rpc.warnings import group_risk_messages, map_messages
from services.warning.reports.group_risks import TargetingService
from services.warning.reports.map_service import MapService
from services.warning.reports.model import CaseFigures, DelayHistogram
from services.warning.reports.service import (
    DEFAULT_MINUTES,
    ReportGrouping,
    ReportRequest,
    ReportService,
    WarningReport,
)

_PLAIN = [field.name for field in pb.WarningFigures.DESCRIPTOR.fields if field.message_type is None]
"""Fields of the same name in `CaseFigures`; a share of zero cases is absent."""


class WarningReportServicer(pb_grpc.WarningReportServiceServicer):
    """Reports on warnings. Errors become statuses in the error interceptor."""

    def __init__(
        self, reporting: ReportService, maps: MapService, targeting: TargetingService
    ) -> None:
        self._reporting = reporting
        self._maps = maps
        self._targeting = targeting

    async def GetWarningReport(
        self, request: pb.GetWarningReportRequest, context: object
    ) -> AsyncIterator[pb.GetWarningReportResponse]:
        async for one in self._reporting.make(_report_request(request)):
            yield pb.GetWarningReportResponse(
                examined=one.examined,
                expected=one.expected,
                report=_report(one.report) if one.report else None,
            )

    async def GetFraudMap(
        self, request: pb.GetFraudMapRequest, context: object
    ) -> pb.GetFraudMapResponse:
        return map_messages.answer(await self._maps.make(map_messages.asked(request)))

    async def GetTargetingReport(
        self, request: pb.GetTargetingReportRequest, context: object
    ) -> AsyncIterator[pb.GetTargetingReportResponse]:
        if not request.since_ms:
            raise InvalidInput("since_ms: required")
        wanted = ReportRequest(
            since_ms=request.since_ms,
            until_ms=request.until_ms,
            minutes=request.minutes or DEFAULT_MINUTES,
            region=request.region,
        )
        async for one in self._targeting.make(wanted):
            yield pb.GetTargetingReportResponse(
                examined=one.examined,
                expected=one.expected,
                report=group_risk_messages.report(one.report) if one.report else None,
            )


def _report_request(request: pb.GetWarningReportRequest) -> ReportRequest:
    try:
        by = ReportGrouping(request.by)
    except ValueError:
        raise InvalidInput("by: unknown number {by}", by=request.by) from None
    return ReportRequest(
        since_ms=request.since_ms,
        until_ms=request.until_ms,
        by=by,
        minutes=request.minutes or DEFAULT_MINUTES,
        region=request.region,
    )


def _report(report: WarningReport) -> pb.WarningReport:
    return pb.WarningReport(
        made_at_ms=report.made_at_ms,
        since_ms=report.since_ms,
        until_ms=report.until_ms,
        minutes=report.minutes,
        all=_figures(report.all),
        groups=[
            pb.WarningGroup(name=name, figures=_figures(figures))
            for name, figures in sorted(report.groups.items())
        ],
        without_group=report.without_group,
    )


def _figures(figures: CaseFigures) -> pb.WarningFigures:
    written = pb.WarningFigures(
        event_to_warned=_delay(figures.event_to_warned),
        intake_to_warned=_delay(figures.intake_to_warned),
    )
    for name in _PLAIN:
        value = getattr(figures, name)
        if value is not None:
            setattr(written, name, value)
    return written


def _delay(delays: DelayHistogram) -> pb.WarningDelay:
    return pb.WarningDelay(
        count=delays.count, median_seconds=delays.within(0.5), p90_seconds=delays.within(0.9)
    )
