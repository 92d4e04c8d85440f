"""`fanzha bench capacity`: what a province needs, by a simulated day and what was measured here.

    fanzha bench capacity --subscribers 20000000 --rows 16

Assumptions are those of `benchmarks/capacity/province.toml`, or of a copy with your own figures.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import results
from benchmarks.capacity import page, simulated_day, sizing
from benchmarks.capacity.assumptions import OF_A_PROVINCE, Province, WrongAssumption
from benchmarks.capacity.unit_costs import NotMeasured, UnitCosts
from benchmarks.report import latest_results
from services.cli._common.console import fail


def main(
    *,
    assumptions: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="TOML with the keys of province.toml.")
    ] = OF_A_PROVINCE,
    subscribers: Annotated[int, typer.Option(min=0, help="0: those of the file.")] = 0,
    rows: Annotated[int, typer.Option(min=0, help="Rows a request; 0: those of the file.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the simulated day.")] = simulated_day.SEED,
    folder: Annotated[
        Path, typer.Option("--results", exists=True, file_okay=False, help="JSON of real runs.")
    ] = results.FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Figures instead of text.")] = False,
) -> None:
    """Print hosts, memory, disk, network and cost of a year."""
    try:
        province = Province.read(assumptions)
        measured = latest_results.newest(folder)
        costs = UnitCosts.of(measured)
    except (WrongAssumption, NotMeasured, latest_results.Unreadable) as error:
        fail(str(error))
    province = replace(
        province,
        subscribers=subscribers or province.subscribers,
        rows_a_request=rows or province.rows_a_request,
    )
    known = sorted({size for _, size in costs.microseconds})
    if province.rows_a_request not in known:
        fail(f"rows a request: one of {', '.join(map(str, known))}, which were measured")
    needed = sizing.size(province, simulated_day.simulate(province, seed), costs)
    if as_json:
        typer.echo(json.dumps(asdict(needed), indent=2))
    else:
        typer.echo("\n".join(page.write(province, needed, costs, measured)).rstrip())


if __name__ == "__main__":
    typer.run(main)
