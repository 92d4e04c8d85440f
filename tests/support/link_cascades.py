"""A small second stage for links in tests, and bundles with it."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classifiers import bundles, card
from classifiers.card import CARD, CASCADE_HEAD, GRAPH
from classifiers.cascade import Cascade, EscalationPace, ScoreCombiner
from classifiers.cascade_card import CascadeCard
from classifiers.link import letter_odds, url_columns
from classifiers.link.classifier import LinkClassifier
from classifiers.link.letter_odds import LEAST_NAMES
from classifiers.link.url_statistics import UrlStatistics
from classifiers.link.url_trees import ENCODER, PACE, UrlTrees
from classifiers.onnx_model import OnnxModel
from classifiers.training.bundle_writer import write_bundle
from classifiers.training.link import trees

DEEP = "http://bank.example/a/b/c"
"""A link that our trees call malicious, and the fast model does not."""
SHALLOW = "http://bank.example/a"
THRESHOLD = 0.98

_NAMES = [(name, name.startswith("x")) for name in ("xqzk", "libra") for _ in range(LEAST_NAMES)]
STATISTICS = UrlStatistics(
    suffixes={"com": 0.0},
    suffix_domains={"com": 1.0},
    top_levels={"com": 0.0},
    host_words={"shop": 0.0},
    name_words={"shop": 0.0},
    path_words={"a": 0.0},
    lexicon=frozenset({"shop"}),
    label_letters=letter_odds.learn(_NAMES),
    below_letters=letter_odds.learn(_NAMES),
)
NODE = np.dtype(
    [
        ("value", np.float64),
        ("feature_idx", np.intp),
        ("num_threshold", np.float64),
        ("left", np.uint32),
        ("right", np.uint32),
        ("is_leaf", np.uint8),
    ]
)


class GrownTree:
    """One tree as scikit-learn's histogram boosting keeps it."""

    def __init__(self, nodes: npt.NDArray[np.void]) -> None:
        self.nodes = nodes


class GrownTrees:
    """A split of each of two columns, as scikit-learn's histogram boosting keeps them."""

    def __init__(self, splits: list[tuple[int, float]], leaves: tuple[float, float]) -> None:
        self.n_features_in_ = 1 + len(url_columns.NAMES)
        self._baseline_prediction = np.array([[0.5]])
        self._predictors = [[GrownTree(_stump(*split, leaves))] for split in splits]


def a_head() -> bytes:
    """Return trees that add 8 to the log-odds of a deep path, and take 8 from others."""
    depth = 1 + url_columns.NAMES.index("depth")
    return trees.graph(GrownTrees([(depth, 1.5)], (-8.0, 8.0)), STATISTICS)


def about() -> CascadeCard:
    """Return the card of our second stage, which is asked about all links."""
    return CascadeCard(
        sha256="",
        from_score=1e-6,
        to_score=1.0,
        slope=1.0,
        offset=0.0,
        threshold=0.5,
        fast_weight=0.0,
        encoder=ENCODER,
        encoder_version=url_columns.REVISION,
    )


def a_cascade(
    pace: EscalationPace = PACE, head: bytes | None = None, card: CascadeCard | None = None
) -> Cascade:
    """Return our second stage, or another *head* with its *card*."""
    card = card or about()
    stage = UrlTrees(head or a_head(), card.encoder_version)
    return Cascade(stage, ScoreCombiner(about=card, threshold=THRESHOLD), pace)


def fast_model() -> OnnxModel:
    """Return the shipped fast model with `THRESHOLD` and without golden rows."""
    model = OnnxModel(bundles.newest(bundles.SHIPPED, "url"))
    model.card = replace(model.card, cascade=None, golden=(), threshold=THRESHOLD)
    return model


def a_link_bundle(
    root: Path, version: str, head: bytes | None = None, second: CascadeCard | None = None
) -> Path:
    """Put the shipped fast model below *root*, with our second stage or another *head*."""
    source = bundles.newest(bundles.SHIPPED, "url")
    bundle = root / "url" / version
    head, second = head or a_head(), second or about()
    fast_card = card.read(source)
    golden = [DEEP, SHALLOW]
    scores = LinkClassifier(fast_model(), a_cascade(PACE, head, second)).score(golden).tolist()
    table = {
        "version": version,
        "channel": "url",
        "threshold": THRESHOLD,
        "date": "2026-11-27",
        "seed": 1,
        "inputs": dict(fast_card.inputs),
        "metrics": {"rows": 1},
        "data": [{"source": "none", "licence": "none", "rows": 1}],
        "golden": [{"url": url, "score": score} for url, score in zip(golden, scores, strict=True)],
        "second_sha256": sha256(head).hexdigest(),
        "second_look": {
            name: getattr(second, name)
            for name in CascadeCard.__slots__
            if name not in {"sha256", "facts"}
        },
    }
    write_bundle(bundle, (source / GRAPH).read_bytes(), table)
    (bundle / CASCADE_HEAD).write_bytes(head)
    assert (bundle / CARD).exists()
    return bundle


def _stump(column: int, threshold: float, leaves: tuple[float, float]) -> npt.NDArray[np.void]:
    return np.array(
        [
            (0.0, column, threshold, 1, 2, 0),
            (leaves[0], 0, 0.0, 0, 0, 1),
            (leaves[1], 0, 0.0, 0, 0, 1),
        ],
        NODE,
    )
