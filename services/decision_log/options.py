"""The settings of the decision log."""

from pathlib import Path
from typing import TYPE_CHECKING

from fanzha.phone import HomePlan
from infra.data_paths import DECISIONS
from services.decision_log import schema
from services.decision_log.log import LogOptions
from services.decision_log.maintenance import RetentionLimits
from services.settings.settings import Settings

if TYPE_CHECKING:
    from services.decision_log.query import DecisionQuery


def folder(settings: Settings) -> Path:
    """Return the folder of the decision log."""
    return settings.decision_log_dir or settings.data_dir / DECISIONS


def query(settings: Settings) -> "DecisionQuery | None":
    """Return the query interface of the log; None where nothing is logged."""
    from services.decision_log.query import DecisionQuery  # noqa: PLC0415 - workers never ask

    if not settings.decision_log_enabled:
        return None
    return DecisionQuery(
        folder(settings),
        HomePlan(settings.home_country),
        memory=settings.decision_log_query_memory,
    )


def of_worker(settings: Settings) -> LogOptions | None:
    """Return what a worker logs; None for nothing."""
    if not settings.decision_log_enabled:
        return None
    return LogOptions(
        folder=folder(settings),
        allowed_one_in=settings.decision_log_allowed_one_in,
        ends_one_in=settings.decision_log_ends_one_in,
        watched=settings.decision_log_watched,
        texts=settings.decision_log_texts,
        buffer_rows=settings.decision_log_buffer_rows,
        flush_seconds=settings.decision_log_flush_seconds,
    )


def limits(settings: Settings) -> RetentionLimits:
    """Return the limits of retention."""
    days = settings.decision_log_days
    return RetentionLimits(
        days={
            "call": settings.decision_log_call_days or days,
            schema.CALL_ENDS: settings.decision_log_ends_days,
            "text": settings.decision_log_text_days or days,
            "link": settings.decision_log_link_days or days,
            schema.TEXT_CONTENT: settings.decision_log_content_days,
        },
        max_bytes=settings.decision_log_max_bytes,
    )
