"""Scores links without onnxruntime, by `kernels/links.c`: from URLs to probabilities in one call.

The weights are read from the graph, whose initialisers have the names that our training gives them
(`classifiers.training.link.graph`), and the kernel is held against the graph itself on URLs that
are made here, each time a model is loaded. A graph of another form, or that gives other scores, is
run by onnxruntime.
"""

import ctypes
import random
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from classifiers.dense_network import LayerTable, LayerTables
from classifiers.link import features
from classifiers.link.features import SHAPE_WIDTH, LinkFeatureSettings, ReadingTable
from fanzha import kernels
from fanzha.tables import Float32s

EMBEDDING = 16
"""Numbers of the embedding of an n-gram."""
_CHECKED_LINKS, _SEED = 64, 7
_TOLERANCE = 1e-5

_score_links = kernels.declare(
    "score_links",
    *(kernels.POINTER, kernels.TEXT, kernels.POINTER, kernels.INTEGER, kernels.POINTER),
)


class LinkNetworkTable(ctypes.Structure):
    """`LinkNetwork` in the kernel."""

    _fields_ = (
        ("reading", ReadingTable),
        ("table", kernels.POINTER),
        ("layers", ctypes.POINTER(LayerTable)),
        ("layer_count", kernels.INTEGER),
        ("bend", ctypes.c_float),
        ("slope", ctypes.c_float),
        ("offset", ctypes.c_float),
    )


class CompiledLinkNetwork:
    """A model of links, and the arrays that its table points to."""

    def __init__(
        self,
        tensors: Mapping[str, Float32s],
        embeddings: npt.NDArray[np.int8],
        settings: LinkFeatureSettings,
    ) -> None:
        """Take it from the initialisers of a graph; KeyError or ValueError where it is none."""
        if embeddings.shape != (2**settings.bits, EMBEDDING):
            raise ValueError(f"a table of {embeddings.shape} embeddings")
        layers = sorted(name for name in tensors if name.startswith("weight_"))
        self._layers = LayerTables(
            2 * EMBEDDING + SHAPE_WIDTH,
            [
                (tensors[name][np.newaxis], tensors[f"bias{name[6:]}"][np.newaxis])
                for name in layers
            ],
        )
        if self._layers.outputs != 1:
            raise ValueError("the last layer gives more than one number")
        self._embeddings = embeddings
        self._table = LinkNetworkTable(
            ReadingTable.of(settings),
            kernels.address(embeddings),
            self._layers.tables,
            len(layers),
            *(float(tensors[name].item()) for name in ("bend", "slope", "offset")),
        )
        self._at = ctypes.byref(self._table)

    def scores(self, urls: Sequence[str]) -> Float32s:
        """Return one probability per canonical URL."""
        found = np.empty(len(urls), np.float32)
        if urls:
            codes, lengths = features.laid_out(urls)
            _score_links(
                self._at, codes, kernels.address(lengths), len(urls), kernels.address(found)
            )
        return found

    def agrees(self, scores: Callable[[Sequence[str]], Float32s]) -> bool:
        """Say whether *scores* gives the same on URLs of all kinds."""
        urls = _made_urls()
        difference = np.abs(scores(urls) - self.scores(urls))
        return bool(np.max(difference) <= _TOLERANCE)


def read(
    tensors: Mapping[str, Float32s],
    embeddings: npt.NDArray[np.int8],
    settings: LinkFeatureSettings,
    scores: Callable[[Sequence[str]], Float32s],
) -> CompiledLinkNetwork | None:
    """Return the network of a graph; None where it is none, or *scores* of the graph are others."""
    try:
        network = CompiledLinkNetwork(tensors, embeddings, settings)
    except (KeyError, ValueError):
        return None
    return network if network.agrees(scores) else None


def _made_urls() -> list[str]:
    chance = random.Random(_SEED)  # noqa: S311 - for a check
    letters = "aabcdeiiklmnoprsstu0159-._/?&=%Z"

    def text(most: int) -> str:
        return "".join(chance.choice(letters) for _ in range(chance.randrange(most)))

    return [
        f"{chance.choice(('http', 'https'))}://{chance.choice(('', 'www.'))}{text(most)}"
        f".{chance.choice(('example', 'test', 'com.cn'))}/{text(2 * most)}"
        for most in (4, 12, 40, 130)
        for _ in range(_CHECKED_LINKS // 4)
    ]
