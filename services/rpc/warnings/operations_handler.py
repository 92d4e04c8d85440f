"""Serves WarningOperationsService: converts messages, calls the services, converts back."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable

from fanzha.errors import InvalidInput
from fanzha.v1 import warning_operations_pb2 as pb
from fanzha.v1 import warning_operations_pb2_grpc as pb_grpc
from services.rpc.warnings import operations_messages as messages
from services.warning.dead_letter_control import DeadLetterControl
from services.warning.intake import parser
from services.warning.intake.sources import WarningSources
from services.warning.messages import linter
from services.warning.messages.catalog import MessageCatalog
from services.warning.outcomes.entry_outcomes import EntryOutcomeRecord, EntryOutcomeStore
from services.warning.outcomes.example_export import ExampleExport, ExportProgress
from services.warning.outcomes.reliability import NOTHING, OutcomeTally
from services.warning.policy.trial import PolicyTrial
from services.warning.robot import report
from services.warning.robot.store import RobotStore

DEFAULT_PER_PAGE = 100
MOST_PER_PAGE = 1000
_EXAMPLES_PER_MESSAGE = 200
"""Examples in one message; their texts stay well below the size limit."""


class WarningOperationsServicer(pb_grpc.WarningOperationsServiceServicer):
    """Operates the warning pipeline. Errors become statuses in the error interceptor."""

    def __init__(
        self,
        *,
        dead_letters: DeadLetterControl,
        sources: WarningSources,
        entries: EntryOutcomeStore,
        examples: ExampleExport,
        policies: PolicyTrial,
        robot: RobotStore,
        templates: Callable[[], MessageCatalog] = MessageCatalog.load,
    ) -> None:
        self._robot = robot
        self._dead_letters = dead_letters
        self._sources = sources
        self._entries = entries
        self._examples = examples
        self._policies = policies
        self._templates = templates

    async def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: object
    ) -> pb.ListDeadLettersResponse:
        found = await self._dead_letters.page(
            page_size=request.page_size, page_token=request.page_token
        )
        return pb.ListDeadLettersResponse(
            letters=map(messages.dead_letter, found.letters),
            next_page_token=found.next_token,
            total=found.total,
        )

    async def ReplayDeadLetters(
        self, request: pb.ReplayDeadLettersRequest, context: object
    ) -> pb.ReplayDeadLettersResponse:
        places = request.places
        missing = await self._dead_letters.replay(places, by=request.replayed_by)
        replayed = len(set(places)) - len(missing)
        return pb.ReplayDeadLettersResponse(replayed=replayed, missing=missing)

    async def DropDeadLetter(
        self, request: pb.DropDeadLetterRequest, context: object
    ) -> pb.DropDeadLetterResponse:
        await self._dead_letters.drop(request.place, by=request.dropped_by)
        return pb.DropDeadLetterResponse()

    async def ListSources(
        self, request: pb.ListSourcesRequest, context: object
    ) -> pb.ListSourcesResponse:
        if request.source_name:
            names = [parser.check_source_name(request.source_name)]
        else:
            names = await self._sources.names()
        found = [await self._sources.quality(name) for name in names]
        return pb.ListSourcesResponse(sources=map(messages.source, found))

    async def GetSourceFeedback(
        self, request: pb.GetSourceFeedbackRequest, context: object
    ) -> pb.GetSourceFeedbackResponse:
        found = await self._sources.read_feedback(
            parser.check_source_name(request.source_name),
            after=request.after,
            count=_size("page_size", request.page_size),
        )
        return pb.GetSourceFeedbackResponse(steps=map(messages.feedback, found))

    async def ListEntryOutcomes(
        self, request: pb.ListEntryOutcomesRequest, context: object
    ) -> pb.ListEntryOutcomesResponse:
        limit = _size("limit", request.limit)
        by_source: dict[str, OutcomeTally] = {}
        found: list[EntryOutcomeRecord] = []
        async for one in self._entries.all():
            found.append(one)
            name = one.source or "unknown"
            by_source[name] = by_source.get(name, NOTHING).plus(one.tally)
        worst = heapq.nsmallest(limit, found, key=lambda one: (one.tally.reliability, one.entry_id))
        return pb.ListEntryOutcomesResponse(
            entries=map(messages.entry, worst),
            total=len(found),
            by_source={name: messages.figures(tally) for name, tally in by_source.items()},
        )

    async def ExportExamples(
        self, request: pb.ExportExamplesRequest, context: object
    ) -> AsyncIterator[pb.ExportExamplesResponse]:
        progress = ExportProgress()
        async for some in self._examples.run(
            progress, since_ms=request.since_ms, model=request.model, unmasked=request.unmasked
        ):
            for start in range(0, len(some), _EXAMPLES_PER_MESSAGE):
                part = some[start : start + _EXAMPLES_PER_MESSAGE]
                yield pb.ExportExamplesResponse(
                    examples=map(messages.example, part), cases=progress.counts["cases"]
                )
        yield pb.ExportExamplesResponse(
            cases=progress.counts["cases"],
            counts=messages.example_counts(progress.counts, has_log=self._examples.has_log),
        )

    async def PreviewPolicy(
        self, request: pb.PreviewPolicyRequest, context: object
    ) -> AsyncIterator[pb.PreviewPolicyResponse]:
        async for one in self._policies.run(
            request.policy,
            against=request.against,
            since_ms=request.since_ms,
            region=request.region,
            most_shown=request.examples if request.HasField("examples") else None,
        ):
            yield messages.progress(one)

    async def ListTemplates(
        self, request: pb.ListTemplatesRequest, context: object
    ) -> pb.ListTemplatesResponse:
        # The first call reads and lints them all.
        found = await asyncio.to_thread(lambda: self._templates().all())
        return pb.ListTemplatesResponse(
            templates=[
                messages.template(one)
                for one in found
                if request.form in ("", one.form) and request.language in ("", one.language)
            ]
        )

    async def LintText(self, request: pb.LintTextRequest, context: object) -> pb.LintTextResponse:
        text = request.text
        if not text.strip():
            raise InvalidInput("text: required")
        return messages.linted(text, await asyncio.to_thread(linter.faults, text))

    async def GetRobotReport(
        self, request: pb.GetRobotReportRequest, context: object
    ) -> pb.GetRobotReportResponse:
        found = report.figures(await self._robot.outcomes())
        return pb.GetRobotReportResponse(scripts=map(messages.robot_figures, found))


def _size(name: str, requested: int) -> int:
    if requested > MOST_PER_PAGE:
        raise InvalidInput(
            "{name}: 1 to {most_per_page}, not {requested}",
            name=name,
            most_per_page=MOST_PER_PAGE,
            requested=requested,
        )
    return requested or DEFAULT_PER_PAGE
