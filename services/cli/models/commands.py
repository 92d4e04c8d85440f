"""`fanzha models`: which models there are and run; swap, shadow and roll back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import feedback_pb2, model_pb2_grpc
from fanzha.v1 import model_pb2 as pb
from services.cli._common import channel_words
from services.cli._common.channel_words import ModelWord, model_word, shown_model
from services.cli._common.confirmation import agree
from services.cli._common.console import err, out, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Target, Yes
from services.cli._common.server import ServerOf
from services.cli.models import display, request_commands, signature_commands
from services.cli.models import retrain as retraining

app = typer.Typer(no_args_is_help=True, help="List models; swap, shadow and roll back.")

app.command(name="retrain")(retraining.retrain)
app.command()(signature_commands.sign)
app.command()(signature_commands.verify)
app.command()(request_commands.propose)
app.command()(request_commands.requests)
app.command()(request_commands.approve)
app.command()(request_commands.reject)
app.command()(request_commands.card)

server = ServerOf(lambda: model_pb2_grpc.ModelServiceStub, deadline_seconds=15.0)
_POLL_SECONDS = 0.2


KindWord = Annotated[
    ModelWord, typer.Argument(parser=channel_words.reader(ModelWord), help="Kind of model.")
]
Wait = Annotated[
    float, typer.Option(min=0, help="Seconds to wait until every worker has followed.")
]


@app.command(name="list")
def list_models(
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Ask no server: only the bundles on this host."),
    ] = False,
    models_dir: Annotated[
        Path | None,
        typer.Option(
            envvar="FANZHA_MODELS_DIR",
            help="With --offline: folder of bundles. Empty: the package's.",
        ),
    ] = None,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show the bundles of the server with their figures, what is desired and what workers run."""
    if offline:
        found = _on_this_host(models_dir)
    else:
        with server(target) as stub:
            found = stub.ListModels(pb.ListModelsRequest())
        if not any(model.workers for model in found.models):
            err.print(gettext("no worker reports"))
    bundles = {one.kind: one.bundles for one in found.bundles}
    if as_json:
        print_json(
            {
                model_word(model.kind): display.kind_json(model, bundles.get(model.kind, ()))
                for model in found.models
            }
        )
        return
    for model in found.models:
        for line in display.kind_lines(model_word(model.kind), model, bundles.get(model.kind, ())):
            out.print(line, soft_wrap=True)


@app.command()
def drift(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show how far the traffic of each worker has moved from what the models were trained on.

    The population stability index: above 0.1 look, above 0.25 the traffic is another. Status 1 when
    an alarm is raised (settings score_drift_alarm, feature_drift_alarm).
    """
    with server(target) as stub:
        found = stub.ListModels(pb.ListModelsRequest())
    workers = [(model_word(model.kind), one) for model in found.models for one in model.workers]
    if as_json:
        print_json(display.drift_json(workers))
    else:
        display.show_drift(workers)
    if any(one.drift_alarms for _, one in workers):
        raise typer.Exit(1)


@app.command()
def activate(
    kind: KindWord,
    version: Annotated[str, typer.Argument(help="Version of the bundle that is to decide.")],
    wait: Wait = 10.0,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Let another model decide; each worker checks it first and keeps its own if it is bad.

    A version that no worker has is refused. Ends with status 1 when a worker refuses it or is late.
    """
    request = pb.ActivateModelRequest(kind=wire(kind), version=version, changed_by=by)
    with server(target) as stub:
        if not yes and version in _show_running(stub, kind):
            question = gettext(
                "Let {kind} model {version} decide?", kind=shown_model(kind), version=version
            )
            agree(question, yes=yes)
        done = stub.ActivateModel(request)
        _follow(stub, kind, done, wait, as_json, state="active_state")


@app.command()
def shadow(
    kind: KindWord,
    version: Annotated[
        str, typer.Argument(help="Version that is to score and decide nothing, or off.")
    ],
    share: Annotated[
        float, typer.Option(min=0, max=1, help="Part of the batches it scores.")
    ] = 1.0,
    wait: Wait = 10.0,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Let a second model score the same traffic and decide nothing.

    Ends with status 1 when a worker refuses it or is late.
    """
    request = pb.ShadowModelRequest(
        kind=wire(kind),
        version="" if version == "off" else version,
        share=share,
        changed_by=by,
    )
    with server(target) as stub:
        done = stub.ShadowModel(request)
        _follow(stub, kind, done, wait, as_json, state="shadow_state")


@app.command()
def rollback(
    kind: KindWord,
    wait: Wait = 10.0,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Let the model decide again that last ran before; workers have kept it loaded.

    Where workers refused the desired version, what still decides becomes the desired one.
    """
    request = pb.RollbackModelRequest(kind=wire(kind), changed_by=by)
    with server(target) as stub:
        if not yes:
            _show_running(stub, kind)
            agree(
                gettext("Let the {kind} model decide that ran before?", kind=shown_model(kind)),
                yes=yes,
            )
        done = stub.RollbackModel(request)
        _follow(stub, kind, done, wait, as_json, state="active_state")


def wire(kind: ModelWord) -> Any:
    """Return the number of a kind; generated stubs want a type of their own."""
    return list(ModelWord).index(kind) + 1


def _follow(
    stub: Any, kind: ModelWord, done: Any, wait: float, as_json: bool, *, state: str
) -> None:
    """Wait until workers have followed, show how far they are, and exit with 1 when not all are."""
    workers = _followed(stub, kind, wait, state)
    shown = {one.worker: display.state_words(one, getattr(one, state), done.desired, state)
             for one in workers}  # fmt: skip
    synced = done.durability == feedback_pb2.DURABILITY_SYNCED
    if as_json:
        print_json(
            {
                "desired": display.desired_json(done.desired),
                "synced": synced,
                "workers": shown,
            }
        )
    else:
        place = gettext("on the disk of the store") if synced else gettext("in the store's memory")
        words = display.desired_words(done.desired)
        out.print(
            gettext(
                "{value} desired: {words}; {place}",
                value=shown_model(kind),
                words=words,
                place=place,
            ),
            soft_wrap=True,
        )
        for worker, state_shown in shown.items():
            out.print(f"  {worker}: {state_shown}", soft_wrap=True)
        if not workers:
            out.print(gettext("  no worker reports; those that start will follow"))
    if any(getattr(one, state) != pb.FOLLOW_STATE_DONE for one in workers):
        raise typer.Exit(1)


def _show_running(stub: Any, kind: ModelWord) -> Sequence[str]:
    """Print on standard error what is desired of a kind and runs; return the versions there are."""
    model = stub.GetModelStatus(pb.GetModelStatusRequest(kind=wire(kind))).model
    for line in (shown_model(kind), *display.running_lines(kind.value, model)):
        err.print(line, soft_wrap=True)
    versions: Sequence[str] = model.versions
    return versions


def _followed(stub: Any, kind: ModelWord, wait: float, state: str) -> list[pb.WorkerModel]:
    request = pb.GetModelStatusRequest(kind=wire(kind))
    ends = time.monotonic() + wait
    while True:
        workers = list(stub.GetModelStatus(request).model.workers)
        pending = any(getattr(one, state) == pb.FOLLOW_STATE_PENDING for one in workers)
        if not pending or time.monotonic() >= ends:
            return workers
        time.sleep(_POLL_SECONDS)


def _on_this_host(models_dir: Path | None) -> pb.ListModelsResponse:
    from services.decision.model_kinds import ModelKind
    from services.models import bundle_listing
    from services.rpc.models import messages

    return pb.ListModelsResponse(
        models=[pb.ModelStatus(kind=wire(kind)) for kind in ModelWord],
        bundles=[
            messages.bundles(kind, bundle_listing.summaries(models_dir, kind)) for kind in ModelKind
        ],
    )
