"""Writes dead letters, outcomes, examples and previews of policies as messages."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from classifiers.evaluation.metrics import Interval
from fanzha.translation.negotiation import for_caller
from fanzha.v1 import warning_operations_pb2 as pb
from fanzha.v1 import warning_report_pb2 as report_pb
from services.warning.dead_letter_control import MaskedDeadLetter
from services.warning.intake.sources import SourceFeedback, SourceQuality
from services.warning.messages.linter import LintFault
from services.warning.messages.sms_length import sms_length
from services.warning.messages.template import LONGEST, MessageFacts, WarningTemplate
from services.warning.outcomes.entry_outcomes import EntryOutcomeRecord
from services.warning.outcomes.examples import LabelledDecision
from services.warning.outcomes.reliability import OutcomeTally
from services.warning.policy.preview import PolicyPreview
from services.warning.policy.trial import TrialProgress
from services.warning.robot.report import ScriptFigures

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int

_OPTIONAL = frozenset({"decision_id", "decided_at_ms", "score"})
"""Numeric fields of an example that are empty texts if absent."""


def dead_letter(letter: MaskedDeadLetter) -> pb.WarningDeadLetter:
    """Write a dead letter."""
    return pb.WarningDeadLetter(
        place=letter.place,
        stream=letter.stream,
        tries=letter.tries,
        reason=letter.reason,
        given_up_at_ms=letter.at_ms,
        fields=letter.fields,
    )


def source(quality: SourceQuality) -> pb.SourceRecord:
    """Write the reliability of a source."""
    return pb.SourceRecord(
        source_name=quality.source_name,
        accepted=quality.accepted,
        joined=quality.joined,
        duplicates=quality.duplicates,
        refused=quality.refused,
        confirmed=quality.confirmed,
        false_alarms=quality.false_alarms,
        reliability=quality.tally.reliability,
        cases=_cases(quality.tally),
        delays=[
            pb.SourceDelay(up_to_seconds=bound, warnings=number)
            for bound, number in quality.delays.items()
        ],
    )


def feedback(one: SourceFeedback) -> pb.FeedbackStep:
    """Write one step of feedback."""
    return pb.FeedbackStep(
        place=one.cursor,
        reference=one.reference,
        case_id=one.case_id,
        what=one.what,
        at_ms=one.at_ms,
    )


def entry(one: EntryOutcomeRecord) -> pb.EntryOutcomes:
    """Write the outcomes of the cases of an entry."""
    return pb.EntryOutcomes(
        entry_id=one.entry_id,
        kind=one.kind,
        pattern=one.pattern,
        source=one.source,
        figures=figures(one.tally),
        proposed_removal=one.proposed,
    )


def figures(tally: OutcomeTally) -> pb.OutcomeFigures:
    """Write outcomes of cases."""
    return pb.OutcomeFigures(
        cases=_cases(tally),
        confirmed=tally.confirmed,
        false_alarms=tally.false,
        neither=tally.uninformative,
        reliability=tally.reliability,
    )


def example(one: LabelledDecision) -> pb.TrainingExample:
    """Write an example."""
    fields: dict[str, Any] = {
        name: value for name, value in asdict(one).items() if name not in _OPTIONAL or value != ""
    }
    return pb.TrainingExample(**fields)


def example_counts(counts: Counter[str], *, has_log: bool) -> pb.ExampleCounts:
    """Write the counts of an export, omissions included."""
    names = ("cases", "written", "gone", "no_text", "unfit", "cut", "verdicts")
    return pb.ExampleCounts(**{name: counts[name] for name in names}, without_log=not has_log)


def progress(one: TrialProgress) -> pb.PreviewPolicyResponse:
    """Write the progress of a policy preview, and its result."""
    return pb.PreviewPolicyResponse(
        judged=one.judged,
        expected=one.expected,
        preview=_preview(one, one.preview) if one.preview else None,
    )


def _preview(one: TrialProgress, found: PolicyPreview) -> pb.PolicyPreview:
    return pb.PolicyPreview(
        before_version=one.before_version,
        after_version=one.after_version,
        cases=found.cases,
        changed=found.changed,
        matrix=[
            pb.TierChange(before=old.name.lower(), after=new.name.lower(), cases=number)
            for (old, new), number in sorted(found.matrix.items())
        ],
        lines=found.lines,
        examples=[
            pb.TierChangeCase(
                case_id=case.case_id,
                before=case.before.name.lower(),
                after=case.after.name.lower(),
                lines=case.lines,
            )
            for case in found.examples
        ],
    )


def _cases(tally: OutcomeTally) -> dict[str, int]:
    return {outcome.value: number for outcome, number in tally.outcomes.items()}


def template(one: WarningTemplate) -> pb.MessageTemplate:
    """Write a template, with example facts of the greatest length."""
    return pb.MessageTemplate(
        id=one.id,
        version=one.version,
        form=one.form,
        fraud_type=_wire(one.fraud_type),
        tier=one.tier.name.lower(),
        language=one.language,
        text=one.filled(MessageFacts(**LONGEST[one.language])),
        sms_parts=one.length.parts if one.form == "sms" else 0,
    )


def linted(text: str, faults: Sequence[LintFault]) -> pb.LintTextResponse:
    """Write what is wrong with a text."""
    size = sms_length(text)
    return pb.LintTextResponse(
        faults=[
            pb.TextFault(
                rule=fault.kind.value, start=fault.start, end=fault.end, why=for_caller(fault.why)
            )
            for fault in faults
        ],
        sms_parts=size.parts,
        sms_units=size.units,
        alphabet=size.encoding,
    )


def robot_figures(one: ScriptFigures) -> pb.RobotScriptFigures:
    """Write the dialogues of one script."""
    return pb.RobotScriptFigures(
        script=one.script,
        begun=one.begun,
        ended={outcome.value: count for outcome, count in one.ended.items()},
        understood=_interval(one.understood),
        difference=one.difference,
        difference_interval=_interval(one.difference_interval),
    )


def _interval(one: Interval | None) -> report_pb.ShareInterval | None:
    return report_pb.ShareInterval(low=one.low, high=one.high) if one else None
