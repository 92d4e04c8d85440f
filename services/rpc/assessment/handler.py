"""Serves AssessmentService: converts messages, calls tasks and assessments, converts back."""

from collections.abc import AsyncIterator

from fanzha.errors import InvalidInput
from fanzha.v1 import assessment_pb2 as pb
from fanzha.v1 import assessment_pb2_grpc as pb_grpc
from infra import paging
from services.assessment import tasks
from services.assessment.model import UnitTask
from services.assessment.service import Assessments
from services.assessment.tasks import TaskFilter, UnitTasks
from services.auth import identity, roles
from services.rpc.assessment import messages

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 500


class AssessmentServicer(pb_grpc.AssessmentServiceServicer):
    """Serves tasks and assessments. Errors become statuses in the error interceptor."""

    def __init__(self, unit_tasks: UnitTasks, assessments: Assessments) -> None:
        self._tasks = unit_tasks
        self._assessments = assessments

    async def ListUnits(
        self, request: pb.ListUnitsRequest, context: object
    ) -> pb.ListUnitsResponse:
        who, formula = identity.current(), self._assessments.formula
        return pb.ListUnitsResponse(
            units=[
                messages.unit(one)
                for one in self._tasks.members.values()
                if roles.may_access_region(who, one.region)
            ],
            formula=formula.version,
            measures=messages.terms(formula),
            minutes=formula.minutes,
        )

    async def OpenUnitTask(
        self, request: pb.OpenUnitTaskRequest, context: object
    ) -> pb.OpenUnitTaskResponse:
        task, first = await self._tasks.open(messages.draft(request.task), request.by)
        return pb.OpenUnitTaskResponse(task=self._shown(task), first=first)

    async def GetUnitTask(
        self, request: pb.GetUnitTaskRequest, context: object
    ) -> pb.GetUnitTaskResponse:
        return pb.GetUnitTaskResponse(task=self._shown(await self._tasks.get(request.task_id)))

    async def ListUnitTasks(
        self, request: pb.ListUnitTasksRequest, context: object
    ) -> pb.ListUnitTasksResponse:
        size = request.page_size or DEFAULT_PAGE_SIZE
        if size > MAX_PAGE_SIZE:
            raise InvalidInput(
                "page_size: must be 1 to {most}, not {given}", most=MAX_PAGE_SIZE, given=size
            )
        wanted = TaskFilter(
            kind=int(request.kind),
            state=int(request.state),
            unit=request.unit.strip(),
            overdue_only=request.overdue_only,
        )
        now, start = self._tasks.now_ms(), paging.number_of(request.page_token)
        found = tasks.ordered(await self._tasks.all(), wanted, now)
        end = start + size
        return pb.ListUnitTasksResponse(
            tasks=[messages.task(one, now, events=False) for one in found[start:end]],
            next_page_token=paging.position_at(end if end < len(found) else 0),
            total=len(found),
            overdue=sum(one.overdue(now) for one in found),
        )

    async def SettleUnitTask(
        self, request: pb.SettleUnitTaskRequest, context: object
    ) -> pb.SettleUnitTaskResponse:
        if request.drop:
            task = await self._tasks.drop(request.task_id, request.note, request.by)
        else:
            task = await self._tasks.done(
                request.task_id,
                request.document,
                request.document_sha256,
                request.note,
                request.by,
            )
        return pb.SettleUnitTaskResponse(task=self._shown(task))

    async def ReviewUnitTask(
        self, request: pb.ReviewUnitTaskRequest, context: object
    ) -> pb.ReviewUnitTaskResponse:
        review = self._tasks.confirm if request.confirm else self._tasks.give_back
        task = await review(request.task_id, request.revision, request.note, request.by)
        return pb.ReviewUnitTaskResponse(task=self._shown(task))

    async def AssessUnits(
        self, request: pb.AssessUnitsRequest, context: object
    ) -> AsyncIterator[pb.AssessUnitsResponse]:
        async for one in self._assessments.assess(request.month):
            yield pb.AssessUnitsResponse(
                examined=one.examined,
                expected=one.expected,
                assessment=messages.assessment(one.assessment) if one.assessment else None,
            )

    async def PublishAssessment(
        self, request: pb.PublishAssessmentRequest, context: object
    ) -> pb.PublishAssessmentResponse:
        made = await self._assessments.publish(request.month, request.note, request.by)
        return pb.PublishAssessmentResponse(assessment=messages.assessment(made))

    async def ListAssessments(
        self, request: pb.ListAssessmentsRequest, context: object
    ) -> pb.ListAssessmentsResponse:
        found = await self._assessments.published()
        return pb.ListAssessmentsResponse(
            assessments=[messages.assessment(one, measures=False) for one in found]
        )

    async def GetAssessment(
        self, request: pb.GetAssessmentRequest, context: object
    ) -> pb.GetAssessmentResponse:
        found = await self._assessments.of_month(request.month)
        return pb.GetAssessmentResponse(assessment=messages.assessment(found))

    async def ListMeasuredCases(
        self, request: pb.ListMeasuredCasesRequest, context: object
    ) -> pb.ListMeasuredCasesResponse:
        found = await self._assessments.cases(request.month, request.unit, request.measure)
        return pb.ListMeasuredCasesResponse(
            cases=map(messages.measured, found.cases), of=found.of, reached=found.reached
        )

    def _shown(self, task: UnitTask) -> pb.UnitTask:
        return messages.task(task, self._tasks.now_ms())
