"""Shows units, scores and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping

from fanzha.translation.catalogue import gettext
from fanzha.v1 import assessment_pb2 as pb
from services.cli._common.console import out
from services.cli._common.enum_words import enum_word
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written

_FEN = 100


def show_units(answer: pb.ListUnitsResponse) -> None:
    """Print units and the formula."""
    table = RowTable()
    for head in ("unit", "name", "level", "region"):
        table.add_column(gettext(head), prose=head == "name")
    for one in answer.units:
        table.add_row(one.code, one.name, level_word(one.level), one.region or "–")
    table.print()
    measures = RowTable()
    for head in ("measure", "weight", "floor", "target"):
        measures.add_column(gettext(head), right=head != "measure")
    for each in answer.measures:
        measures.add_row(
            measure_word(each.name), f"{each.weight:g}", f"{each.floor:.0%}", f"{each.target:.0%}"
        )
    measures.print()
    out.print(
        gettext(
            "formula {version}; warned in time: within {minutes} minutes",
            version=answer.formula,
            minutes=answer.minutes,
        ),
        markup=False,
    )


def show_assessment(made: pb.MonthlyAssessment, known: pb.ListUnitsResponse) -> None:
    """Print the scores of a month, a table a level."""
    names = unit_names(known)
    levels = {one.code: one.level for one in known.units}
    for level in dict.fromkeys(levels.values()):
        table = RowTable()
        measures = [one.name for one in known.measures]
        table.add_column(gettext("rank"), right=True)
        table.add_column(level_word(level), prose=True)
        for head in ("score", "cases", "warned", "dissuaded", "lost, yuan"):
            table.add_column(gettext(head), right=True)
        for name in measures:
            table.add_column(measure_word(name), right=True)
        for one in made.scores:
            if levels.get(one.unit) != level:
                continue
            shares = {each.name: share(each) for each in one.measures}
            table.add_row(
                str(one.rank or "–"),
                names.get(one.unit, one.unit),
                f"{one.score:.2f}" if one.HasField("score") else "–",
                *(f"{count:,}" for count in (one.cases, one.warned, one.dissuaded)),
                f"{one.lost_fen / _FEN:,.0f}",
                *(shares.get(name, "–") for name in measures),
            )
        table.print()
    out.print(told(made), markup=False)


def told(made: pb.MonthlyAssessment) -> str:
    """Return when an assessment was made, by which formula, and whether it is published."""
    if made.made_by:
        return gettext(
            "{month}, formula {formula}, published {at} by {by}",
            month=made.month,
            formula=made.formula,
            at=written(made.made_at_ms),
            by=made.made_by,
        )
    return gettext(
        "{month}, formula {formula}, a draft as of {at}",
        month=made.month,
        formula=made.formula,
        at=written(made.made_at_ms),
    )


def show_cases(answer: pb.ListMeasuredCasesResponse) -> None:
    """Print the cases of a number."""
    table = RowTable()
    for head in ("case", "counts for it", "opened", "warned", "state", "outcome"):
        table.add_column(gettext(head))
    for one in answer.cases:
        table.add_row(
            one.case_id,
            gettext("yes") if one.reached else gettext("no"),
            written(one.opened_at_ms),
            written(one.warned_at_ms) if one.warned_at_ms else "",
            enum_word("case_state", one.state),
            enum_word("case_outcome", one.outcome),
        )
    table.print()
    out.print(gettext("{reached} of {of}", reached=answer.reached, of=answer.of))
    if len(answer.cases) < answer.of:
        out.print(gettext("{count} more", count=answer.of - len(answer.cases)))


def show_published(answer: pb.ListAssessmentsResponse) -> None:
    """Print which months are published."""
    table = RowTable()
    for head in ("month", "formula", "units", "published", "by", "note"):
        table.add_column(gettext(head), prose=head == "note")
    for one in answer.assessments:
        units = str(len(one.scores))
        table.add_row(one.month, one.formula, units, written(one.made_at_ms), one.made_by, one.note)
    table.print()


def share(one: pb.MeasuredShare) -> str:
    """Write a share as a percentage; a dash where there is nothing to measure."""
    return f"{one.reached / one.of:.1%}" if one.of else "–"


def unit_names(known: pb.ListUnitsResponse) -> Mapping[str, str]:
    """Return the names of units by code."""
    return {one.code: one.name for one in known.units}


def level_word(level: str) -> str:
    """Return the word of a level, in the language of the user."""
    return enum_word("unit_level", level)


def measure_word(name: str) -> str:
    """Return the word of a measure."""
    return enum_word("measure", name.replace("_", " "))
