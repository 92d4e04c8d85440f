"""Writes reports on groups at risk as messages."""

from classifiers.evaluation.metrics import Interval
from fanzha.v1 import warning_report_pb2 as pb
from services.warning.reports.group_risks import GroupAtRisk, RateRatio, TargetingReport


def report(one: TargetingReport) -> pb.TargetingReport:
    """Write a report."""
    return pb.TargetingReport(
        since_ms=one.since_ms,
        until_ms=one.until_ms,
        before_ms=one.before_ms,
        population=one.population,
        all=_group(one.all),
        groups=map(_group, one.groups),
        without_group=one.without_group or 0,
        without_group_suppressed=one.without_group is None,
    )


def _group(one: GroupAtRisk) -> pb.GroupRisk:
    return pb.GroupRisk(
        name=one.name,
        suppressed=one.suppressed,
        population=one.population,
        people=one.people,
        people_before=one.people_before,
        cases=one.cases,
        lost=one.lost,
        lost_fen=one.lost_fen or 0,
        lost_fen_suppressed=one.lost_fen is None,
        rate=_ratio(one.rate),
        drift=_ratio(one.drift),
        lost_share=_share(one.lost_share),
        in_time_share=_share(one.in_time_share),
        reached_share=_share(one.reached_share),
        late=one.late,
        unreached=one.unreached,
        false_alarm_share=_share(one.false_alarm_share),
        overwarned=one.overwarned,
    )


def _ratio(one: RateRatio | None) -> pb.RateRatio | None:
    return None if one is None else pb.RateRatio(ratio=one.ratio, low=one.low, high=one.high)


def _share(one: Interval | None) -> pb.ShareInterval | None:
    return None if one is None else pb.ShareInterval(low=one.low, high=one.high)
