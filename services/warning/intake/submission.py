"""Takes in what a source sends, record by record refused or taken: by gRPC, HTTP or file."""

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
    """Reads, takes in and counts. Raises `Unavailable` while Redis is away; then repeat all."""

    def __init__(
        self,
        *,
        intake: WarningIntake,
        reader: WarningParser,
        sources: WarningSources,
        counted: Callable[[str, str], None] = lambda _source, _what: None,
    ) -> None:
        self._intake = intake
        self._reader = reader
        self._sources = sources
        self._counted = counted

    async def submit(
        self, said: Sequence[RawWarning | InvalidInput], source: Source, source_name: str
    ) -> list[IntakeResult]:
        """Take in what *said* tells; what could not even be read comes as its error."""
        results: list[IntakeResult] = []
        for start in range(0, len(said), MOST_AT_ONCE):
            results += await self._some(said[start : start + MOST_AT_ONCE], source, source_name)
        return results

    async def _some(
        self, said: Sequence[RawWarning | InvalidInput], source: Source, source_name: str
    ) -> list[IntakeResult]:
        read = [self._read(one, source, source_name) for one in said]
        taken = iter(
            await self._intake.take([one for one in read if isinstance(one, WarningRecord)])
        )
        results = [next(taken) if isinstance(one, WarningRecord) else one for one in read]
        await self._sources.count(source_name, results)
        for result in results:
            self._counted(source.name.lower(), result.what.value)
        return results

    def _read(
        self, said: RawWarning | InvalidInput, source: Source, source_name: str
    ) -> WarningRecord | IntakeResult:
        try:
            if isinstance(said, InvalidInput):
                raise said
            return self._reader.read(said, source, source_name)
        except InvalidInput as error:
            return IntakeResult(what=IntakeStatus.REFUSED, reason=str(error))


def source_name(said: str) -> str:
    """Return the name of the source that asks: the checked one, or in development what it says."""
    return parser.check_source_name(identity.author(said))


def source_kind(said: Source | None) -> Source:
    """Return what kind of source asks; raise where it may not speak for that kind."""
    who = identity.current()
    if said is None:
        if len(who.sources) != 1:
            raise InvalidInput("source: ministry, province, bureau, carrier or tech_company")
        return next(iter(who.sources))
    try:
        roles.check_source(who, [said])
    except NotAllowed as error:
        raise InvalidInput(str(error)) from error
    return said
