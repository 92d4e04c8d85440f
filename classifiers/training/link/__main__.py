"""Trains the link cascade and writes its bundle and its page.

    python -m classifiers.training.link --data FOLDER --out classifiers/models/url/VERSION

Settings were chosen on validation rows. What ships learns from all rows that may be trained on, and
its figures are of rows as new ones: by folds, and of sources never trained on. Rounds leave out the
newest months and each source; they take twice as long as the rest.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from classifiers.card import CASCADE_HEAD, SITE_LICENCE
from classifiers.link import url_trees
from classifiers.link.classifier import LinkClassifier
from classifiers.link.features import REVISION, LinkFeatureSettings
from classifiers.onnx_model import OnnxModel
from classifiers.training import bundle_cost, card_plots, examples_card, feature_histograms
from classifiers.training.bundle_writer import write_bundle
from classifiers.training.checkpoints import Checkpoints, digest_of_code, digest_of_files
from classifiers.training.examples import ExampleError
from classifiers.training.examples_card import NO_EXAMPLES, SiteExamples
from classifiers.training.link import (
    cascade_report,
    data,
    examples,
    feature_matrix,
    fits,
    forked,
    report,
    trees,
    vocabulary,
)
from classifiers.training.link import graph as link_graph
from classifiers.training.link import network as link_network
from classifiers.training.link import page as link_page
from classifiers.training.link.cascade_fit import FOLDS, CascadeTraining
from classifiers.training.link.data import LabelledLinks, Splits
from classifiers.training.link.fits import LinkFits
from classifiers.training.link.rounds import LinkTrainingSetup
from classifiers.training.link.stages import LinkStages
from classifiers.training.link.trees import TreeSettings
from classifiers.training.link.url_rates import UrlWords
from fanzha.tables import Int64s

SEED = 20261124
FITTED_BY = (
    "classifiers.link",
    "classifiers.training.bundle_writer",
    "classifiers.training.examples",
    *(f"classifiers.training.link.{name}" for name in (
        "calibration", "cascade_fit", "data", "examples", "feature_matrix", "network", "rounds",
        "trees", "url_rates", "vocabulary",
    )),
    "fanzha.hosts",
    "fanzha.url",
)  # fmt: skip
"""Packages and modules on which the result of a fit depends."""
MEASURED_SERVED = 20
"""One of so many test rows is scored by the written bundle, too."""

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
    setup = LinkTrainingSetup(
        links=links,
        described=feature_matrix.compute(links.urls, LinkFeatureSettings()),
        splits=splits,
        seed=arguments.seed,
    )
    training = CascadeTraining(
        setup=setup,
        words=UrlWords.of(links.urls),
        settings=TreeSettings(seed=arguments.seed),
        jobs=arguments.jobs,
    )
    licences = {**data.licences(arguments.data)}
    found = fits.run(
        training,
        site.sources,
        rounds=arguments.rounds,
        checkpoints=_checkpoints(arguments, training),
    )
    licences |= dict.fromkeys(site.sources, SITE_LICENCE)
    write(training, found, arguments.out, licences, site)
    card = link_page.read_card(arguments.out)
    arguments.page.parent.mkdir(parents=True, exist_ok=True)
    page = link_page.render(card, card_plots.draw(card, arguments.page))
    arguments.page.write_text(page, encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of urls.csv.gz and others")
    parser.add_argument("--out", type=Path, required=True, help="the bundle to write")
    parser.add_argument("--page", type=Path, default=Path("docs/models/url.md"))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--rounds",
        nargs="+",
        choices=fits.ROUNDS,
        default=fits.ROUNDS,
        help="which rounds to make; all take twice as long as the rest",
    )
    parser.add_argument(
        "--no-rounds", action="store_const", const=(), dest="rounds", help="make none of them"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=2,
        help="fits at a time, each in a process of its own; 1: all in this",
    )
    parser.add_argument(
        "--checkpoints",
        type=Path,
        help="folder that keeps the result of each fit, for a run that is started again",
    )
    parser.add_argument(
        "--examples", type=Path, action="append", default=[], help="labelled examples of a site"
    )
    return parser.parse_args()


def _checkpoints(arguments: argparse.Namespace, training: CascadeTraining) -> Checkpoints:
    tables = [arguments.data / name for name in data.TABLES]
    return Checkpoints(
        arguments.checkpoints,
        {
            "data": digest_of_files([*tables, *arguments.examples]),
            "seed": training.setup.seed,
            "trees": training.settings._asdict(),
            "code": digest_of_code(FITTED_BY),
        },
    )


class _Shipped(NamedTuple):
    """What goes into the bundle."""

    chosen: LinkStages
    graph: bytes
    head: bytes


def write(
    training: CascadeTraining,
    found: LinkFits,
    out: Path,
    licences: Mapping[str, str],
    site: SiteExamples = NO_EXAMPLES,
) -> None:
    """Measure, and write *out*."""
    shipped = _shipped(found)
    table = _table(training, found, shipped, site)
    table |= {"version": out.name, "data": _sources(training, found.shipped.rows, licences)}
    write_bundle(out, shipped.graph, table)
    (out / CASCADE_HEAD).write_bytes(shipped.head)
    _finish(training, found, shipped, out, table)


def _shipped(found: LinkFits) -> _Shipped:
    chosen = found.stages
    head = trees.graph(found.shipped.trees, found.shipped.statistics)
    about = replace(chosen.about, sha256=sha256(head).hexdigest())
    return _Shipped(replace(chosen, about=about), link_graph.graph(found.shipped.fast), head)


def _table(
    training: CascadeTraining, found: LinkFits, shipped: _Shipped, site: SiteExamples
) -> dict[str, Any]:
    """Return the card, save for what takes the written bundle."""
    links, splits = training.setup.links, training.setup.splits
    rows, chosen, on = found.shipped.rows, shipped.chosen, found.chosen_on
    metrics, plots = _measured(training, found)
    metrics |= {
        "thresholds": cascade_report.thresholds(chosen, found.scores[on], links.malicious[on]),
        "promise": chosen.promise.figures(),
        "megabytes": round(len(shipped.graph) / 1e6, 1),
        "megabytes_of_second": round(len(shipped.head) / 1e6, 1),
    }
    return {
        "channel": "url",
        "threshold": chosen.threshold,
        **_review(chosen),
        # Of all rows that the shipped fast model learnt from: the folds' log-odds calibrated it.
        "calibration_prevalence": round(float(links.malicious[rows].mean()), 6),
        "date": datetime.now(UTC).date().isoformat(),
        "seed": training.setup.seed,
        "score_histogram": report.ordinary_scores(links, splits, found.scores),
        "inputs": {"revision": REVISION, **asdict(LinkFeatureSettings())},
        "training": _how(training, found),
        "metrics": metrics,
        "plots": plots,
        "feature_histograms": feature_histograms.of_links(_ordinary_urls(links, splits)),
        **({"examples": site.about} if site.about else {}),
        "second_look": {k: v for k, v in asdict(chosen.about).items() if k != "sha256"},
        "second_sha256": chosen.about.sha256,
        "golden": [{"url": GOLDEN_URLS[0], "score": 0.0}],
    }


def _review(chosen: LinkStages) -> dict[str, float]:
    """Return what a card says of reviews; nothing where no score is left for them."""
    if chosen.review_threshold >= chosen.threshold:
        return {}
    return {"review_threshold": chosen.review_threshold}


def _finish(
    training: CascadeTraining,
    found: LinkFits,
    shipped: _Shipped,
    out: Path,
    table: dict[str, Any],
) -> None:
    """Score with the written bundle: complete its card, and load it as a service does."""
    links, splits, chosen = training.setup.links, training.setup.splits, shipped.chosen
    served = cascade_report.served(out, shipped.head, chosen.about, chosen.threshold)
    tested = splits.test[~links.host_only[splits.test]][::MEASURED_SERVED]
    of_tested = training.scores_as_served(found.shipped, tested)
    table["metrics"] |= cascade_report.as_served(
        served, [links.urls[row] for row in tested.tolist()], chosen.scores(of_tested),
        popular_hosts(),
    )  # fmt: skip
    golden = zip(GOLDEN_URLS, served.score(GOLDEN_URLS).tolist(), strict=True)
    table["golden"] = [{"url": url, "score": round(score, 5)} for url, score in golden]
    write_bundle(out, shipped.graph, table)
    # Loading compares the golden scores.
    model = OnnxModel(out)
    LinkClassifier(model, url_trees.of_bundle(out, model.card))
    bundle_cost.keep(out)


def _measured(
    training: CascadeTraining, found: LinkFits
) -> tuple[dict[str, Any], card_plots.Plots]:
    """Return figures and plots."""
    links, splits = training.setup.links, training.setup.splits
    chosen, scores = found.stages, found.scores
    work: list[Callable[[], dict[str, Any]]] = [
        partial(report.measure, links, splits, scores, chosen.threshold),
        partial(cascade_report.both_stages, training, found),
    ]
    of_parts, side_by_side = forked.run_all(work, training.jobs)
    metrics = {
        **of_parts,
        "reviewed": report.reviewed(
            links, splits, scores, (chosen.threshold, chosen.review_threshold)
        ),
        "both_stages": side_by_side,
        "newest_left_out": list(found.newest),
        "left_out_sources": list(found.left_out),
    }
    return metrics, report.plots(links, splits, scores, chosen.threshold, found.learning)


def _ordinary_urls(links: LabelledLinks, splits: Splits) -> list[str]:
    return [links.urls[row] for row in report.ordinary(links, splits).tolist()]


def popular_hosts() -> list[str]:
    """Return well known legitimate hosts."""
    text = Path(__file__).with_name("popular_hosts.txt").read_text(encoding="utf-8")
    return [host for line in text.splitlines() if not line.startswith("#") for host in line.split()]


def _how(training: CascadeTraining, found: LinkFits) -> dict[str, object]:
    links, splits, shipped = training.setup.links, training.setup.splits, found.shipped
    return {
        "folds": FOLDS,
        "shipped_rows": len(shipped.rows),
        "shipped_malicious": int(links.malicious[shipped.rows].sum()),
        "choosing_rows": len(found.chosen_on),
        "train_rows": len(splits.train),
        "train_malicious": int(links.malicious[splits.train].sum()),
        "validation_rows": len(splits.validation),
        "test_rows": len(splits.test),
        "later_rows": len(splits.later),
        "unseen_rows": len(splits.unseen),
        "gambling_rows": len(splits.gambling),
        "left_out_because_domain_is_known": splits.known_domain,
        "malicious_on_popular_domains": splits.popular_malicious,
        "epochs": link_network.EPOCHS,
        "least_domains_of_an_ngram": vocabulary.LEAST_DOMAINS,
        "known_ngrams": int(shipped.fast.vocabulary.max()),
        "width": link_network.WIDTH,
        **shipped.calibrated,
    }


def _sources(
    training: CascadeTraining, rows: Int64s, licences: Mapping[str, str]
) -> list[dict[str, object]]:
    links = training.setup.links
    names, counts = np.unique(links.sources[rows], return_counts=True)
    return [
        {"source": name, "licence": licences.get(name, "unknown"), "rows": count}
        for name, count in zip(names.tolist(), counts.tolist(), strict=True)
    ]


if __name__ == "__main__":
    main()
