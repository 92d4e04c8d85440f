"""What the link model achieved: figures for the card, and the page that shows them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from classifiers.card import BINS
from classifiers.evaluation.metrics import (
    auc,
    calibration_error,
    recall_at,
    reliability,
    threshold_for,
)
from classifiers.training import card_plots, carrier_rates, doubted_labels
from classifiers.training.bundle_writer import markdown_table
from classifiers.training.error_kinds import link_rules
from classifiers.training.link.data import LabelledLinks, Splits
from fanzha.tables import Bools, Float32s, Int64s
from fanzha.url import split

RATES = {"0.1": 0.001, "0.5": 0.005, "1": 0.01}
# Where anybody may put a page, and services that shorten links.
PLATFORMS = (
    "github.io", "gitlab.io", "vercel.app", "netlify.app", "pages.dev", "workers.dev", "web.app",
    "firebaseapp.com", "herokuapp.com", "weebly.com", "blogspot.com", "wordpress.com",
    "wixsite.com", "gitbook.io", "webflow.io", "myshopify.com", "duckdns.org", "onrender.com",
    "glitch.me", "surge.sh", "readthedocs.io", "r2.dev", "amazonaws.com", "azurewebsites.net",
    "cnblogs.com", "bit.ly", "t.co", "tinyurl.com", "goo.gl", "is.gd", "ow.ly", "t.cn", "url.cn",
)  # fmt: skip
TLDS = (
    "com", "cn", "org", "net", "edu", "gov", "io", "de", "jp", "ru", "info", "top", "xyz", "shop",
    "vip", "icu", "cfd", "club", "online", "site", "store", "live", "app", "dev", "cc", "me",
)  # fmt: skip


def compare(scores: Float32s, malicious: Bools, threshold: float) -> dict[str, object]:
    """Return the figures of rows of both labels."""
    return {
        "malicious": int(malicious.sum()),
        "benign": int((~malicious).sum()),
        "auc": round(auc(scores, malicious), 4),
        **{
            f"recall_at_{name.replace('.', '_')}_percent": round(
                recall_at(scores, malicious, rate), 4
            )
            for name, rate in RATES.items()
        },
        "recall": _share(scores[malicious], threshold),
        "false_positive_rate": _share(scores[~malicious], threshold),
    }


def measure(
    links: LabelledLinks, splits: Splits, scores: Float32s, threshold: float
) -> dict[str, object]:
    """Return all figures of the card; *scores* has every row as a new one, NaN for what is known.

    Rows are known if they were never learnt from, but their domains were.
    """
    splits = _scored(splits, scores)

    def both(*parts: Int64s, where: Bools | None = None) -> dict[str, object]:
        rows = np.concatenate(parts)
        rows = rows if where is None else rows[where[rows]]
        return compare(scores[rows], links.malicious[rows], threshold)

    test_benign = splits.test[~links.malicious[splits.test]]
    benign = ~links.malicious[splits.validation]
    return {
        "validation_links": both(splits.validation, where=~links.host_only),
        "validation_hosts": both(splits.validation, where=links.host_only),
        "test_links": both(splits.test, where=~links.host_only),
        "test_hosts": both(splits.test, where=links.host_only),
        "later_links": both(test_benign, splits.later, where=~links.host_only),
        "later_hosts": both(test_benign, splits.later, where=links.host_only),
        "unseen_links": both(splits.unseen, where=~links.host_only),
        "validation_thresholds_all_sources_as_one": {
            name: threshold_for(scores[splits.validation][benign], rate)
            for name, rate in RATES.items()
        },
        **_calibration(scores[splits.test], links.malicious[splits.test]),
        "carrier_rates": [
            *_carrier_rates("test", links, splits.test, scores, threshold),
            *_carrier_rates(
                "later", links, np.concatenate([test_benign, splits.later]), scores, threshold
            ),
            *_carrier_rates("unseen", links, splits.unseen, scores, threshold),
        ],
        **_wrong(links, splits.validation, scores, threshold),
        **_groups(links, splits, scores, threshold),
    }


def _scored(splits: Splits, scores: Float32s) -> Splits:
    """Return the parts that are never learnt from without what has no score."""
    parts = {name: getattr(splits, name) for name in ("unseen", "gambling", "examples")}
    return replace(splits, **{name: rows[~np.isnan(scores[rows])] for name, rows in parts.items()})


def reviewed(
    links: LabelledLinks, splits: Splits, scores: Float32s, thresholds: tuple[float, float]
) -> list[dict[str, object]]:
    """Return what is blocked and what is put up for review, by part, table and label.

    *thresholds* are that of blocks and the lower one of reviews.
    """
    benign = splits.test[~links.malicious[splits.test]]
    splits = _scored(splits, scores)
    parts = {"test": splits.test, "later": splits.later, "unseen": splits.unseen}
    found: list[dict[str, object]] = []
    for part, rows in {**parts, "later": np.concatenate([benign, parts["later"]])}.items():
        for table, host_only in (("links", False), ("hosts", True)):
            for label, is_malicious in (("malicious", True), ("benign", False)):
                chosen = (links.host_only[rows] == host_only) & (
                    links.malicious[rows] == is_malicious
                )
                values = scores[rows[chosen]]
                if not len(values):
                    continue
                shares = [float((values >= one).mean()) for one in thresholds]
                found.append(
                    {
                        "part": part,
                        "table": table,
                        "label": label,
                        "rows": len(values),
                        "blocked": round(shares[0], 6),
                        "reviewed": round(shares[1] - shares[0], 6),
                    }
                )
    return found


def _wrong(
    links: LabelledLinks, rows: Int64s, scores: Float32s, threshold: float
) -> dict[str, object]:
    """Return kinds of error, and labels that look wrong, of *rows* that nothing learned from."""
    urls = [links.urls[row] for row in rows.tolist()]
    return {
        "error_kinds": link_rules.count(urls, links.malicious[rows], scores[rows], threshold),
        "label_noise": doubted_labels.figures(
            scores[rows], links.malicious[rows], links.sources[rows], links.domains[rows]
        ),
    }


def _carrier_rates(
    part: str, links: LabelledLinks, rows: Int64s, scores: Float32s, threshold: float
) -> carrier_rates.Lines:
    """Return recall and precision on the links of *rows*, those of a domain as near-duplicates."""
    rows = rows[~links.host_only[rows]]
    return carrier_rates.figures(
        part,
        scores[rows],
        links.malicious[rows],
        threshold,
        clusters=links.domains[rows],
        sources=links.sources[rows],
    )


def _calibration(scores: Float32s, malicious: Bools) -> dict[str, object]:
    return {
        "test_calibration_error": round(calibration_error(scores, malicious), 4),
        "test_reliability": [
            {"rows": one.rows, "believed": round(one.believed, 4), "true": round(one.true, 4)}
            for one in reliability(scores, malicious)
        ],
    }


def _groups(
    links: LabelledLinks, splits: Splits, scores: Float32s, threshold: float
) -> dict[str, object]:
    """Return what is blocked of each source, platform and top-level domain."""
    untrained = np.concatenate([splits.test, splits.later, splits.unseen])
    return {
        "test_sources": by_source(links, splits.test, scores, threshold),
        "later_sources": by_source(links, splits.later, scores, threshold),
        "unseen_sources": by_source(links, splits.unseen, scores, threshold),
        "gambling_sources": by_source(links, splits.gambling, scores, threshold),
        **(
            {"examples_sources": by_source(links, splits.examples, scores, threshold)}
            if links.examples
            else {}
        ),
        "platforms": _by_suffix(links, untrained, scores, threshold, PLATFORMS),
        "tlds": _by_suffix(links, untrained, scores, threshold, TLDS),
    }


def ordinary(links: LabelledLinks, splits: Splits) -> Int64s:
    """Return the validation rows that are most like traffic: legitimate links."""
    rows = splits.validation
    return rows[~links.malicious[rows] & ~links.host_only[rows]]


def ordinary_scores(links: LabelledLinks, splits: Splits, scores: Float32s) -> list[int]:
    """Return how many `ordinary` rows score in each bin of a card's histogram."""
    counts, _edges = np.histogram(scores[ordinary(links, splits)], bins=BINS, range=(0, 1))
    return [int(count) for count in counts]


def plots(
    links: LabelledLinks,
    splits: Splits,
    scores: Float32s,
    threshold: float,
    learning: Sequence[Mapping[str, float]],
) -> card_plots.Plots:
    """Return what the plots of the page need, of the links of the test rows."""
    rows = splits.test[~links.host_only[splits.test]]
    found = card_plots.figures(scores[rows], links.malicious[rows], threshold, links.sources[rows])
    return {**found, "learning": [dict(point) for point in learning]} if learning else found


def by_source(
    links: LabelledLinks, rows: Int64s, scores: Float32s, threshold: float
) -> list[dict[str, object]]:
    """Return how many rows of each source and label would be blocked."""
    found: list[dict[str, object]] = []
    for source in np.unique(links.sources[rows]).tolist():
        for label, is_malicious in (("malicious", True), ("benign", False)):
            of_source = (links.sources[rows] == source) & (links.malicious[rows] == is_malicious)
            for table, host_only in (("links", False), ("hosts", True)):
                chosen = scores[rows[of_source & (links.host_only[rows] == host_only)]]
                if len(chosen):
                    row = {"source": source, "label": label, "table": table}
                    found.append({**row, **_blocked(chosen, threshold)})
    return found


def popular(
    hosts: Sequence[str], score: Callable[[Sequence[str]], Float32s], threshold: float
) -> dict[str, object]:
    """Return how well known legitimate hosts fare, with and without a login page."""
    report: dict[str, object] = {"hosts": len(hosts)}
    for name, path in (("root", "/"), ("login", "/login")):
        found = score([f"http://{host}{path}" for host in hosts])
        worst = np.argsort(-found)[:5]
        report[f"{name}_blocked"] = [
            hosts[row] for row in np.flatnonzero(found >= threshold).tolist()
        ]
        report[f"{name}_highest"] = [f"{hosts[row]} {found[row]:.4f}" for row in worst.tolist()]
    return report


def figures_table(metrics: Mapping[str, object], names: Mapping[str, str]) -> str:
    """Render the figures of rows of both labels; *names* has a title for each."""
    columns = (
        "malicious", "benign", "auc", "recall_at_0_1_percent", "recall_at_0_5_percent",
        "recall_at_1_percent", "recall", "false_positive_rate",
    )  # fmt: skip
    titles = ("rows", "malicious", "benign", "AUC", "recall at 0.1 %", "at 0.5 %", "at 1 %",
              "recall at threshold", "benign blocked")  # fmt: skip
    rows = []
    for key, title in names.items():
        part = metrics[key]
        assert isinstance(part, dict)  # noqa: S101 - for the type checker
        percent = f"{100 * part['false_positive_rate']:.3f} %"
        rows.append([title, *(part[column] for column in columns[:-1]), percent])
    return markdown_table(titles, rows)


def blocked_table(rows: object, keys: Iterable[str]) -> str:
    """Render how many rows of each kind were blocked."""
    assert isinstance(rows, list)  # noqa: S101 - for the type checker
    titles = [*keys, "rows", "blocked", "share"]
    return markdown_table(
        titles,
        (
            [*(row[key] for key in titles[:-1]), f"{100 * row['blocked'] / row['rows']:.2f} %"]
            for row in rows
        ),
    )


def _by_suffix(
    links: LabelledLinks,
    rows: Int64s,
    scores: Float32s,
    threshold: float,
    suffixes: Sequence[str],
) -> list[dict[str, object]]:
    hosts = [split(links.urls[row])[0] for row in rows.tolist()]
    found: list[dict[str, object]] = []
    for suffix in suffixes:
        under = np.array([f".{host}".endswith(f".{suffix}") for host in hosts])
        for label, is_malicious in (("benign", False), ("malicious", True)):
            chosen = scores[rows[under & (links.malicious[rows] == is_malicious)]]
            if len(chosen):
                row = {"suffix": suffix, "label": label}
                found.append({**row, **_blocked(chosen, threshold)})
    return found


def _blocked(scores: Float32s, threshold: float) -> dict[str, object]:
    return {"rows": len(scores), "blocked": int((scores >= threshold).sum())}


def _share(scores: Float32s, threshold: float) -> float:
    return round(float((scores >= threshold).mean()), 5)
