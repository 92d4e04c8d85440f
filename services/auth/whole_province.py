"""Methods that are about all regions at once: what they tell or change is not of a region.

People with regions are refused, whatever their roles, before their request is read
(`services.rpc.middleware.auth_interceptor`), and the refusal is on record. They are shown no page
and no button of these methods: `services.auth.roles.methods_of` leaves them out. A test classifies
each method that changes something: it is named here, it is scoped by what it changes, or it says
why it is neither (`test_region_leaks_of_services`).
"""

from collections.abc import Mapping

from fanzha.errors import NotAllowed
from fanzha.translation.message import Message
from services.auth.identity import Identity

_BACKFILL = Message("a backfill")
_DEAD_LETTERS = Message("dead letters")
_MODEL = Message("which model decides")
_MAPPING = Message("what is remembered of the columns of files")
_SWITCH = Message("the switch of all warnings")
_VERDICT = Message("a verdict, which counts for related numbers, risk and warnings everywhere,")
_WARNING_POLICY = Message("the warning policy")

METHODS: Mapping[str, Message] = {
    f"/fanzha.v1.{method}": what
    for method, what in {
        "AssessmentService/PublishAssessment": Message("an assessment of units"),
        "AuditService/ExportEvidence": Message("an evidence package"),
        "AuditService/ListRecords": Message("the audit log"),
        "BlocklistService/SettleFindings": Message("a version of the lists"),
        "ChangeService/RestoreVersion": Message("a version of the lists"),
        "FeedbackService/ConfirmHit": _VERDICT,
        "FeedbackService/DismissHit": _VERDICT,
        "MappingService/ForgetMapping": _MAPPING,
        "MappingService/SaveMapping": _MAPPING,
        "ModelService/ActivateModel": _MODEL,
        "ModelService/DecideModelRequest": _MODEL,
        "ModelService/ProposeModel": _MODEL,
        "ModelService/RollbackModel": _MODEL,
        "ModelService/ShadowModel": _MODEL,
        "PolicyService/ProposePolicy": Message("the carrier policy"),
        "WarningBackfillService/ConfirmSuspects": _BACKFILL,
        "WarningBackfillService/DropPendingBackfill": _BACKFILL,
        "WarningBackfillService/GetPendingBackfill": _BACKFILL,
        "WarningBackfillService/ListBackfills": _BACKFILL,
        "WarningBackfillService/ListPendingBackfills": _BACKFILL,
        "WarningBackfillService/PreviewBackfill": _BACKFILL,
        "WarningBackfillService/PreviewSuspects": _BACKFILL,
        "WarningBackfillService/StartBackfill": _BACKFILL,
        "WarningBackfillService/StartPendingBackfill": _BACKFILL,
        "WarningBackfillService/StopBackfill": _BACKFILL,
        "WarningControlService/StartWarnings": _SWITCH,
        "WarningControlService/StopWarnings": _SWITCH,
        "WarningOperationsService/DropDeadLetter": _DEAD_LETTERS,
        "WarningOperationsService/ExportExamples": Message("examples for training"),
        "WarningOperationsService/GetSourceFeedback": Message("what became of a source's warnings"),
        "WarningOperationsService/ListDeadLetters": _DEAD_LETTERS,
        "WarningOperationsService/ListEntryOutcomes": Message(
            "what became of the cases of all entries"
        ),
        "WarningOperationsService/ReplayDeadLetters": _DEAD_LETTERS,
        "WarningPolicyService/DecideWarningPolicyProposal": _WARNING_POLICY,
        "WarningPolicyService/ProposeWarningPolicy": _WARNING_POLICY,
    }.items()
}
"""Paths of these methods, and what each is about."""


def is_refused(identity: Identity, path: str) -> bool:
    """Return whether the method at *path* is refused to *identity* for its regions."""
    return bool(identity.regions) and path in METHODS


def refusal(identity: Identity, what: Message) -> NotAllowed:
    """Return the error of somebody with regions who asks for *what* is of all regions."""
    return NotAllowed(
        "{name} has the scope {scope}, and {what} is of all regions",
        name=identity.name,
        scope=", ".join(sorted(identity.regions)),
        what=what,
    )
