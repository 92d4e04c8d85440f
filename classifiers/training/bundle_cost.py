"""What a bundle costs a worker: time a row of each stage, and memory; for its card and page.

    python -m classifiers.training.bundle_cost BUNDLE [--keep]

Measured in a process of its own on inputs of ours, in batches of `BATCH`: processor time, the
median of `ROUNDS` batches; memory as the growth of the resident set by loading and using it, which
does not depend on what other processes share. The second stage is timed on all rows of its batch,
which a service rarely asks it for. The sentence encoder, which is no part of a bundle, is told
apart. ``--keep`` writes table ``metrics.cost`` of the card. Figures of a busy machine are too high,
so ``load`` says how busy it was.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from classifiers import bundles, card
from classifiers.caller import classifier as caller
from classifiers.card import CASCADE_HEAD, GRAPH
from classifiers.link import url_trees
from classifiers.link.classifier import LinkClassifier
from classifiers.onnx_model import OnnxModel
from classifiers.text import sentence_encoder, sentence_head
from classifiers.text.classifier import TextClassifier
from classifiers.training import bundle_writer
from classifiers.training.bundle_writer import markdown_table
from classifiers.training.templates import builder
from fanzha.tables import CallerActivity, Float32s
from fanzha.text import normalise_all

BATCH, ROUNDS = 256, 15
_SECOND_ROUNDS = 5
_SECOND_ROWS = {"sms": 2, "url": BATCH}
"""Rows that the second stage scores at once, as in a service."""
_SEED = 1
_SIZES = Path("/proc/self/smaps_rollup")
_MIB = 1024
_MILLISECOND = 1000
_TITLES = ("what", "cost")
_COMMAND = "classifiers.training.bundle_cost"


class _Stages(NamedTuple):
    """A loaded bundle at work."""

    fast: Callable[[], object]
    """Scores a batch by the fast stage."""
    second: Callable[[], object] | None
    """Scores so many rows by the second one."""
    rows: int


def measure(bundle: Path) -> dict[str, float]:
    """Return the cost of the bundle in *bundle*, measured in a new process."""
    done = subprocess.run(  # noqa: S603 - this module
        [sys.executable, "-m", _COMMAND, str(bundle)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def keep(bundle: Path) -> None:
    """Measure, and write the figures onto the card of *bundle*; only Linux tells memory."""
    if not _SIZES.exists():
        return
    bundle_writer.add_metrics(bundle, {"cost": measure(bundle)})


def section(cost: Mapping[str, Any]) -> str:
    """Render what a card says; empty without it."""
    if not cost:
        return ""
    memory = {
        "memory of the fast stage": "fast_mib",
        "memory of the second stage": "second_mib",
        "memory of the sentence encoder": "encoder_mib",
    }
    lines = [("fast stage, a row", f"{cost['fast_us']:g} µs")]
    if "second_us" in cost:
        lines.append(("second stage, a row that it scores", _time(cost["second_us"])))
    lines.append(("files", f"{cost['files_mb']:g} MB"))
    lines += [(what, f"{cost[key]:g} MiB") for what, key in memory.items() if key in cost]
    return (
        f"Processor time in batches of {cost['batch']:g} inputs of ours, and memory of one "
        f"process (workers share most of it), by `python -m {_COMMAND} BUNDLE`; the load of the "
        "machine was "
        f"{cost['load']:g}.\n\n{markdown_table(_TITLES, lines)}"
    )


def _time(microseconds: float) -> str:
    if microseconds < _MILLISECOND:
        return f"{microseconds:g} µs"
    return f"{microseconds / _MILLISECOND:.3g} ms"


def _measured(bundle: Path) -> dict[str, float]:
    about = card.read(bundle)
    files = [one for name in (GRAPH, CASCADE_HEAD) if (one := bundle / name).exists()]
    size = sum(file.stat().st_size for file in files)
    found: dict[str, float] = {"batch": BATCH, "load": round(os.getloadavg()[0], 1)}
    found["files_mb"] = round(size / 1e6, 2)
    # What the first model of a process brings along is no cost of this bundle.
    OnnxModel(bundles.newest(bundles.SHIPPED, "moment"))
    normalise_all(["."])
    if about.channel == "sms" and about.cascade is not None:
        before = _memory()
        sentence_encoder.load()
        found["encoder_mib"] = _grown(before)
    before = _memory()
    load = _LOADERS[about.channel]
    loaded = load(bundle, with_second=False)
    loaded.fast()
    found["fast_mib"] = _grown(before)
    found["fast_us"] = _microseconds(loaded.fast, ROUNDS, BATCH)
    del loaded
    before = _memory()
    both = load(bundle, with_second=True)
    if both.second is not None:
        both.second()
        found["second_mib"] = _grown(before)
        found["second_us"] = _microseconds(both.second, _SECOND_ROUNDS, both.rows)
    return found


def _caller(bundle: Path, *, with_second: bool) -> _Stages:
    del with_second
    model = caller.CallerClassifier(OnnxModel(bundle))
    chance = np.random.default_rng(_SEED)
    names = CallerActivity.__dataclass_fields__
    activity = CallerActivity(**{name: _counts(chance) for name in names})
    return _Stages(lambda: model.score(activity), None, 0)


def _velocity(bundle: Path, *, with_second: bool) -> _Stages:
    del with_second
    model = OnnxModel(bundle)
    rows = np.random.default_rng(_SEED).random((len(model.card.features), BATCH), np.float32)
    return _Stages(lambda: model.predict_rows(rows), None, 0)


def _text(bundle: Path, *, with_second: bool) -> _Stages:
    model = OnnxModel(bundle)
    fast = TextClassifier(model)
    bodies = _texts(BATCH)
    cascade = sentence_head.of_bundle(bundle, model.card) if with_second else None
    some = normalise_all(bodies[: _SECOND_ROWS["sms"]])
    zeros = np.zeros(len(some), np.float32)
    second = None if cascade is None else lambda: cascade.log_odds(some, zeros)
    return _Stages(lambda: fast.score_bodies(bodies), second, len(some))


def _link(bundle: Path, *, with_second: bool) -> _Stages:
    model = OnnxModel(bundle)
    fast = LinkClassifier(model)
    urls = _urls(BATCH)
    cascade = url_trees.of_bundle(bundle, model.card) if with_second else None
    zeros = np.zeros(len(urls), np.float32)
    second = None if cascade is None else lambda: cascade.log_odds(urls, zeros)
    return _Stages(lambda: fast.score(urls), second, len(urls))


_LOADERS = {"caller": _caller, "moment": _velocity, "sms": _text, "url": _link}


def _counts(chance: np.random.Generator) -> Float32s:
    return chance.integers(0, 200, BATCH).astype(np.float32)


def _texts(count: int) -> list[str]:
    chance = Random(_SEED)  # noqa: S311 - seeded on purpose
    templates = builder.ham_templates()
    return [builder.fill(templates[chance.randrange(len(templates))], chance) for _ in range(count)]


def _urls(count: int) -> list[str]:
    """Return canonical URLs of invented hosts: words that hosts and paths have."""
    chance = Random(_SEED)  # noqa: S311 - seeded on purpose
    words = ("login", "secure", "shop", "news", "mail", "city", "pay", "a1b2", "wp-content", "view")

    def some(most: int, between: str) -> str:
        return between.join(chance.choices(words, k=chance.randint(1, most)))

    def name() -> str:
        return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(4, 14)))

    return [f"http://{some(2, '-')}-{name()}.example/{some(4, '/')}/{name()}" for _ in range(count)]


def _microseconds(work: Callable[[], object], rounds: int, rows: int) -> float:
    taken = []
    for _ in range(rounds):
        begin = process_time()
        work()
        taken.append(process_time() - begin)
    return round(float(np.median(taken)) / rows * 1e6, 2)


def _memory() -> float:
    gc.collect()
    lines = _SIZES.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Rss:")) / _MIB


def _grown(before: float) -> float:
    return round(max(_memory() - before, 0.0), 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--keep", action="store_true", help="write them onto the card")
    given = parser.parse_args(arguments)
    if given.keep:
        keep(given.bundle)
    else:
        sys.stdout.write(json.dumps(_measured(given.bundle)) + "\n")


if __name__ == "__main__":
    main()
