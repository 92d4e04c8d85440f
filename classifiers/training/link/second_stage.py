"""Adds a second stage to a link bundle: boosted trees for links with an uncertain fast score.

    python -m classifiers.training.link.second_stage --data FOLDER --bundle BUNDLE --out BUNDLE

The fast model stays as it is. Band and threshold are chosen on the validation rows; the test rows,
later months and sources never trained on are scored once, at the end, by both stages and by the
fast model alone.
"""

import argparse
import tomllib
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from rich.progress import Progress

from classifiers.card import CASCADE_HEAD, GOLDEN_TOLERANCE, GRAPH
from classifiers.cascade import Cascade, ScoreCombiner
from classifiers.cascade_card import CascadeCard
from classifiers.link import url_trees
from classifiers.link.classifier import BATCH, LinkClassifier, log_odds
from classifiers.link.features import LinkFeatureSettings
from classifiers.link.url_trees import PACE, UrlTrees
from classifiers.onnx_model import OnnxModel
from classifiers.training import card_plots
from classifiers.training.bundle_writer import write_bundle
from classifiers.training.link import data, feature_matrix, recall_intervals, report, stages, trees
from classifiers.training.link import page as link_page
from classifiers.training.link.__main__ import GOLDEN_URLS, LEFT_OUT, popular_hosts
from classifiers.training.link.calibration import Calibration
from classifiers.training.link.data import LabelledLinks, Splits
from classifiers.training.link.rounds import LinkTrainingSetup
from classifiers.training.link.second_fit import FittedSecond, SecondStageSetup
from classifiers.training.link.stages import LinkStages
from classifiers.training.link.trees import TreeSettings
from classifiers.training.link.url_rates import UrlWords
from fanzha.tables import Float32s, Int64s

SEED = 20261124
LEFT_OUT_FOLDS = 2
"""Of the rounds that leave sources out, to save time."""


def main() -> None:
    """Train as the command line says."""
    arguments = _arguments()
    torch.set_num_threads(1)
    links = data.read(arguments.data)
    with Progress() as progress:
        setup = LinkTrainingSetup(
            links=links,
            described=feature_matrix.compute(links.urls, LinkFeatureSettings()),
            splits=data.split_rows(links),
            seed=arguments.seed,
            progress=progress,
        )
        fast_card = tomllib.loads((arguments.bundle / "card.toml").read_text(encoding="utf-8"))
        how = fast_card["training"]
        calibration = Calibration(*(how[f"calibration_{name}"] for name in Calibration._fields))
        second = SecondStageSetup(
            setup=setup,
            words=UrlWords.of(links.urls),
            calibration=calibration,
            settings=TreeSettings(seed=arguments.seed),
        )
        train(second, arguments.bundle, fast_card, arguments.out, leave_out=arguments.leave_out)
    card = tomllib.loads((arguments.out / "card.toml").read_text(encoding="utf-8"))
    page = link_page.render(card, card_plots.draw(card, arguments.page))
    arguments.page.write_text(page, encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of urls.csv.gz and others")
    parser.add_argument("--bundle", type=Path, required=True, help="of the fast model")
    parser.add_argument("--out", type=Path, required=True, help="the bundle to write")
    parser.add_argument("--page", type=Path, default=Path("docs/models/url.md"))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--leave-out", action="store_true", help="train both stages without some sources, too"
    )
    return parser.parse_args()


def train(
    training: SecondStageSetup,
    bundle: Path,
    fast_card: dict[str, Any],
    out: Path,
    *,
    leave_out: bool = False,
) -> None:
    """Train, measure, and write *out*; with *leave_out* measure sources left out, too."""
    links, splits = training.setup.links, training.setup.splits
    fast = _fast_scores(LinkClassifier(OnnxModel(bundle)), links, splits)
    fitted = training.fit(splits.train)
    odds = _second_odds(training, fitted, fast)
    chosen = stages.choose(links, splits.validation, _of_rows(fast, odds, splits.validation))
    scores = np.full(len(links), np.nan, np.float32)
    rows = _measured_rows(splits)
    scores[rows] = chosen.scores(*_of_rows(fast, odds, rows))
    head = trees.graph(fitted.trees, fitted.statistics)
    metrics = {
        **report.measure(links, splits, scores, chosen.threshold),
        "both_stages": _both_stages(training, fast, scores, fast_card["threshold"], chosen),
        **({"left_out_with_second": _left_out(training)} if leave_out else {}),
    }
    about = replace(chosen.about, sha256=sha256(head).hexdigest())
    served = _served(bundle, head, about, chosen.threshold)
    metrics |= _as_served(served, links, splits.test, scores)
    plots = report.plots(links, splits, scores, chosen.threshold, fast_card["plots"]["learning"])
    table = _table(fast_card, chosen, about, metrics, served)
    table |= {
        "version": out.name,
        "seed": training.setup.seed,
        "score_histogram": report.ordinary_scores(links, splits, scores),
        "plots": plots,
    }
    write_bundle(out, (bundle / GRAPH).read_bytes(), table)
    (out / CASCADE_HEAD).write_bytes(head)
    # Loading compares the golden scores.
    model = OnnxModel(out)
    LinkClassifier(model, url_trees.of_bundle(out, model.card))


def _table(
    fast_card: dict[str, Any],
    chosen: LinkStages,
    about: CascadeCard,
    metrics: dict[str, Any],
    served: LinkClassifier,
) -> dict[str, Any]:
    """Return the card of the fast model with what the second stage changes."""
    golden = zip(GOLDEN_URLS, served.score(GOLDEN_URLS).tolist(), strict=True)
    second = {name: value for name, value in asdict(about).items() if name != "sha256"}
    return {
        **fast_card,
        "threshold": chosen.threshold,
        "date": datetime.now(UTC).date().isoformat(),
        "training": {**fast_card["training"], "threshold_set_by": chosen.threshold_set_by},
        "metrics": {**fast_card["metrics"], **metrics},
        "second_look": second,
        "second_sha256": about.sha256,
        "golden": [{"url": url, "score": round(score, 5)} for url, score in golden],
    }


def _left_out(training: SecondStageSetup) -> list[dict[str, object]]:
    return [row for names in LEFT_OUT for row in without(training, names)]


def without(training: SecondStageSetup, names: tuple[str, ...]) -> list[dict[str, object]]:
    """Train both stages without some sources; return what of their test rows is blocked."""
    links, splits = training.setup.links, training.setup.splits
    known = ~np.isin(links.sources, names)
    train_rows = splits.train[known[splits.train]]
    validation = splits.validation[known[splits.validation]]
    test = np.concatenate([splits.test, splits.later])
    test = test[~known[test]]
    network = training.setup.fit(f"without {', '.join(names)}", train_rows)
    fast = np.full(len(links), np.nan, np.float32)
    rows = np.concatenate([validation, test])
    fast[rows] = 1 / (1 + np.exp(-training.fast_log_odds(network, rows)))
    fitted = training.fit(train_rows, LEFT_OUT_FOLDS)
    odds = np.full(len(links), np.nan, np.float32)
    odds[rows] = fitted.log_odds(training.columns(fitted, rows, log_odds(fast[rows])))
    chosen = stages.choose(links, validation, _of_rows(fast, odds, validation))
    scores = np.full(len(links), np.nan, np.float32)
    scores[test] = chosen.scores(*_of_rows(fast, odds, test))
    return report.by_source(links, test, scores, chosen.threshold)


def _measured_rows(splits: Splits) -> Int64s:
    parts = (splits.validation, splits.test, splits.later, splits.unseen, splits.gambling)
    return np.concatenate(parts)


def _fast_scores(model: LinkClassifier, links: LabelledLinks, splits: Splits) -> Float32s:
    scores = np.full(len(links), np.nan, np.float32)
    rows = _measured_rows(splits)
    scores[rows] = model.score([links.urls[row] for row in rows.tolist()])
    return scores


def _second_odds(training: SecondStageSetup, fitted: FittedSecond, fast: Float32s) -> Float32s:
    odds = np.full(len(fast), np.nan, np.float32)
    rows = _measured_rows(training.setup.splits)
    odds[rows] = fitted.log_odds(training.columns(fitted, rows, log_odds(fast[rows])))
    return odds


def _of_rows(fast: Float32s, odds: Float32s, rows: Int64s) -> tuple[Float32s, Float32s, Float32s]:
    return fast[rows], log_odds(fast[rows]), odds[rows]


def _both_stages(
    training: SecondStageSetup,
    fast: Float32s,
    scores: Float32s,
    fast_threshold: float,
    chosen: LinkStages,
) -> dict[str, Any]:
    """Return the figures of the fast model alone and of the cascade, side by side."""
    links, splits = training.setup.links, training.setup.splits
    benign = splits.test[~links.malicious[splits.test]]
    later = np.concatenate([benign, splits.later])
    parts = {"test": splits.test, "later": later, "unseen": splits.unseen}
    found: dict[str, Any] = {}
    for part, of_part in parts.items():
        for table, host_only in (("links", False), ("hosts", True)):
            rows = of_part[links.host_only[of_part] == host_only]
            malicious = links.malicious[rows]
            if not malicious.any() or malicious.all():
                continue
            pair = {"fast": fast[rows], "cascade": scores[rows]}
            name = f"{part}_{table}"
            found[name] = recall_intervals.measure(
                pair, malicious, links.domains[rows], training.setup.seed
            )
            thresholds = (fast_threshold, chosen.threshold)
            for row, one, threshold in zip(found[name], pair.values(), thresholds, strict=True):
                row["blocked"] = round(float((one[malicious] >= threshold).mean()), 4)
                row["legitimate_blocked"] = round(float((one[~malicious] >= threshold).mean()), 6)
    return found


def _served(bundle: Path, head: bytes, about: CascadeCard, threshold: float) -> LinkClassifier:
    """Return both stages as a service runs them, before there is a card of them."""
    model = OnnxModel(bundle)
    model.card = replace(model.card, golden=(), threshold=threshold)
    combiner = ScoreCombiner(about=about, threshold=threshold)
    return LinkClassifier(model, Cascade(UrlTrees(head), combiner, PACE))


def _as_served(
    served: LinkClassifier, links: LabelledLinks, rows: Int64s, expected: Float32s
) -> dict[str, object]:
    """Compare with scikit-learn's scores; return speed, and how well known hosts fare."""
    links_only = rows[~links.host_only[rows]]
    taken: dict[str, list[float]] = {"fast": [], "cascade": []}
    escalated = 0
    for at in range(0, len(links_only), BATCH):
        part = links_only[at : at + BATCH]
        urls = [links.urls[row] for row in part.tolist()]
        start = process_time()
        fast = served.fast_scores(urls)
        middle = process_time()
        found = served.score(urls)
        taken["fast"].append((middle - start) / len(urls) * 1e6)
        taken["cascade"].append((process_time() - middle) / len(urls) * 1e6)
        escalated += int(served.uncertain(fast).sum())
        if not np.allclose(found, expected[part], atol=GOLDEN_TOLERANCE):
            raise ValueError("the graph of the trees does not score as the trees do")
    return {
        "microseconds_per_link": round(float(np.median(taken["fast"])), 1),
        "microseconds_per_link_with_second": round(float(np.median(taken["cascade"])), 1),
        "escalated_share": round(escalated / len(links_only), 4),
        "popular": report.popular(popular_hosts(), served.score, served.threshold),
    }
