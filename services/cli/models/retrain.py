"""`fanzha models retrain`: a successor learns from what people judged, and scores as a shadow."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from services.cli import train
from services.cli._common import channel_words
from services.cli._common.channel_words import ChannelWord, ModelWord
from services.cli._common.console import err, fail, out, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Target

logger = logging.getLogger(__name__)

_TERMINATED = 128 + signal.SIGTERM
_DAY_S = 86_400.0
_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainPlan:
    """What one training takes, and what becomes of its bundle."""

    kind: ModelWord
    models_dir: Path
    data: Path | None
    examples: tuple[Path, ...]
    since: str
    """Since when examples are exported from the server; empty: none are."""
    least: int
    measure: Path | None
    share: float
    """Of the batches that the shadow scores; 0: it is not put into shadow."""
    target: str
    by: str


Kind = Annotated[
    ModelWord, typer.Argument(parser=channel_words.reader(ModelWord), help="Kind of model.")
]
ModelsDir = Annotated[
    Path,
    typer.Option(envvar="FANZHA_MODELS_DIR", file_okay=False, help="Folder of bundles to add to."),
]
Data = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="Folder of the labelled tables."),
]
Examples = Annotated[
    list[Path] | None,
    typer.Option(exists=True, dir_okay=False, help="File of labelled examples; may repeat."),
]
ExamplesSince = Annotated[
    str,
    typer.Option(
        "--examples-since",
        help="Export examples judged since then from the server, such as 90d; as an auditor.",
    ),
]
Least = Annotated[
    int,
    typer.Option("--min-examples", min=0, help="Train only with so many exported examples."),
]
Measure = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="Labelled file on which the new and the newest model before are compared.",
    ),
]
Share = Annotated[
    float,
    typer.Option(min=0, max=1, help="Part of the batches the shadow scores; 0: no shadow."),
]
Key = Annotated[
    Path | None,
    typer.Option(dir_okay=False, help="Private key that signs the bundle, as of models sign."),
]
Every = Annotated[
    float, typer.Option(min=0, help="Repeat every so many days, until ended; 0: once.")
]
MaxHours = Annotated[float, typer.Option(min=0.001, help="Longest training.")]
MaxMemory = Annotated[
    float, typer.Option("--max-memory-gib", min=0.1, help="Most memory of the training.")
]


def retrain(
    kind: Kind,
    models_dir: ModelsDir,
    data: Data = None,
    examples: Examples = None,
    since: ExamplesSince = "",
    least: Least = 50,
    measure: Measure = None,
    share: Share = 0.1,
    key: Key = None,
    every: Every = 0.0,
    max_hours: MaxHours = 12.0,
    max_memory: MaxMemory = 8.0,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Train the next version, put it into shadow, and write a report; nothing is promoted.

    Needs the extra `train`. One training runs at a time on a folder of bundles, with low priority,
    on one thread and within limits. With --every it repeats; a restart keeps the rhythm.
    """
    plan = RetrainPlan(
        kind=kind, models_dir=models_dir, data=data, examples=tuple(examples or ()), since=since,
        least=least, measure=measure, share=share, target=target, by=by,
    )  # fmt: skip
    train.check_packages()
    retrainer = _retrainer(plan, key, max_hours, max_memory)
    if every:
        repeat(plan, retrainer, every * _DAY_S, as_json=as_json)
        return
    _show(once(plan, retrainer), as_json)


def _retrainer(plan: RetrainPlan, key: Path | None, hours: float, gib: float) -> Any:
    from services.audit import keys
    from services.decision.model_kinds import ModelKind
    from services.models.retrainer import Retrainer, TrainingLimits

    return Retrainer(
        ModelKind(plan.kind.value),
        plan.models_dir.resolve(),
        limits=TrainingLimits(seconds=hours * 3600, memory_bytes=int(gib * _GIB)),
        key=None if key is None else keys.open_key(key),
    )


def once(
    plan: RetrainPlan, retrainer: Any, command: Callable[..., Sequence[str]] | None = None
) -> Any:
    """Run a training and what follows it; ends the command where none is to be used.

    *command* is as in `run`. SIGTERM ends the training, too, and removes what was exported.
    """
    from services.models.retrainer import AlreadyRuns, TrainingFailed

    ended = False

    def end(_signal: int, _frame: object) -> None:
        nonlocal ended
        ended = True
        if not retrainer.stop():
            sys.exit(_TERMINATED)

    signal.signal(signal.SIGTERM, end)
    try:
        return run(plan, retrainer, command)
    except (AlreadyRuns, TrainingFailed) as error:
        if ended:
            sys.exit(_TERMINATED)
        fail(str(error))


def run(
    plan: RetrainPlan, retrainer: Any, command: Callable[..., Sequence[str]] | None = None
) -> Any:
    """Train once and return the report, None where there was too little to learn from.

    *command* makes the training's command of a folder and files; None: that of `fanzha train`.
    """
    from tempfile import TemporaryDirectory

    from services.models.retrainer import with_results

    made = command or partial(train.command, plan.kind, data=plan.data, rounds=False)
    with TemporaryDirectory(prefix="fanzha-examples-") as folder:
        files = [*plan.examples, *_exported(plan, Path(folder))]
        if plan.since and len(files) == len(plan.examples):
            return None
        report = retrainer.run(lambda bundle: made(bundle, examples=files))
    whole = with_results(report, comparison=_compared(plan, report), shadow=_shadowed(plan, report))
    retrainer.write(whole)
    return whole


def _exported(plan: RetrainPlan, folder: Path) -> list[Path]:
    """Export what was judged since; no file where it is too little."""
    if not plan.since:
        return []
    from fanzha.v1 import warning_operations_pb2 as pb
    from infra.clock import now_ms
    from services.cli._common.time_arguments import moment
    from services.cli.warnings import example_export
    from services.cli.warnings.operations_server import LONG_SECONDS, server

    request = pb.ExportExamplesRequest(
        since_ms=moment(plan.since, now_ms(), "--examples-since"),
        model=plan.kind if plan.kind in {ModelWord.TEXT, ModelWord.LINK} else "",
    )
    file = folder / "judged.jsonl"
    with server(plan.target) as stub:
        counts = example_export.write(file, stub.ExportExamples(request, timeout=LONG_SECONDS))
    if counts.written < plan.least:
        err.print(
            gettext(
                "{written:,} examples since {since}, {least:,} are needed: nothing is trained",
                written=counts.written,
                since=plan.since,
                least=plan.least,
            )
        )
        return []
    return [file]


def _compared(plan: RetrainPlan, report: Any) -> Mapping[str, Any]:
    """Measure the new bundle and the one before on the same rows, where there are some."""
    if plan.measure is None or not report.before or plan.kind is ModelWord.VELOCITY:
        return {}
    from services.cli.eval.commands import compare_bundles
    from services.decision.model_kinds import ModelKind

    folder = plan.models_dir / ModelKind(plan.kind.value).folder
    found: Mapping[str, Any] = compare_bundles(
        ChannelWord(plan.kind.value), plan.measure, folder / report.version, folder / report.before
    )
    return found


def _shadowed(plan: RetrainPlan, report: Any) -> str:
    """Ask that the new bundle scores as a shadow; return whether it does, or why not."""
    if not plan.share:
        return "not asked for"
    import grpc

    from fanzha.v1 import model_pb2 as pb
    from services.cli.models import commands

    request = pb.ShadowModelRequest(
        kind=commands.wire(plan.kind), version=report.version, share=plan.share, changed_by=plan.by
    )
    try:
        with commands.server(plan.target) as stub:
            stub.ShadowModel(request)
    except (grpc.RpcError, typer.Exit, SystemExit) as error:
        # The bundle is made and stays; a person can put it into shadow.
        return f"refused: {error}"
    return f"in shadow, {plan.share:g} of the batches"


def repeat(
    plan: RetrainPlan,
    retrainer: Any,
    every_seconds: float,
    *,
    as_json: bool = False,
    command: Callable[..., Sequence[str]] | None = None,
) -> None:
    """Train now and again until the process is told to end, and show each report.

    Failures are logged. *command* is as in `run`.
    """
    from infra.periodic import run_periodically_in_thread

    ending = threading.Event()

    def end(_signal: int, _frame: object) -> None:
        ending.set()
        retrainer.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    if ending.wait(retrainer.due_in(every_seconds)):
        return
    run_periodically_in_thread(
        lambda: _show(_unless(ending, plan, retrainer, command), as_json),
        every_seconds=every_seconds,
        task=f"retraining of {plan.kind}",
        logger=logger,
        ending=ending,
    )


def _unless(
    ending: threading.Event,
    plan: RetrainPlan,
    retrainer: Any,
    command: Callable[..., Sequence[str]] | None,
) -> Any:
    """Train once; a training that ends because *ending* was set has not failed."""
    from services.models.retrainer import TrainingFailed

    try:
        return run(plan, retrainer, command)
    except TrainingFailed:
        if ending.is_set():
            return None
        raise


def _show(report: Any, as_json: bool) -> None:
    if report is None:
        return
    if as_json:
        print_json({name: getattr(report, name) for name in report.__dataclass_fields__})
        return
    out.print(
        gettext(
            "{kind} model {version} made in {seconds:,.0f} s, {mib:,.0f} MiB at most, "
            "{rows:,} rows of this site; {shadow}",
            kind=report.kind,
            version=report.version,
            seconds=report.seconds,
            mib=report.peak_memory_bytes / 2**20,
            rows=report.site_rows,
            shadow=report.shadow,
        ),
        soft_wrap=True,
    )
    if report.comparison:
        from services.cli.eval import comparison_table

        comparison_table.show(report.comparison)
    out.print(
        gettext("it decides nothing until: fanzha models activate {kind} {version}",
                kind=report.kind, version=report.version)
    )  # fmt: skip
