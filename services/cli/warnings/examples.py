"""`fanzha warnings examples`: labelled examples for training, of cases that say what was right."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import typer

from infra.clock import now_ms
from infra.data_paths import DECISIONS
from services.cli._common.console import one_sentence, out
from services.cli._common.stores import DEFAULT_DATA_DIR, DataDir, RedisUrl, store_url
from services.cli.decisions.options import Folder, Home, Memory, Since, span_ms

app = typer.Typer(
    no_args_is_help=True, help="Labelled examples of cases closed as false alarm or lost money."
)


@app.callback()
def _group() -> None:
    """Keep the name of the command, of which there is one."""


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="File to write, .csv or .jsonl.")],
    since: Since = "90d",
    model: Annotated[
        Literal["any", "sms", "url"],
        typer.Option("--for", help="Only what this model can learn from: texts, or links."),
    ] = "any",
    full: Annotated[
        bool, typer.Option("--full", help="Name the case and the number that called or texted.")
    ] = False,
    folder: Folder = None,
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    home: Home = "86",
    memory: Memory = "1GB",
) -> None:
    """Write one row for each decision behind cases that were closed since then.

    Lost money is fraud, a false alarm nonfraud. Decisions and texts come from the decision log of
    this host, where it still keeps them; how many are gone is told. `fanzha train --examples`
    reads the file as it is, `fanzha eval sms` and `url` a .csv; its columns are in
    docs/how-to/outcomes.md. Only you can read it.
    """
    from fanzha.phone import HomePlan
    from services.cli.warnings import example_export
    from services.decision_log.query import DecisionQuery

    if file.suffix not in example_export.SUFFIXES:
        raise typer.BadParameter("a name that ends in .csv or .jsonl", param_hint="FILE")
    log = DecisionQuery(folder or data_dir / DECISIONS, HomePlan(home), memory=memory)
    url, since_ms = store_url(redis_url, data_dir), max(0, now_ms() - span_ms(since))
    with one_sentence("the store"):
        counts = example_export.export(file, url, log, since_ms=since_ms, model=model, full=full)
    _tell(counts, file, model)
    if not log.exists:
        out.print("there is no decision log here: --folder or --data-dir says where it is")


def _tell(counts: Counter[str], file: Path, model: str) -> None:
    out.print(f"{counts['written']} examples of {counts['cases']} cases in {file}")
    told = [
        (counts["gone"], "decisions are gone from the log, or were never in it: without features"),
        (counts["no_text"], "texts without what they said: not logged, or no longer kept"),
        (counts["unfit"], f"left out: nothing in them that a model for {model} could learn from"),
        (counts["cut"], "cases with so many decisions that the later ones are left out"),
    ]
    for number, what in told:
        if number:
            out.print(f"{number} {what}")
