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

from classifiers.evaluation import (
    abstention,
    comparison,
    label_noise,
    prevalence,
    report,
    risk_control,
)
from classifiers.evaluation.labels import LabelKind
from fanzha import tables
from fanzha.translation.catalogue import gettext
from services.cli._common import channel_words
from services.cli._common.channel_words import ChannelWord
from services.cli._common.console import err, fail, one_sentence, print_json, progress
from services.cli._common.files import Row, open_table
from services.cli._common.options import AsJson
from services.cli.eval import (
    comparison_table,
    label_noise_table,
    model_runner,
    promise_table,
    review_table,
)
from services.cli.eval import display as eval_display
from services.cli.eval import groups as eval_groups
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
        help="Column to group rows by; may be repeated. Without it: source, language (also lang) "
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
Against = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        help="Folder of another bundle, such as MODELS/sms/5: measured on the same rows and shown "
        "side by side.",
    ),
]
Promise = Annotated[
    float,
    typer.Option(
        min=0,
        max=0.5,
        help="Share of legitimate rows, such as 0.0001: prints the threshold that keeps it in "
        "every group with 95 % confidence; groups are those of --group-by together.",
    ),
]
Noise = Annotated[
    bool,
    typer.Option(
        "--label-noise",
        help="Count labels that the scores contradict, by group; no row is shown.",
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
    against: Against = None,
    promise: Promise = 0.0,
    noise: Noise = False,
    as_json: AsJson = False,
) -> None:
    """Measure a model on a labelled file, at the threshold of its card.

    Columns are those of `fanzha score`, and label: ham, benign, nonfraud, legitimate and 0 are
    legitimate; fraud, malicious and 1 are fraud; spam counts on neither side. With a column
    category, kinds of fraud are compared too. Recall is printed at 0.01, 0.1 and 1 % false
    positives, and precision as if one row in 2,000 were fraud, with 95 % intervals; what the
    rows are too few to show is named. The threshold that keeps a budget in every group is printed
    with the fraud it would catch, and with --promise the one that keeps a rate for sure; choose it
    on other rows than those you report. --against measures another bundle on the same rows. Rows
    that the model was trained on give too good figures.
    """
    draw = None if plots is None else _plotter()
    read = (data, by or [], cluster_by)
    model = model_runner.load(channel, models_dir)
    rows = _scored(*read, model)
    figures = _figures(channel, data, model, report.report(rows, model.threshold, budget))
    figures |= _asked(rows, model, promise, noise)
    if against is not None:
        figures["comparison"] = _compared(channel, read, against, (rows, figures))
    _show(figures, as_json)
    if draw is not None:
        for path in draw(rows, model.threshold, plots):
            err.print(gettext("drew {path}", path=path))


def _figures(
    channel: ChannelWord, data: Path, model: ModelRunner, found: report.Figures
) -> report.Figures:
    about: report.Figures = {
        "channel": channel,
        "model_version": model.version,
        "file": data.name,
    }
    if model.calibrated_at is not None:
        about["calibrated_at"] = model.calibrated_at
        about["probability_at_threshold"] = prevalence.probability(
            model.threshold, model.calibrated_at
        )
    return about | found


def _show(figures: report.Figures, as_json: bool) -> None:
    if as_json:
        print_json(figures)
        return
    eval_display.show(figures)
    if "review" in figures:
        review_table.show(figures["review"])
    if "promise" in figures:
        promise_table.show(figures["promise"])
    if "label_noise" in figures:
        label_noise_table.show(figures["label_noise"])
    if "comparison" in figures:
        comparison_table.show(figures["comparison"])


def _asked(
    rows: report.ScoredRows, model: ModelRunner, promise: float, noise: bool
) -> report.Figures:
    """Return what only some ask for, and what only some models have."""
    found: report.Figures = {}
    if model.review_threshold is not None:
        found["review"] = abstention.measured(rows, model.review_threshold, model.threshold)
    if promise:
        found["promise"] = _promise(rows, promise)
    if noise:
        try:
            found["label_noise"] = label_noise.audit(rows)
        except ValueError:
            fail(gettext("--label-noise needs scored rows of both kinds"))
    return found


def _promise(rows: report.ScoredRows, rate: float) -> report.Figures:
    """Return the threshold that keeps *rate* in every combination of groups, and what it holds."""
    chosen = rows.kinds == LabelKind.LEGITIMATE
    if not chosen.any():
        fail(gettext("--promise needs legitimate rows"))
    names = np.array(
        [" ".join(filter(None, one)) for one in zip(*rows.groups.values(), strict=True)]
    )
    clusters = None if rows.clusters is None else rows.clusters[chosen]
    return risk_control.control_risk(
        np.nan_to_num(rows.scores[chosen]), names[chosen], clusters, rate=rate
    ).figures()


def _compared(
    channel: ChannelWord,
    read: tuple[Path, Sequence[str], str],
    bundle: Path,
    mine: tuple[report.ScoredRows, report.Figures],
) -> dict[str, Any]:
    """Measure *bundle* on the same rows, and compare."""
    other = model_runner.load_bundle(channel, bundle)
    rows = _scored(*read, other)
    figures: report.Figures = {"model_version": other.version}
    figures |= report.report(rows, other.threshold)
    return comparison.compared(mine, (rows, figures))


def compare_bundles(
    channel: ChannelWord, data: Path, bundle: Path, against: Path
) -> dict[str, Any]:
    """Measure two bundles on the rows of *data*, and compare them."""
    read, model = (data, (), ""), model_runner.load_bundle(channel, bundle)
    rows = _scored(*read, model)
    figures = _figures(channel, data, model, report.report(rows, model.threshold))
    return _compared(channel, read, against, (rows, figures))


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
