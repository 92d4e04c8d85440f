"""Trains the link model and writes its bundle and its page.

    python -m classifiers.training.link --data FOLDER --out classifiers/models/url/VERSION

Everything is chosen on the validation rows; the test rows are scored once, at the end.
The other rounds leave sources out to see how the model does on one it never saw; their
models are thrown away.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from rich.progress import Progress

from classifiers.card import GOLDEN_TOLERANCE, SITE_LICENCE
from classifiers.link.classifier import BATCH, LinkClassifier
from classifiers.link.features import REVISION, LinkFeatureSettings
from classifiers.onnx_model import OnnxModel
from classifiers.training import card_plots, examples_card, feature_histograms
from classifiers.training.bundle_writer import write_bundle
from classifiers.training.examples import ExampleError
from classifiers.training.examples_card import NO_EXAMPLES, SiteExamples
from classifiers.training.link import data, examples, feature_matrix, report, vocabulary
from classifiers.training.link import graph as link_graph
from classifiers.training.link import network as link_network
from classifiers.training.link import page as link_page
from classifiers.training.link.data import LabelledLinks, Splits
from classifiers.training.link.network import LinkNetwork
from classifiers.training.link.rounds import LinkTrainingSetup
from fanzha.tables import Float32s, Int64s

SEED = 20261124
LEFT_OUT = (
    ("jpcert", "wener_zh", "phishtank2020", "ebbu2017"),
    ("tweetfeed", "goldminer_zh", "polkadot", "tranco2026"),
    ("urlhaus2026", "openaddresses", "jarelllama", "chinalist"),
)
"""Sources left out of training and threshold, four at a time to save rounds."""
LEARNING_SHARES = (0.25, 0.5)
"""Of the registered domains, for the learning curve; all of them is the model itself."""

GOLDEN_URLS = (
    "http://bank.example/",
    "http://bank.example/personal/cards/apply.html",
    "http://xn--fiq228c.example/",
    "http://secure-login-bank-verify.account-update.test/signin.php?id=8f3a91c2",
    "http://203.0.113.7/bins/update.sh",
    "http://etc-meisai.example/login/index.html?token=aa11",
    "http://k3j9x0q2.top-shop.test/vip/",
    "http://city.gov.example/art/2026/5/12/art_1229_5304.html",
)


def main() -> None:
    """Train as the command line says."""
    arguments = _arguments()
    torch.set_num_threads(1)
    try:
        links, splits, site = examples.read(arguments.data, arguments.examples)
    except ExampleError as error:
        sys.exit(f"examples: {error}")
    for line in examples_card.lines(site.about):
        sys.stderr.write(f"{line}\n")
    with Progress() as progress:
        preparing = progress.add_task("computing features", total=1)
        matrix = feature_matrix.compute(links.urls, LinkFeatureSettings())
        progress.advance(preparing)
        setup = LinkTrainingSetup(
            links=links, described=matrix, splits=splits, seed=arguments.seed, progress=progress
        )
        licences = data.licences(arguments.data)
        train(setup, arguments.out, arguments.page, licences, site)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of urls.csv.gz and others")
    parser.add_argument("--out", type=Path, required=True, help="the bundle to write")
    parser.add_argument("--page", type=Path, default=Path("docs/models/url.md"))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--examples", type=Path, action="append", default=[], help="labelled examples of a site"
    )
    return parser.parse_args()


def train(
    setup: LinkTrainingSetup,
    bundle: Path,
    page: Path,
    licences: Mapping[str, str],
    site: SiteExamples = NO_EXAMPLES,
) -> None:
    """Train and measure; write *bundle* and *page*."""
    links, splits = setup.links, setup.splits
    network = setup.fit("training", splits.train)
    calibration = setup.calibrate(network, splits.validation)
    threshold, set_by = setup.choose_threshold(network, splits.validation)
    measured, scores = _measure(setup, network, threshold, site)
    metrics: dict[str, Any] = measured["metrics"]
    all_licences = {**licences, **dict.fromkeys(site.sources, SITE_LICENCE)}
    table = {
        "version": bundle.name,
        "channel": "url",
        "threshold": threshold,
        "date": datetime.now(UTC).date().isoformat(),
        "seed": setup.seed,
        "score_histogram": report.ordinary_scores(links, splits, scores),
        "inputs": {"revision": REVISION, **asdict(LinkFeatureSettings())},
        "training": {**_how(links, splits, set_by), **_vocabulary(network), **calibration},
        **measured,
        "feature_histograms": feature_histograms.of_links(_ordinary_urls(links, splits)),
        **({"examples": site.about} if site.about else {}),
        "data": _sources(links, splits.train, all_licences),
        "golden": _golden(network),
    }
    graph = link_graph.graph(network)
    metrics["megabytes"] = round(len(graph) / 1e6, 1)
    write_bundle(bundle, graph, table)
    tested = splits.test[::20]
    metrics["microseconds_per_link"] = check_shipped(
        bundle, [links.urls[row] for row in tested.tolist()], scores[tested]
    )
    write_bundle(bundle, graph, table)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(link_page.render(table, card_plots.draw(table, page)), encoding="utf-8")


def _golden(network: LinkNetwork) -> list[dict[str, object]]:
    scores = score(network, GOLDEN_URLS).tolist()
    return [
        {"url": url, "score": round(found, 5)}
        for url, found in zip(GOLDEN_URLS, scores, strict=True)
    ]


def _ordinary_urls(links: LabelledLinks, splits: Splits) -> list[str]:
    return [links.urls[row] for row in report.ordinary(links, splits).tolist()]


def _measure(
    setup: LinkTrainingSetup, network: LinkNetwork, threshold: float, site: SiteExamples
) -> tuple[dict[str, Any], Float32s]:
    """Return metrics and plots of the card, and a score for each row that was not trained on."""
    links, splits = setup.links, setup.splits
    without = (*LEFT_OUT, *((source,) for source in site.sources))
    left_out = [row for sources in without for row in setup.without(sources)]
    learning = [setup.with_share(share) for share in LEARNING_SHARES]
    parts = (splits.validation, splits.test, splits.later, splits.unseen, splits.gambling)
    scores = setup.scores(network, [*parts, splits.examples])
    points = [*learning, setup.learned(network, len(splits.train))]
    found = {
        "metrics": {
            **report.measure(links, splits, scores, threshold),
            "left_out_sources": left_out,
            "popular": report.popular(popular_hosts(), partial(score, network), threshold),
        },
        "plots": report.plots(links, splits, scores, threshold, points),
    }
    return found, scores


def score(network: LinkNetwork, urls: Sequence[str]) -> Float32s:
    """Score links that are in no table."""
    return link_network.scores(
        network, feature_matrix.compute(urls, LinkFeatureSettings()), np.arange(len(urls))
    )


def check_shipped(bundle: Path, urls: Sequence[str], expected: Float32s) -> float:
    """Compare the scores of the written bundle with the network's; return µs per link."""
    classifier = LinkClassifier(OnnxModel(bundle))
    taken = []
    for at in range(0, len(urls), BATCH):
        start = process_time()
        found = classifier.score(urls[at : at + BATCH])
        taken.append((process_time() - start) / len(found) * 1e6)
        if not np.allclose(found, expected[at : at + BATCH], atol=GOLDEN_TOLERANCE):
            raise ValueError(f"{bundle} does not score as the network it was written from")
    return round(float(np.median(taken)), 1)


def popular_hosts() -> list[str]:
    """Return well known legitimate hosts."""
    text = Path(__file__).with_name("popular_hosts.txt").read_text(encoding="utf-8")
    return [host for line in text.splitlines() if not line.startswith("#") for host in line.split()]


def _how(links: LabelledLinks, splits: Splits, set_by: str) -> dict[str, object]:
    return {
        "epochs": link_network.EPOCHS,
        "threshold_set_by": set_by,
        "train_rows": len(splits.train),
        "train_malicious": int(links.malicious[splits.train].sum()),
        "validation_rows": len(splits.validation),
        "test_rows": len(splits.test),
        "later_rows": len(splits.later),
        "unseen_rows": len(splits.unseen),
        "gambling_rows": len(splits.gambling),
        "left_out_because_domain_is_known": splits.known_domain,
        "malicious_on_popular_domains": splits.popular_malicious,
    }


def _vocabulary(network: LinkNetwork) -> dict[str, object]:
    return {
        "least_domains_of_an_ngram": vocabulary.LEAST_DOMAINS,
        "known_ngrams": int(network.vocabulary.max()),
        "width": link_network.WIDTH,
    }


def _sources(
    links: LabelledLinks, rows: Int64s, licences: Mapping[str, str]
) -> list[dict[str, object]]:
    names, counts = np.unique(links.sources[rows], return_counts=True)
    return [
        {"source": name, "licence": licences.get(name, "unknown"), "rows": count}
        for name, count in zip(names.tolist(), counts.tolist(), strict=True)
    ]


if __name__ == "__main__":
    main()
