"""Submission of warnings by a source, over gRPC, HTTP or file: parse, ingest, count."""

from collections.abc import Callable, Sequence

from blocklists.entries import Source
from fanzha.errors import InvalidInput, NotAllowed
from services.auth import identity, roles
from services.warning.intake import parser
from services.warning.intake.parser import RawWarning, WarningParser
from services.warning.intake.service import IntakeResult, IntakeStatus, WarningIntake
from services.warning.intake.sources import WarningSources
from services.warning.model import WarningRecord

MOST_AT_ONCE = 256


class WarningSubmission:
    """Submits batches of warnings. Raises `Unavailable` while Redis is away; then retry all."""

    def __init__(
        self,
        *,
        intake: WarningIntake,
        warning_parser: WarningParser,
        sources: WarningSources,
        counted: Callable[[str, str], None] = lambda _source, _what: None,
    ) -> None:
        self._intake = intake
        self._parser = warning_parser
        self._sources = sources
        self._counted = counted

    async def submit(
        self, raw_warnings: Sequence[RawWarning | InvalidInput], source: Source, source_name: str
    ) -> list[IntakeResult]:
        """Submit *raw_warnings*; result i is that of warning i.

        An `InvalidInput` in their place stands for a record that could not be decoded.
        """
        results: list[IntakeResult] = []
        for start in range(0, len(raw_warnings), MOST_AT_ONCE):
            batch = raw_warnings[start : start + MOST_AT_ONCE]
            results += await self._submit_batch(batch, source, source_name)
        return results

    def is_valid(self, raw: RawWarning | InvalidInput, source: Source, source_name: str) -> bool:
        """Return whether a warning would be taken, as far as its fields tell."""
        return isinstance(self._parse(raw, source, source_name), WarningRecord)

    async def _submit_batch(
        self, raw_warnings: Sequence[RawWarning | InvalidInput], source: Source, source_name: str
    ) -> list[IntakeResult]:
        parsed = [self._parse(one, source, source_name) for one in raw_warnings]
        ingested = iter(
            await self._intake.ingest([one for one in parsed if isinstance(one, WarningRecord)])
        )
        results = [next(ingested) if isinstance(one, WarningRecord) else one for one in parsed]
        await self._sources.count(source_name, results)
        for result in results:
            self._counted(source.name.lower(), result.status.value)
        return results

    def _parse(
        self, raw: RawWarning | InvalidInput, source: Source, source_name: str
    ) -> WarningRecord | IntakeResult:
        try:
            if isinstance(raw, InvalidInput):
                raise raw
            return self._parser.parse(raw, source, source_name)
        except InvalidInput as error:
            return IntakeResult(status=IntakeStatus.REFUSED, reason=str(error))


def source_name(claimed: str) -> str:
    """Return the name of the calling source: of its identity, or *claimed* in development.

    Raises `InvalidInput` where it is no name of a source.
    """
    return parser.check_source_name(identity.author(claimed))


def source_kind(claimed: Source | None) -> Source:
    """Return the kind of the calling source.

    Raises `InvalidInput` where its identity does not cover the kind *claimed*.
    """
    caller = identity.current()
    if claimed is None:
        if len(caller.sources) != 1:
            raise InvalidInput("source: ministry, province, bureau, carrier or tech_company")
        return next(iter(caller.sources))
    try:
        roles.check_source(caller, [claimed])
    except NotAllowed as error:
        raise InvalidInput(str(error)) from error
    return claimed
