"""The second stage of the link cascade: boosted trees over columns that describe a URL.

The columns are those of `classifiers.link.url_columns`, after the log-odds of the fast model. What
the columns look up - rates of suffixes and words - is learnt with the trees and lies in the
metadata of their graph, so one checksum covers both.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import onnxruntime as ort

from classifiers import card, graph_table, tree_ensemble
from classifiers.card import Card
from classifiers.cascade import Cascade, EscalationPace, ScoreCombiner
from classifiers.link import url_columns, url_tables
from classifiers.tree_ensemble import TreeEnsemble
from fanzha.tables import Float32s

logger = logging.getLogger(__name__)

INPUT, OUTPUT, STATISTICS = "columns", "log_odds", "statistics"
ENCODER = "url-columns"
"""Of the card: what makes the inputs of the trees."""
PACE = EscalationPace(most_of_a_batch=256, at_a_time=32)
_ERRORS_ONLY = 3


class UrlTrees:
    """Maps canonical URLs, with their fast log-odds, to log-odds. For use by one thread."""

    def __init__(self, trees: bytes, revision: str = url_columns.REVISION) -> None:
        found = graph_table.take_metadata(trees, STATISTICS)
        if found is None:
            raise ValueError(f"{card.CASCADE_HEAD} holds no statistics of URLs")
        graph, text = found
        self._width = url_columns.WIDTHS[revision]
        by_graph = _GraphRunner(graph)
        self._trees = tree_ensemble.read(graph, 1 + self._width, by_graph.predict_rows) or by_graph
        if not self.is_compiled:
            logger.warning("onnxruntime runs the second stage of links: no kernel gives its scores")
        self.tables = url_tables.shared(text)
        """What the columns look up; shared, never changed."""

    def log_odds(self, inputs: Sequence[str], fast_log_odds: Float32s) -> Float32s:
        """Return the log-odds of canonical URLs, one each."""
        rows = url_columns.rows(inputs, self.tables, self._width, before=fast_log_odds)
        return self._trees.predict_rows(rows)

    @property
    def is_compiled(self) -> bool:
        """Whether a kernel runs the trees."""
        return isinstance(self._trees, TreeEnsemble)


class _GraphRunner:
    """Runs the trees by onnxruntime."""

    def __init__(self, graph: bytes) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        self._session = ort.InferenceSession(
            graph, sess_options=options, providers=["CPUExecutionProvider"]
        )

    def predict_rows(self, rows: Float32s) -> Float32s:
        """Return the log-odds of each row."""
        found: Float32s = self._session.run([OUTPUT], {INPUT: rows})[0]
        return found.reshape(len(rows))


def read_statistics(bundle: Path) -> None:
    """Read the statistics of *bundle* now, so that processes forked from here share them."""
    about = card.read(bundle)
    if about.cascade is None or about.cascade.encoder != ENCODER:
        return
    found = graph_table.take_metadata(card.read_cascade_head(bundle, about), STATISTICS)
    if found is not None:
        url_tables.shared(found[1])


def of_bundle(bundle: Path, about: Card) -> Cascade | None:
    """Load the second stage of *bundle*; None without one, `ValueError` when it is incomplete."""
    if about.cascade is None:
        return None
    encoder, revision = about.cascade.encoder, about.cascade.encoder_version
    if encoder != ENCODER or revision not in url_columns.WIDTHS:
        raise ValueError(f"{bundle}: there is no encoder {encoder} {revision}")
    trees = UrlTrees(card.read_cascade_head(bundle, about), revision)
    return Cascade(trees, ScoreCombiner(about=about.cascade, threshold=about.threshold), PACE)
