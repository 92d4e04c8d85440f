"""Methods of the protocol that neither tell nor change what is of a region, and why."""

from collections.abc import Mapping

EXEMPT: Mapping[str, str] = {
    "AccessService/DescribeServer": "settings of the server",
    "AccessService/ListIdentities": "who may do what is one list for the whole province",
    "AccessService/WhoAmI": "tells of whoever asks",
    "AuditService/FollowVerification": "whether the log is whole: numbers and hashes",
    "AuditService/GetHead": "a hash",
    "AuditService/VerifyLog": "whether the log is whole: numbers and hashes",
    "FeedbackService/ReportCallEnds": "a switch tells of calls that it carried: role of programs",
    "InterceptionService/DecideCall": "a decision is the same for everybody (ADR 44)",
    "InterceptionService/DecideCalls": "a decision is the same for everybody (ADR 44)",
    "InterceptionService/DecideLink": "a decision is the same for everybody (ADR 44)",
    "InterceptionService/DecideLinks": "a decision is the same for everybody (ADR 44)",
    "InterceptionService/DecideText": "a decision is the same for everybody (ADR 44)",
    "InterceptionService/DecideTexts": "a decision is the same for everybody (ADR 44)",
    "MappingService/ListMappings": "names of columns of files",
    "ModelService/GetModelCard": "models have no region",
    "ModelService/GetModelStatus": "models have no region",
    "ModelService/ListModelRequests": "models have no region",
    "ModelService/ListModels": "models have no region",
    "PolicyService/GetPolicy": "the policy of carriers has no region",
    "PolicyService/ListPolicyVersions": "the policy of carriers has no region",
    "WarningControlService/GetOptOuts": "of a number that whoever asks knows",
    "WarningControlService/GetWarningSwitch": "the switch is one for the province",
    "WarningControlService/SetOptOut": "of advice, which each may decline at any desk; on record, "
    "and refused of warnings: see below",
    "WarningOperationsService/GetRobotReport": "counts of scripts, of no case",
    "WarningOperationsService/LintText": "tells of the text of the request",
    "WarningOperationsService/ListSources": "counts of a source, of no case",
    "WarningOperationsService/ListTemplates": "texts that come along",
    "WarningPolicyService/GetWarningPolicy": "the policy of warnings has no region",
    "WarningPolicyService/GetWarningPolicyProposal": "the policy of warnings has no region",
    "WarningPolicyService/ListWarningPolicyProposals": "the policy of warnings has no region",
    "WarningPolicyService/ListWarningPolicyVersions": "the policy of warnings has no region",
    "WarningService/FollowFeedback": "a source learns what became of what it sent",
    "WarningService/GetSourceQuality": "a source learns what became of what it sent",
    "WarningService/SubmitWarnings": "a source tells of people that it saw, wherever they live",
}
"""Methods with nothing of a region, and why; each by its name, so that a new one is asked."""
