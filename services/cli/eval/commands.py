"""`fanzha eval`: how good a model is on a labelled file, and how sure its size lets us be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer

from classifiers.evaluation import report
from fanzha import tables
from fanzha.translation.catalogue import gettext
from services.cli._common import channel_words
from services.cli._common.channel_words import ChannelWord
from services.cli._common.console import err, fail, one_sentence, print_json, progress
from services.cli._common.files import Row, open_table
from services.cli._common.options import AsJson
from services.cli.eval import display as eval_display
from services.cli.eval import groups as eval_groups
from services.cli.eval import model_runner
from services.cli.eval.model_runner import CHUNK, ModelRunner, needed
from services.cli.eval.score import Models

Data = Annotated[
    Path,
    typer.Option(
        exists=True, dir_okay=False, help="TSV or CSV with a header and a column label, or .gz."
    ),
]
GroupBy = Annotated[
    list[str] | None,
    typer.Option(
        "--group-by",
        help="Column to tell rows apart by; may repeat. Without it: source, language (also lang) "
        "and month, where there are such columns. Also month and year, of the first column of "
        "dates; of links also suffix, the public suffix, such as com or a free host's domain, "
        "and tld.",
    ),
]
ClusterBy = Annotated[
    str,
    typer.Option(
        "--cluster-by",
        help="Column that is the same for near-duplicates, which intervals count as one; empty: "
        "group, where there is one.",
    ),
]
Budget = Annotated[
    float,
    typer.Option(
        min=1e-6,
        max=0.5,
        help="Share of legitimate rows that may be blocked; prints the threshold for it.",
    ),
]
Plots = Annotated[
    Path | None, typer.Option(file_okay=False, help="Folder to draw plots into, as PNG.")
]


def evaluate(
    channel: Annotated[
        ChannelWord,
        typer.Argument(parser=channel_words.reader(ChannelWord), help="Which model."),
    ],
    data: Data,
    budget: Budget = 0.001,
    plots: Plots = None,
    models_dir: Models = None,
    by: GroupBy = None,
    cluster_by: ClusterBy = "",
    as_json: AsJson = False,
) -> None:
    """Measure a model on a labelled file, at the threshold of its card.

    Columns are those of `fanzha score`, and label: ham, benign, nonfraud, legitimate and 0 are
    legitimate; fraud, malicious and 1 are fraud; spam counts on neither side. With a column
    category, kinds of fraud are compared too. Recall is printed at 0.01, 0.1 and 1 % false
    positives, and precision as if one row in 2,000 were fraud, with 95 % intervals; what the
    rows are too few to show is named. The threshold that keeps a budget in every group is printed
    with the fraud it would catch; choose it on other rows than those you report. Rows that the
    model was trained on give too good figures.
    """
    if plots is not None:
        draw = _plotter()
    model = model_runner.load(channel, models_dir)
    rows = _scored(data, by or [], cluster_by, model)
    figures: report.Figures = {
        "channel": channel,
        "model_version": model.version,
        "file": data.name,
    }
    figures |= report.report(rows, model.threshold, budget)
    if as_json:
        print_json(figures)
    else:
        eval_display.show(figures)
    if plots is not None:
        for path in draw(rows, model.threshold, plots):
            err.print(gettext("drew {path}", path=path))


def _scored(
    data: Path, by: Sequence[str], cluster_by: str, model: ModelRunner
) -> report.ScoredRows:
    with one_sentence(data.name), open_table(data, single_column=model.single) as table:
        score = model.scorer(table, data.name)
        label = needed(table, data.name, "label")
        groupings = eval_groups.groupings(table, data.name, by, model)
        cluster_column = needed(table, data.name, cluster_by) if cluster_by else "group"
        texts: list[tuple[str, ...]] = []
        columns = *groupings.values(), *_cells(label, "category", cluster_column)
        scores, kinds = [np.zeros(0, np.float32)], [np.zeros(0, np.uint8)]
        with progress() as display:
            task: Any = display.add_task(gettext("scoring"), total=table.total_bytes, note="")
            while rows := list(islice(table.rows, CHUNK)):
                found = score(rows)
                scores.append(found.p_fraud)
                kinds.append(found.fraud_types)
                texts += [tuple(read(row) for read in columns) for row in rows]
                display.update(
                    task,
                    completed=table.bytes_read(),
                    note=gettext("{texts:,} rows", texts=len(texts)),
                )
    if not texts:
        fail(gettext("{name}: holds no row", name=data.name))
    *groups, labels, categories, clusters = (np.array(words) for words in zip(*texts, strict=True))
    return report.ScoredRows(
        groups=eval_groups.told_apart(dict(zip(groupings, groups, strict=True))),
        labels=labels,
        categories=categories,
        clusters=_numbered(clusters),
        scores=np.concatenate(scores),
        fraud_types=np.concatenate(kinds),
    )


def _cells(*names: str) -> list[Callable[[Row], str]]:
    return [partial(_cell, name) for name in names]


def _cell(name: str, row: Row) -> str:
    return row.get(name, "")


def _numbered(clusters: npt.NDArray[np.str_]) -> tables.Int64s:
    """Return the number of each row's near-duplicates; a row without a name for them is alone."""
    _, numbers = np.unique(clusters, return_inverse=True)
    alone = clusters == ""
    numbers[alone] = len(clusters) + np.flatnonzero(alone)
    return numbers.astype(np.int64)


def _plotter() -> Any:
    if find_spec("matplotlib") is None:
        fail(
            gettext("plots need matplotlib: pip install 'fanzha[plots]', or in a clone '.[plots]'")
        )
    from services.cli.eval.plots import draw

    return draw
