"""`fanzha warnings region`: in which region numbers are, and by what it was found."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fanzha.translation.catalogue import gettext
from services.cli._common.console import err, fail, fault_text, print_json
from services.cli._common.options import AsJson
from services.cli._common.tables import RowTable

if TYPE_CHECKING:
    from fanzha.phone import HomePlan

_Table = Annotated[
    Path | None,
    typer.Option(
        envvar="FANZHA_WARNING_REGIONS_FILE", help="CSV file of number, province, city, county."
    ),
]
_Counties = Annotated[
    Path | None,
    typer.Option(envvar="FANZHA_WARNING_COUNTIES_FILE", help="CSV file of city, county, weight."),
]
_HomeCountry = Annotated[
    str, typer.Option(envvar="FANZHA_HOME_COUNTRY", help="Country code of the home plan.")
]


def region(
    numbers: Annotated[list[str], typer.Argument(help="Numbers, E.164 or as dialled at home.")],
    table: _Table = None,
    counties: _Counties = None,
    home_country: _HomeCountry = "86",
    as_json: AsJson = False,
) -> None:
    """Tell in which region numbers are, as the pipeline would."""
    from fanzha.phone import HomePlan, number_text
    from services.warning.policy.places import places
    from services.warning.policy.regions import RegionFinder

    plan = HomePlan(home_country)
    _require_numbers(numbers, plan)
    try:
        with err.status(gettext("reading tables")):
            regions = RegionFinder.load(
                home_country=home_country, table=table, county_rules=counties
            )
    except ValueError as error:
        fail(fault_text(error))
    found = regions.of([number_text(plan.number_key(number)) for number in numbers])
    rows = [
        {
            "number": number,
            "province": one.province,
            "city": one.city,
            "county": one.county,
            "label": places().label(one.province, one.city),
            "how": one.how,
        }
        for number, one in zip(numbers, found, strict=True)
    ]
    if as_json:
        print_json(rows)
        return
    _show(rows)


def _require_numbers(numbers: list[str], plan: "HomePlan") -> None:
    from fanzha.phone import UNREADABLE

    for number in numbers:
        if plan.number_key(number) == UNREADABLE:
            raise typer.BadParameter(
                gettext("{number!r} is no telephone number", number=number), param_hint="numbers"
            )


def _show(rows: list[dict[str, str]]) -> None:
    shown = RowTable(
        gettext("number"),
        gettext("region"),
        gettext("code"),
        gettext("county"),
        gettext("found by"),
    )
    for row in rows:
        code = row["city"] or row["province"]
        shown.add_row(row["number"], row["label"], code, row["county"], row["how"])
    shown.print()
