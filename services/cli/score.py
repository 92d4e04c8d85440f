"""`fanzha score`: runs the models alone, in this process, at the shipped thresholds."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import numpy as np
import typer

from classifiers import bundles
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from fanzha.tables import Float32s
from fanzha.url import canonicals
from services.cli.console import err, fail, one_sentence, progress
from services.cli.files import OpenTable, Row, column, open_table

app = typer.Typer(
    no_args_is_help=True,
    help="Run the models only: no lists, no server, at the thresholds of their cards.",
)

Data = Annotated[
    Path,
    typer.Option(exists=True, dir_okay=False, help="TSV or CSV with a header, or .gz of it."),
]
Out = Annotated[Path, typer.Option(dir_okay=False, help="TSV to write: one row out per row in.")]
Models = Annotated[
    Path | None, typer.Option(envvar="FANZHA_MODELS_DIR", help="Folder of model bundles.")
]

CHUNK = 1024
Scorer: TypeAlias = Callable[[Sequence[Row]], Iterator[tuple[str, ...]]]


@app.command()
def sms(data: Data, out: Out, models_dir: Models = None) -> None:
    """Score texts: column text (or body), and optionally sender and id."""
    model = bundles.load_text(models_dir)
    home = HomePlan()

    def scorer(table: OpenTable) -> Scorer:
        body = _needed(table, data, "text", "body", "message", "content")
        sender = column(table.columns, "sender", "from")

        def score(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
            senders = home.sender_keys([row.get(sender, "") for row in rows])
            scores = model.score_bodies([row[body] for row in rows], senders)
            for fraud, spam, kind in zip(
                scores.p_fraud, scores.p_spam, scores.fraud_types, strict=True
            ):
                name = FraudType(int(kind)).name.lower() if kind else ""
                yield _action(fraud, model.threshold), _number(fraud), name, _number(spam)

        return score

    _run(data, out, "text", ("action", "p_fraud", "fraud_type", "p_spam"), scorer)


@app.command()
def url(data: Data, out: Out, models_dir: Models = None) -> None:
    """Score links: column url (or domain), and optionally id."""
    model = bundles.load_link(models_dir)

    def scorer(table: OpenTable) -> Scorer:
        name = _needed(table, data, "url", "domain", "host", "link")

        def score(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
            return _plain(model.score(canonicals([row[name] for row in rows])), model.threshold)

        return score

    _run(data, out, "url", ("action", "p_fraud", "fraud_type"), scorer)


@app.command()
def caller(data: Data, out: Out, models_dir: Models = None) -> None:
    """Score callers by their behaviour: the columns named in docs/models/caller.md."""
    model = bundles.load_caller(models_dir)

    def scorer(table: OpenTable) -> Scorer:
        def score(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
            columns = {
                name: np.array([_float(row[name]) for row in rows], np.float32)
                for name in table.columns
                if name in model.table_columns
            }
            return _plain(model.score_table(columns), model.threshold)

        missing = sorted(set(model.table_columns) - set(table.columns))
        if missing:
            err.print(f"taken as empty, for {data.name} has no such column: {', '.join(missing)}")
        return score

    _run(data, out, "number", ("action", "p_fraud", "fraud_type"), scorer)


def _run(
    data: Path,
    out: Path,
    single: str,
    columns: tuple[str, ...],
    scorer: Callable[[OpenTable], Scorer],
) -> None:
    with (
        one_sentence(data.name),
        open_table(data, single_column=single) as table,
        out.open("w", encoding="utf-8") as file,
    ):
        score = scorer(table)
        name = column(table.columns, "id", "user")
        file.write("\t".join(("id", *columns)) + "\n")
        done = 0
        with progress() as display:
            task: Any = display.add_task("scoring", total=table.total_bytes, note="")
            while rows := list(islice(table.rows, CHUNK)):
                for offset, fields in enumerate(score(rows)):
                    identity = rows[offset].get(name) or str(done + offset + 1)
                    file.write("\t".join((identity, *fields)) + "\n")
                done += len(rows)
                display.update(task, completed=table.bytes_read(), note=f"{done:,} rows")
    err.print(f"{done:,} rows scored")


def _needed(table: OpenTable, data: Path, *names: str) -> str:
    found = column(table.columns, *names)
    if not found:
        fail(f"{data.name}: needs a column {' or '.join(names)}, has {', '.join(table.columns)}")
    return found


def _plain(scores: Float32s, threshold: float) -> Iterator[tuple[str, ...]]:
    for score in scores:
        yield _action(score, threshold), _number(score), ""


def _action(score: np.float32, threshold: float) -> str:
    # NaN, a row that cannot be read, is let through.
    return "block" if score >= np.float32(threshold) else "allow"


def _number(score: np.float32) -> str:
    return "" if np.isnan(score) else f"{score:.6f}"


def _float(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
