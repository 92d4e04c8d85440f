"""Takes files of warnings about people at risk, as the drop folder does."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from services.sources.delivery import CheckedFile, Delivered, check_rows
from services.sources.model import DataSource
from services.warning.intake import warning_files
from services.warning.intake.csv_files import FileRow
from services.warning.intake.submission import MOST_AT_ONCE, WarningSubmission


class WarningDelivery:
    """Takes files of warnings."""

    def __init__(self, submission: WarningSubmission) -> None:
        self._submission = submission

    async def check(self, source: DataSource, file: Path) -> CheckedFile:
        """Read a file and change nothing."""

        def count() -> CheckedFile:
            found = refused = 0
            for row in warning_files.rows(file):
                found += 1
                refused += not self._submission.is_valid(row.raw, source.source, source.name)
                check_rows(found, source.limits.most_rows)
            return CheckedFile(rows=found, refused=refused)

        return await asyncio.to_thread(count)

    async def deliver(self, source: DataSource, file: Path) -> Delivered:
        """Submit the warnings of a file; references prevent duplicates."""
        results: Counter[str] = Counter()
        reading = warning_files.rows(file)
        while batch := await asyncio.to_thread(_some, reading):
            done = await self._submission.submit(
                [row.raw for row in batch], source.source, source.name
            )
            results.update(one.status.value for one in done)
        return Delivered(results=results)


def _some(reading: Iterator[FileRow]) -> Sequence[FileRow]:
    return list(islice(reading, MOST_AT_ONCE))
