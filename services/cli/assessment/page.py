"""Writes an assessment as a page to print: nothing outside of it is loaded."""

from __future__ import annotations

from html import escape

from fanzha.translation.catalogue import gettext, language
from fanzha.v1 import assessment_pb2 as pb
from services.cli.assessment.display import level_word, measure_word, share, told, unit_names

_FEN = 100
_STYLE = """
@page { size: A4 landscape; margin: 15mm }
body { font: 11pt "Noto Serif CJK SC", "Songti SC", SimSun, serif }
body { margin: 2em auto; max-width: 60em }
h1 { font-size: 18pt; text-align: center } h2 { font-size: 13pt; break-after: avoid }
table { border-collapse: collapse; width: 100% } tr { break-inside: avoid }
th, td { border: 1px solid #666; padding: 3pt 5pt; text-align: right }
th:nth-child(2), td:nth-child(2) { text-align: left } thead { display: table-header-group }
footer { margin-top: 2em; font-size: 9pt; color: #444 }
"""


def written(made: pb.MonthlyAssessment, known: pb.ListUnitsResponse) -> str:
    """Return the page."""
    title = gettext("Assessment of member units, {month}", month=made.month)
    levels = dict.fromkeys(one.level for one in known.units)
    tables = "".join(_level(level, made, known) for level in levels)
    return (
        f'<!doctype html><html lang="{language()}"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f"{_summary(made, known)}{tables}<footer>{escape(told(made))}<br>"
        f"{escape(_formula(known))}</footer></html>\n"
    )


def _summary(made: pb.MonthlyAssessment, known: pb.ListUnitsResponse) -> str:
    """Return the sentence of the whole: of the unit without a region, if there is one."""
    whole = {one.code for one in known.units if not one.region}
    one = next((one for one in made.scores if one.unit in whole), None)
    if one is None:
        return ""
    shares = {each.name: share(each) for each in one.measures}
    sentence = gettext(
        "{warned:,} people were warned in {cases:,} cases, {dissuaded:,} of them dissuaded by an "
        "officer; {accuracy} of the warnings whose end is known were right; known losses are "
        "{lost:,.2f} yuan.",
        warned=one.warned,
        cases=one.cases,
        dissuaded=one.dissuaded,
        accuracy=shares.get("accuracy", "–"),
        lost=one.lost_fen / _FEN,
    )
    return f"<p>{escape(sentence)}</p>"


def _level(level: str, made: pb.MonthlyAssessment, known: pb.ListUnitsResponse) -> str:
    names, measures = unit_names(known), [one.name for one in known.measures]
    mine = {one.code for one in known.units if one.level == level}
    heads = [
        *(gettext(head) for head in ("rank", "unit", "score", "cases", "warned", "dissuaded")),
        *(measure_word(name) for name in measures),
        *(gettext(head) for head in ("tasks", "overdue")),
    ]
    rows = []
    for one in made.scores:
        if one.unit not in mine:
            continue
        shares = {each.name: share(each) for each in one.measures}
        rows.append(
            [
                str(one.rank or "–"),
                names.get(one.unit, one.unit),
                f"{one.score:.2f}" if one.HasField("score") else "–",
                *(f"{count:,}" for count in (one.cases, one.warned, one.dissuaded)),
                *(shares.get(name, "–") for name in measures),
                *(str(one.tasks), str(one.overdue_tasks)),
            ]
        )
    return f"<h2>{escape(level_word(level))}</h2>{_table(heads, rows)}"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _formula(known: pb.ListUnitsResponse) -> str:
    terms = "; ".join(
        gettext(
            "{measure} {weight:g} points from {floor:.0%} to {target:.0%}",
            measure=measure_word(one.name),
            weight=one.weight,
            floor=one.floor,
            target=one.target,
        )
        for one in known.measures
    )
    return gettext("Formula {version}: {terms}", version=known.formula, terms=terms)
