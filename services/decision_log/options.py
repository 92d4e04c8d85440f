"""The settings of the decision log."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from fanzha.errors import InvalidConfiguration
from fanzha.phone import HomePlan
from infra.data_paths import DECISIONS, HANDSET_KEY
from services.decision_log import schema
from services.decision_log.handsets.handset_hash import HandsetHash, open_hash
from services.decision_log.log import LogOptions
from services.decision_log.maintenance import RetentionLimits
from services.settings.settings import Settings

if TYPE_CHECKING:
    from services.decision_log.query import DecisionQuery

logger = logging.getLogger(__name__)


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
        handsets=_handsets(settings),
        buffer_rows=settings.decision_log_buffer_rows,
        flush_seconds=settings.decision_log_flush_seconds,
    )


def prepare_handset_key(settings: Settings) -> None:
    """Make the key of the hashes of handsets, before workers read it; check one that is there.

    Raises `InvalidConfiguration`. Only the key in the data folder is made: that of a setting comes
    with the hosts that share it.
    """
    if settings.decision_log_enabled and settings.decision_log_handsets:
        given = settings.decision_log_handset_key_file
        key = open_hash(_handset_key(settings), create=given is None)
        logger.info("handsets of logged calls are hashed with the key %s", key.key_id)


def _handsets(settings: Settings) -> HandsetHash | None:
    if not settings.decision_log_handsets:
        return None
    try:
        return open_hash(_handset_key(settings), create=False)
    except InvalidConfiguration as error:
        # It was there when the service started. A worker that starts anew has to decide.
        logger.error("nothing is logged of handsets: %s", error)  # noqa: TRY400
        return None


def _handset_key(settings: Settings) -> Path:
    return settings.decision_log_handset_key_file or settings.data_dir / HANDSET_KEY


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
