"""How much memory the models of all channels take on a host, across workers.

    python -m benchmarks.model_memory --workers 2

A parent loads what the fork server shares (the sentence encoder, the tables of embeddings, what the
second look of links reads), then forks so many processes, each of which loads all models as a
worker does and scores `ROWS` different links and as many texts of ours with them, through both
stages: reading shared objects of Python copies their pages. What counts is the proportional set
size (PSS): pages that n processes share count 1/n in each. Printed is the growth over the same
processes without models, added up over parent and workers.
"""

import argparse
import gc
import os
import sys
from pathlib import Path
from random import Random

import numpy as np
import onnxruntime

from classifiers import bundles
from classifiers.link import url_trees
from classifiers.onnx_model import read_table
from classifiers.text import sentence_encoder
from fanzha.text import normalise_all
from infra import garbage_collection

ROWS = 5000
"""Links that each worker scores; of texts, whose second look takes milliseconds, a tenth."""
_MIB = 1024


def pss_mib() -> float:
    """Return the proportional set size of this process in MiB."""
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="utf-8").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / _MIB
    raise OSError("no Pss in smaps_rollup")


def load_all() -> list[object]:
    """Load and use every model once, as a worker does before it serves."""
    text, link = bundles.load_text(), bundles.load_link()
    chance = Random(os.getpid())
    urls = [_url(chance) for _ in range(ROWS)]
    for start in range(0, ROWS, 256):
        link.score(urls[start : start + 256])
    bodies = [f"您的账户异常 {url}" for url in urls[: ROWS // 10]]
    text.score_bodies(bodies, np.zeros(len(bodies), np.int64))
    loaded = [text, link, bundles.load_caller(), bundles.load_velocity()]
    garbage_collection.settle_memory()
    return loaded


def _url(chance: Random) -> str:
    words = ("login", "secure", "shop", "news", "mail", "city", "pay", "bank", "view", "verify")
    name = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789-", k=12)).strip("-")
    path = "/".join(chance.choices(words, k=chance.randint(0, 4)))
    return f"http://{chance.choice(words)}-a{name}.example/{path}"


def share() -> None:
    """Load what forked processes share."""
    sentence_encoder.load()
    for channel in ("sms", "url"):
        read_table(bundles.newest(bundles.SHIPPED, channel))
    url_trees.read_statistics(bundles.newest(bundles.SHIPPED, "url"))
    garbage_collection.return_free_memory()
    gc.freeze()


def measured(workers: int, *, models: bool) -> float:
    """Return the PSS of a parent and its workers together in MiB; forks a process of its own."""
    reader, writer = os.pipe()
    if (parent := os.fork()) == 0:
        os.close(reader)
        if models:
            share()
        _measure(workers, writer, models=models)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as lines:
        total = sum(float(line) for line in lines)
    os.waitpid(parent, 0)
    return total


def _measure(workers: int, writer: int, *, models: bool) -> None:
    """Fork the workers, and let all tell their size while all are there."""
    loaded, measuring, told, ending = (os.pipe() for _ in range(4))
    children = []
    for _ in range(workers):
        if (child := os.fork()) == 0:
            kept = load_all() if models else []
            os.write(loaded[1], b".")
            os.read(measuring[0], 1)
            os.write(writer, f"{pss_mib():.2f}\n".encode())
            os.write(told[1], b".")
            os.read(ending[0], 1)
            del kept
            os._exit(0)
        children.append(child)
    for _ in range(workers):
        os.read(loaded[0], 1)
    os.write(writer, f"{pss_mib():.2f}\n".encode())
    os.write(measuring[1], b"." * workers)
    for _ in range(workers):
        os.read(told[0], 1)
    os.write(ending[1], b"." * workers)
    for child in children:
        os.waitpid(child, 0)


def main() -> None:
    """Measure with and without models, and print the difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    workers = parser.parse_args().workers
    normalise_all([""])
    without, with_models = measured(workers, models=False), measured(workers, models=True)
    sys.stdout.write(
        f"onnxruntime {onnxruntime.__version__}; {workers} workers and their parent, PSS in MiB: "
        f"{without:.1f} without models, {with_models:.1f} with, "
        f"{with_models - without:.1f} for the models\n"
    )


if __name__ == "__main__":
    main()
