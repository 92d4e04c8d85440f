"""The fast model of a link cascade: trained, or that of an earlier bundle, kept as it is.

Kept, its weights are those of the earlier bundle byte for byte, and its rounds without sources and
with fewer rows need not be run again: a training of the second stage alone takes minutes.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from classifiers.card import CARD, GRAPH
from classifiers.link.classifier import LinkClassifier
from classifiers.onnx_model import OnnxModel
from classifiers.training.link import forked, vocabulary
from classifiers.training.link import graph as link_graph
from classifiers.training.link import network as link_network
from classifiers.training.link.calibration import Calibration
from classifiers.training.link.data import LabelledLinks
from classifiers.training.link.rounds import LinkTrainingSetup
from fanzha.tables import Float32s, Int64s

LEFT_OUT = (
    ("jpcert", "wener_zh", "phishtank2020", "ebbu2017"),
    ("tweetfeed", "goldminer_zh", "polkadot", "tranco2026"),
    ("urlhaus2026", "openaddresses", "jarelllama", "chinalist"),
)
"""Sources left out of training and threshold, four at a time to save rounds."""
LEARNING_SHARES = (0.25, 0.5)
"""Of the registered domains, for the learning curve; all of them is the model itself."""
_ABOUT = (
    "epochs",
    "least_domains_of_an_ngram",
    "known_ngrams",
    "width",
    *(f"calibration_{name}" for name in Calibration._fields),
    "validation_calibration_error_before",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FastModel:
    """A fast model, and what its card says of how it was trained."""

    graph: bytes
    calibration: Calibration
    scores: Callable[[Int64s], Float32s]
    """Calibrated, of rows of the training's table."""
    about: Mapping[str, Any]
    left_out: Sequence[dict[str, object]]
    learning: Sequence[dict[str, float]]


def trained(setup: LinkTrainingSetup, sources: Sequence[str], jobs: int) -> FastModel:
    """Train one; each of *sources* is left out once, besides `LEFT_OUT`."""
    splits = setup.splits
    network = setup.fit("training rows", splits.train)
    calibrated = setup.calibrate(network, splits.validation)
    without = [*LEFT_OUT, *((source,) for source in sources)]
    work: list[Callable[[], Any]] = [
        *(partial(setup.without, names) for names in without),
        *(partial(setup.with_share, share) for share in LEARNING_SHARES),
    ]
    found = forked.run_all(work, jobs)
    return FastModel(
        graph=link_graph.graph(network),
        calibration=network.calibration,
        scores=partial(link_network.scores, network, setup.described),
        about={
            "epochs": link_network.EPOCHS,
            "least_domains_of_an_ngram": vocabulary.LEAST_DOMAINS,
            "known_ngrams": int(network.vocabulary.max()),
            "width": link_network.WIDTH,
            **calibrated,
        },
        left_out=[row for rows in found[: len(without)] for row in rows],
        learning=[*found[len(without) :], setup.learned(network, len(splits.train))],
    )


def kept(bundle: Path, setup: LinkTrainingSetup) -> FastModel:
    """Keep that of *bundle*; `ValueError` if other rows were its training rows."""
    card = tomllib.loads((bundle / CARD).read_text(encoding="utf-8"))
    how = card["training"]
    if how["train_rows"] != len(setup.splits.train):
        raise ValueError(f"{bundle}: its fast model was trained on other rows")
    classifier = LinkClassifier(OnnxModel(bundle))
    return FastModel(
        graph=(bundle / GRAPH).read_bytes(),
        calibration=Calibration(*(how[f"calibration_{one}"] for one in Calibration._fields)),
        scores=partial(_scores, classifier, setup.links),
        about={name: how[name] for name in _ABOUT},
        left_out=card["metrics"]["left_out_sources"],
        learning=card["plots"]["learning"],
    )


def _scores(classifier: LinkClassifier, links: LabelledLinks, rows: Int64s) -> Float32s:
    return classifier.score([links.urls[row] for row in rows.tolist()])
