"""Judges a file before it is delivered: whether it is too unlike the last good one."""

from fanzha.translation.message import Message
from services.sources.delivery import CheckedFile
from services.sources.model import DataSource, SourceState

_WHOLE = 100


def doubts(source: DataSource, state: SourceState, found: CheckedFile) -> Message | None:
    """Return why a file is held; None when it may be delivered."""
    limits = source.quality
    if found.rows < limits.least_rows:
        return Message(
            "it has {rows:,} rows, fewer than {least:,}", rows=found.rows, least=limits.least_rows
        )
    if found.refused * _WHOLE > limits.most_refused_percent * found.rows:
        return Message(
            "{refused:,} of {rows:,} rows cannot be used, more than {most} %",
            refused=found.refused,
            rows=found.rows,
            most=limits.most_refused_percent,
        )
    before = state.good_rows
    least = before * (_WHOLE - limits.most_shrink_percent)
    if limits.most_shrink_percent and found.rows * _WHOLE < least:
        return Message(
            "it has {rows:,} rows, the last good one had {before:,}: more than {most} % fewer",
            rows=found.rows,
            before=before,
            most=limits.most_shrink_percent,
        )
    most = before * (_WHOLE + limits.most_growth_percent)
    if before and limits.most_growth_percent and found.rows * _WHOLE > most:
        return Message(
            "it has {rows:,} rows, the last good one had {before:,}: more than {most} % more",
            rows=found.rows,
            before=before,
            most=limits.most_growth_percent,
        )
    return None
