"""Methods that are about all regions at once.

Their services refuse people with regions (`services.auth.region_scope.check_all_regions` and the
like), whatever their roles. They are named here, too, so that nobody is shown a page or a button
that would only be refused: `services.auth.roles.methods_of` leaves them out for such people. A test
asks each of them as people with regions (`test_region_leaks_of_services`).
"""

METHODS = frozenset(
    f"/fanzha.v1.{service}/{method}"
    for service, methods in {
        "AssessmentService": ("PublishAssessment",),
        "AuditService": ("ExportEvidence", "ListRecords"),
        "WarningBackfillService": (
            "ConfirmSuspects",
            "DropPendingBackfill",
            "GetPendingBackfill",
            "ListBackfills",
            "ListPendingBackfills",
            "PreviewBackfill",
            "PreviewSuspects",
            "StartBackfill",
            "StartPendingBackfill",
            "StopBackfill",
        ),
        "WarningOperationsService": (
            "DropDeadLetter",
            "ExportExamples",
            "GetSourceFeedback",
            "ListDeadLetters",
            "ListEntryOutcomes",
            "ReplayDeadLetters",
        ),
    }.items()
    for method in methods
)
"""Paths of these methods."""
