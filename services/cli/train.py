"""`fanzha train`: trains a model from zero, in a process of its own.

The service never imports training code; it needs packages that a running service does not.
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import typer

from classifiers.card import CARD
from services.cli.console import err, fail

Data = Annotated[
    Path,
    typer.Option(
        exists=True, file_okay=False, help="Folder of the labelled tables, named as on the card."
    ),
]
Out = Annotated[
    Path,
    typer.Option(file_okay=False, help="Bundle to write; the folder's name is the version."),
]

MODULES = {
    "sms": "classifiers.training.sms",
    "url": "classifiers.training.link",
    "caller": "classifiers.training.caller",
}
PACKAGES = ("torch", "onnx", "sklearn")
"""What the extra `train` brings."""
WITH_PAGE = ("sms", "url")
"""Trainings that render a page about the model."""


def train(
    channel: Annotated[Literal["sms", "url", "caller"], typer.Argument(help="Which model.")],
    data: Data,
    out: Out,
    seed: Annotated[int | None, typer.Option(help="Seed; empty: the one of the card.")] = None,
) -> None:
    """Train a model on labelled tables, and write its bundle and the page about it.

    Needs the extra `train`. The page lies beside the bundle, as VERSION.md. A bundle that is
    there is never written over: a better model is a new version.
    """
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        fail(
            f"training needs {', '.join(missing)}: "
            "pip install 'fanzha[train]', or in a clone '.[train]'"
        )
    if (out / CARD).exists():
        fail(f"{out} holds a bundle already, which is never changed: choose another version")
    command = [sys.executable, "-m", MODULES[channel], f"--data={data}", f"--out={out}"]
    if channel in WITH_PAGE:
        command.append(f"--page={out.parent / f'{out.name}.md'}")
    if seed is not None:
        command.append(f"--seed={seed}")
    status = subprocess.run(command, check=False).returncode  # noqa: S603  our own interpreter
    if status:
        fail(f"the training ended with status {status}; {out} is not to be used")
    err.print(f"wrote {out}; measure it with: fanzha eval {channel} --models-dir …")
