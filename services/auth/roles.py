"""Access control: the roles that may call each method, and the scope of an identity.

A method that is not in the table is refused to every role. ``docs/reference/roles.md`` is written
from it (``make reference``).
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TypeAlias

from blocklists.entries import Source
from blocklists.region_codes import region_key
from fanzha.errors import NotAllowed
from fanzha.translation.message import Message
from services.auth import role_words, whole_province
from services.auth.identity import Identity, Role


class AccessLevel(Enum):
    """Access to methods that need no role."""

    OPEN = "anybody who can connect"
    """Probes and load balancers carry no credentials."""
    AUTHENTICATED = "anybody who says who they are"
    """Whatever their roles, even none."""


Allowed: TypeAlias = AccessLevel | frozenset[Role]


def _of(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


_CARRIER = _of(Role.CARRIER)
LIVE_DECISIONS = _CARRIER
"""Who may ask for decisions that count."""
_EDITOR = _of(Role.EDITOR)
_REPORTERS = _of(Role.CARRIER, Role.EDITOR)
_READERS = _of(Role.EDITOR, Role.APPROVER, Role.AUDITOR, Role.APPEALS_OFFICER)
_OUTSIDERS = _of(Role.CARRIER, Role.SOURCE, Role.PARTNER)
_OVERSEERS = frozenset(Role) - _OUTSIDERS - {Role.DISPATCHER}
# Dry runs, for all but carriers: see `check_live_decisions`.
_ASKERS = _CARRIER | _OVERSEERS
_OFFICER = _of(Role.APPEALS_OFFICER)
# Blocked people appeal at their carrier or at the bureau.
_APPEALS_DESK = _of(Role.CARRIER, Role.APPEALS_OFFICER)
_APPEALS_READERS = _of(Role.AUDITOR, Role.APPEALS_OFFICER)
# `services.changes.permissions` limits appeals officers to requests that lift a block.
_DECIDERS = _of(Role.APPROVER, Role.APPEALS_OFFICER)
# Carriers and other sources of warnings about people at risk.
_WARNERS = _of(Role.CARRIER, Role.SOURCE)
_DISPATCHER = _of(Role.DISPATCHER)
_CASE_READERS = _of(Role.DISPATCHER, Role.AUDITOR)
# What subscribers did, masked: `services.auth.personal_data` says who sees it whole.
_DECISION_READERS = _of(Role.APPROVER, Role.AUDITOR, Role.APPEALS_OFFICER, Role.OPERATOR)
_INCIDENT_READERS = _READERS | _of(Role.OPERATOR, Role.DISPATCHER)
_ASSESSMENT_READERS = _of(Role.EDITOR, Role.APPROVER, Role.AUDITOR, Role.OPERATOR, Role.DISPATCHER)
_EDUCATION_READERS = _of(Role.APPROVER, Role.AUDITOR, Role.OPERATOR, Role.DISPATCHER)
_EXPORTERS = _of(Role.EDITOR, Role.APPROVER, Role.AUDITOR)

TABLE: Mapping[str, Mapping[str, Allowed]] = {
    "fanzha.v1.InterceptionService": {
        "DecideCall": _ASKERS,
        "DecideCalls": _ASKERS,
        "DecideText": _ASKERS,
        "DecideTexts": _ASKERS,
        "DecideLink": _ASKERS,
        "DecideLinks": _ASKERS,
    },
    "fanzha.v1.FeedbackService": {
        "ConfirmHit": _REPORTERS,
        "DismissHit": _REPORTERS,
        "ReportCallEnds": _CARRIER,
    },
    "fanzha.v1.BlocklistService": {
        "UpdateEntries": _EDITOR,
        "ImportEntries": _EDITOR,
        "FindEntries": _READERS,
        "ListEntries": _READERS,
        "ExportEntries": _EXPORTERS,
        "GetStatus": _OVERSEERS,
        "ListDue": _READERS,
        "ListDead": _READERS,
        "ListCritical": _READERS,
        "CountEntries": _READERS,
        "ChangeMatching": _EDITOR,
        "GetEntryHistory": _READERS,
        "ResolveShadows": _EDITOR,
        "ProposeRetirement": _EDITOR,
        "SettleFindings": _of(Role.OPERATOR, Role.APPROVER),
    },
    # Switches, resolvers and gateways of carriers, and whoever may export.
    "fanzha.v1.ListUpdateService": {
        "ComputeDiff": _EXPORTERS | _CARRIER,
    },
    "fanzha.v1.AppealService": {
        "OpenAppeal": _APPEALS_DESK,
        "AddDocuments": _APPEALS_DESK,
        "ListAppeals": _APPEALS_READERS,
        "GetAppeal": _APPEALS_READERS | _CARRIER,
        "GetDocument": _OFFICER,
        "TakeAppeal": _OFFICER,
        "DecideAppeal": _OFFICER,
        "WithdrawAppeal": _APPEALS_DESK,
        "WriteNotice": _APPEALS_DESK,
        "WriteRestrictionNotice": _APPEALS_DESK,
        "GetAppealReport": _APPEALS_READERS | _of(Role.OPERATOR),
    },
    "fanzha.v1.EntityService": {
        "RegisterEntity": _EDITOR,
        "EditEntity": _EDITOR,
        "GetEntity": _READERS | _of(Role.OPERATOR),
        "ListEntities": _READERS | _of(Role.OPERATOR),
        "AssignExitStep": _EDITOR,
        "SettleExitStep": _EDITOR,
        "CloseEntity": _of(Role.APPROVER),
        "ProposeEntityEntries": _EDITOR,
        "SettleSighting": _EDITOR,
    },
    "fanzha.v1.IncidentService": {
        "OpenIncident": _EDITOR,
        "EditIncident": _EDITOR,
        "GetIncident": _INCIDENT_READERS,
        "ListIncidents": _INCIDENT_READERS,
        "AddIncidentParts": _EDITOR,
        "RemoveIncidentPart": _EDITOR,
        "AssignIncident": _EDITOR,
        "MoveIncident": _of(Role.EDITOR, Role.APPROVER),
        "CloseIncident": _of(Role.APPROVER),
        "FindClusters": _of(Role.EDITOR, Role.AUDITOR),
        "DraftLead": _EDITOR,
        "SendLead": _of(Role.APPROVER),
        "GetLeadPackage": _of(Role.APPROVER, Role.AUDITOR),
        "ReceiveLead": _EDITOR,
        "AnswerLead": _EDITOR,
        "WithdrawLead": _of(Role.EDITOR, Role.APPROVER),
    },
    "fanzha.v1.AssessmentService": {
        "ListUnits": _ASSESSMENT_READERS,
        "OpenUnitTask": _of(Role.EDITOR, Role.APPROVER),
        "GetUnitTask": _ASSESSMENT_READERS,
        "ListUnitTasks": _ASSESSMENT_READERS,
        "SettleUnitTask": _of(Role.EDITOR, Role.DISPATCHER),
        "ReviewUnitTask": _of(Role.APPROVER, Role.AUDITOR),
        "AssessUnits": _ASSESSMENT_READERS,
        "PublishAssessment": _of(Role.APPROVER),
        "ListAssessments": _ASSESSMENT_READERS,
        "GetAssessment": _ASSESSMENT_READERS,
        "ListMeasuredCases": _of(Role.AUDITOR, Role.OPERATOR, Role.DISPATCHER, Role.APPROVER),
    },
    "fanzha.v1.EducationService": {
        "CreateEducationCampaign": _of(Role.OPERATOR),
        "EditEducationCampaign": _of(Role.OPERATOR),
        "AddEducationRecipients": _of(Role.OPERATOR),
        "PreviewEducationCampaign": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
        "ApproveEducationCampaign": _of(Role.OPERATOR, Role.APPROVER),
        "StopEducationCampaign": _of(Role.OPERATOR, Role.APPROVER),
        "RecordEducationEvent": _of(Role.OPERATOR, Role.DISPATCHER),
        "GetEducationCampaign": _EDUCATION_READERS,
        "ListEducationCampaigns": _EDUCATION_READERS,
        "GetEducationReport": _EDUCATION_READERS,
    },
    "fanzha.v1.RiskService": {
        "RateNumbers": _of(Role.PARTNER, Role.AUDITOR),
    },
    "fanzha.v1.SourceService": {
        "ListDataSources": _READERS | _of(Role.OPERATOR),
        "ListPulls": _READERS | _of(Role.OPERATOR),
        "PullSource": _of(Role.EDITOR, Role.OPERATOR),
    },
    "fanzha.v1.AuditService": {
        "ListRecords": _of(Role.AUDITOR),
        "GetHead": _of(Role.AUDITOR, Role.OPERATOR),
        "VerifyLog": _of(Role.AUDITOR),
        "FollowVerification": _of(Role.AUDITOR),
        "ExportEvidence": _of(Role.AUDITOR),
    },
    "fanzha.v1.ChangeService": {
        "CreateChange": _EDITOR,
        "EditChange": _EDITOR,
        "SubmitChange": _EDITOR,
        "ApproveChange": _DECIDERS,
        "RejectChange": _DECIDERS | _EDITOR,
        "ReturnChange": _DECIDERS,
        "CommentChange": _READERS,
        "ListStaleRows": _READERS,
        "ResolveStaleRows": _EDITOR,
        "ApplyChange": _DECIDERS | _EDITOR,
        "ConfirmEmergency": _of(Role.APPROVER),
        "RevertChange": _EDITOR,
        "RestoreVersion": _EDITOR,
        "GetChange": _READERS,
        "ListChanges": _OVERSEERS,
        "ListChangeRows": _READERS,
        "PreviewChange": _READERS,
        "DiffVersions": _READERS,
    },
    "fanzha.v1.PolicyService": {
        "GetPolicy": _OVERSEERS,
        "ProposePolicy": _EDITOR,
        "ListPolicyVersions": _OVERSEERS,
    },
    "fanzha.v1.MappingService": {
        "SaveMapping": _EDITOR,
        "ListMappings": _READERS,
        "ForgetMapping": _EDITOR,
    },
    "fanzha.v1.WarningService": {
        "SubmitWarnings": _WARNERS,
        "FollowFeedback": _WARNERS,
        "GetSourceQuality": _WARNERS | _of(Role.AUDITOR, Role.OPERATOR),
    },
    "fanzha.v1.CaseService": {
        "ListCases": _CASE_READERS,
        "GetCase": _CASE_READERS,
        "GetCaseHistory": _CASE_READERS,
        "AssignCase": _DISPATCHER,
        "TakeCase": _DISPATCHER,
        "NoteCase": _DISPATCHER,
        "CloseCase": _DISPATCHER,
        "ClaimCase": _DISPATCHER,
        "ReleaseCase": _DISPATCHER,
        "ClaimNextCase": _DISPATCHER,
        "SkipCase": _DISPATCHER,
        "UnmaskCase": _DISPATCHER,
        "AssignCases": _DISPATCHER,
        "GetCaseBoard": _CASE_READERS,
        "GetCallScript": _CASE_READERS,
        "GetRobotDialogue": _CASE_READERS,
        "RequestStopPayment": _DISPATCHER,
        "RecordStopPaymentReceipt": _DISPATCHER,
    },
    "fanzha.v1.WarningControlService": {
        "StopWarnings": _of(Role.OPERATOR, Role.APPROVER),
        "StartWarnings": _of(Role.OPERATOR),
        "GetWarningSwitch": frozenset(Role) - _OUTSIDERS,
        "SetOptOut": _of(Role.OPERATOR, Role.DISPATCHER),
        "GetOptOuts": _of(Role.OPERATOR, Role.DISPATCHER, Role.AUDITOR),
    },
    "fanzha.v1.WarningBackfillService": {
        "PreviewBackfill": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
        "StartBackfill": _of(Role.OPERATOR, Role.APPROVER),
        "ListBackfills": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
        "StopBackfill": _of(Role.OPERATOR, Role.APPROVER),
        "ListPendingBackfills": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
        "GetPendingBackfill": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
        "StartPendingBackfill": _of(Role.OPERATOR, Role.APPROVER),
        "DropPendingBackfill": _of(Role.OPERATOR, Role.APPROVER),
        "PreviewSuspects": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
        "ConfirmSuspects": _of(Role.OPERATOR, Role.APPROVER),
    },
    "fanzha.v1.WarningReportService": {
        "GetWarningReport": _of(Role.AUDITOR, Role.OPERATOR, Role.DISPATCHER),
        "GetFraudMap": _of(Role.AUDITOR, Role.OPERATOR, Role.DISPATCHER),
        "GetTargetingReport": _of(Role.AUDITOR, Role.OPERATOR),
    },
    "fanzha.v1.WarningOperationsService": {
        "ListDeadLetters": _of(Role.OPERATOR, Role.AUDITOR),
        "ReplayDeadLetters": _of(Role.OPERATOR),
        "DropDeadLetter": _of(Role.OPERATOR),
        "ListSources": _of(Role.OPERATOR, Role.AUDITOR),
        "GetSourceFeedback": _of(Role.OPERATOR, Role.AUDITOR),
        "ListEntryOutcomes": _READERS,
        "ExportExamples": _of(Role.AUDITOR),
        "PreviewPolicy": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
        "ListTemplates": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR, Role.DISPATCHER),
        "LintText": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR, Role.DISPATCHER),
        "GetRobotReport": _of(Role.OPERATOR, Role.AUDITOR, Role.DISPATCHER),
    },
    "fanzha.v1.WarningPolicyService": {
        "GetWarningPolicy": _OVERSEERS,
        "ListWarningPolicyVersions": _OVERSEERS,
        "ProposeWarningPolicy": _of(Role.OPERATOR),
        "ListWarningPolicyProposals": _OVERSEERS,
        "GetWarningPolicyProposal": _OVERSEERS,
        "DecideWarningPolicyProposal": _of(Role.OPERATOR, Role.APPROVER),
    },
    "fanzha.v1.DecisionLogService": {
        "FindDecisions": _DECISION_READERS,
        "GetDecision": _DECISION_READERS,
        "CountDecisions": _OVERSEERS,
        "GetTraffic": _OVERSEERS,
        "TailDecisions": _DECISION_READERS,
    },
    "fanzha.v1.HitService": {
        "TailHits": _DECISION_READERS,
        "ListPendingHits": _DECISION_READERS,
        "ListCampaigns": _OVERSEERS,
        "GetRelations": _of(Role.AUDITOR, Role.OPERATOR, Role.APPEALS_OFFICER),
    },
    "fanzha.v1.ModelService": {
        "ListModels": _OVERSEERS,
        "GetModelStatus": _OVERSEERS,
        "ActivateModel": _of(Role.OPERATOR),
        "ShadowModel": _of(Role.OPERATOR),
        "RollbackModel": _of(Role.OPERATOR),
        "ProposeModel": _of(Role.OPERATOR),
        "ListModelRequests": _OVERSEERS,
        "DecideModelRequest": _of(Role.OPERATOR, Role.APPROVER),
        "GetModelCard": _OVERSEERS,
    },
    "fanzha.v1.AccessService": {
        "WhoAmI": AccessLevel.AUTHENTICATED,
        "DescribeServer": AccessLevel.AUTHENTICATED,
        "ListIdentities": _of(Role.AUDITOR, Role.OPERATOR),
    },
    "grpc.health.v1.Health": {
        "Check": AccessLevel.OPEN,
        "List": AccessLevel.OPEN,
        "Watch": AccessLevel.OPEN,
    },
    "grpc.reflection.v1alpha.ServerReflection": {"ServerReflectionInfo": AccessLevel.AUTHENTICATED},
}
"""Access by service and method."""

_BY_PATH = {
    f"/{service}/{method}": allowed
    for service, methods in TABLE.items()
    for method, allowed in methods.items()
}


def access_of(path: str) -> Allowed | None:
    """Return the access of ``/service/method``; None for a method that no role may call."""
    return _BY_PATH.get(path)


def is_allowed(identity: Identity, allowed: Allowed) -> bool:
    """Return whether the authenticated *identity* has the access *allowed*."""
    return isinstance(allowed, AccessLevel) or not identity.roles.isdisjoint(allowed)


def methods_of(identity: Identity) -> list[str]:
    """Return the methods *identity* may call, as ``/service/method``."""
    return [
        path
        for path, allowed in _BY_PATH.items()
        if is_allowed(identity, allowed) and not whole_province.is_refused(identity, path)
    ]


def refusal(identity: Identity, path: str) -> NotAllowed:
    """Return the error of a call of *path* that *identity* may not make."""
    allowed, method = access_of(path), path.rpartition(".")[2]
    if allowed is None:
        return NotAllowed("{method}: no role may call this method", method=method)
    if is_allowed(identity, allowed) and whole_province.is_refused(identity, path):
        return whole_province.refusal(identity, whole_province.METHODS[path])
    return NotAllowed(
        "{method} takes the role {takes}; {name} has {held}",
        method=method,
        takes=role_words.either(() if isinstance(allowed, AccessLevel) else allowed),
        name=identity.name,
        held=role_words.all_of(identity.roles),
    )


def check_live_decisions(identity: Identity) -> None:
    """Raise `NotAllowed` unless *identity* may ask for decisions that are recorded."""
    if identity.roles.isdisjoint(LIVE_DECISIONS):
        raise NotAllowed(
            "dry_run: a decision that is recorded takes the role {takes}; {name} has {held}",
            takes=role_words.either(LIVE_DECISIONS),
            name=identity.name,
            held=role_words.all_of(identity.roles),
        )


def check_source(identity: Identity, sources: Iterable[Source]) -> None:
    """Raise `NotAllowed` unless all *sources* are in the scope of *identity*."""
    foreign = set(sources) - identity.sources if identity.sources else set()
    if foreign:
        named = ", ".join(one.name.lower() for one in sorted(foreign))
        scope = ", ".join(one.name.lower() for one in sorted(identity.sources))
        raise NotAllowed(
            "source: {name} has the scope {scope}, not {named}",
            name=identity.name,
            scope=scope,
            named=named,
        )


def may_access_region(identity: Identity, region: str) -> bool:
    """Return whether *region* is in scope; 33 includes 3301 and 330106.

    An unknown region, the empty text, is in scope only for identities without regions.
    """
    return not identity.regions or region.startswith(tuple(map(region_key, identity.regions)))


def check_region(identity: Identity, region: str) -> None:
    """Raise `NotAllowed` unless *region* is in the scope of *identity*."""
    if not may_access_region(identity, region):
        raise NotAllowed(
            "region: {name} has the scope {scope}, not {name_2}",
            name=identity.name,
            scope=", ".join(sorted(identity.regions)),
            name_2=region or Message("an unknown region"),
        )
