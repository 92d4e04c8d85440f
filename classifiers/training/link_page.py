"""The page about the link model, rendered from its card."""

from collections.abc import Mapping

from classifiers.training import examples_card
from classifiers.training.common import markdown_table
from classifiers.training.link_page_words import ERRORS, FIGURES, HOW, LIMITS, TRIED
from classifiers.training.link_report import blocked_table, figures_table


def render(card: Mapping[str, object], plots: str) -> str:
    """Render the page of a card's table; *plots* is Markdown that shows them."""
    metrics, how, inputs = card["metrics"], card["training"], card["inputs"]
    assert isinstance(metrics, dict)  # noqa: S101 - for the type checker
    assert isinstance(how, dict)  # noqa: S101
    assert isinstance(inputs, dict)  # noqa: S101
    *first, last = map(str, inputs["sizes"])
    sizes = f"{', '.join(first)} and {last}"
    popular = metrics["popular"]
    parts = [
        HOW.format(
            **how,
            **inputs | {"sizes": sizes},
            threshold=card["threshold"],
            megabytes=metrics["megabytes"],
            microseconds=metrics["microseconds_per_link"],
        ),
        f"Version {card['version']}, {card['date']}, seed {card['seed']}.",
        "## Figures\n\nLater and unseen rows are malicious rows against benign ones of the test "
        "rows and of unseen sources. Recall at a rate lets that share of these benign rows be "
        "blocked.",
        figures_table(metrics, FIGURES),
        "Thresholds that let that share of all benign validation rows be blocked, whatever their "
        "source, for those who set their own: "
        + ", ".join(
            f"{rate} %: {threshold}"
            for rate, threshold in metrics["validation_thresholds_all_sources_as_one"].items()
        )
        + ".",
        plots,
        _learning(card["plots"]),
        _reliability(metrics),
        "## Well known hosts\n\n"
        f"{popular['hosts']} hosts of banks, carriers, authorities and shops: "
        f"{len(popular['root_blocked'])} blocked, {len(popular['login_blocked'])} with `/login`. "
        f"Highest: {', '.join(popular['root_highest'])}; with `/login`: "
        f"{', '.join(popular['login_highest'])}.",
    ]
    if "examples" in card:
        parts += _examples(card["examples"], metrics)
    return "\n\n".join([*parts, *_tables(metrics), ERRORS, TRIED, LIMITS])


def _examples(about: object, metrics: Mapping[str, object]) -> list[str]:
    assert isinstance(about, dict)  # noqa: S101 - for the type checker
    measured = blocked_table(metrics["examples_sources"], ("source", "label", "table"))
    return [examples_card.section(about), "Of those only measured:", measured]


def _learning(plots: object) -> str:
    assert isinstance(plots, dict)  # noqa: S101 - for the type checker
    points = plots["learning"]
    return (
        "## What more links to learn from bring\n\nTrained on a quarter, on half and on all of the "
        "registered domains, measured on the links of the validation rows.\n\n"
        + markdown_table(points[0], (point.values() for point in points))
    )


def _reliability(metrics: Mapping[str, object]) -> str:
    reliability = metrics["test_reliability"]
    assert isinstance(reliability, list)  # noqa: S101 - for the type checker
    return (
        f"Expected calibration error on the test rows: {metrics['test_calibration_error']}. What "
        "was believed of rows with like scores, and which share of them was malicious:\n\n"
        + markdown_table(
            ("rows", "believed", "true"),
            ([one[key] for key in ("rows", "believed", "true")] for one in reliability),
        )
    )


def _tables(metrics: Mapping[str, object]) -> list[str]:
    by_source = {
        "Test rows by source": "test_sources",
        "Later months by source": "later_sources",
        "Sources never trained on": "unseen_sources",
        "Sources left out, two malicious and two benign at a time": "left_out_sources",
        "Gambling": "gambling_sources",
    }
    by_suffix = {"Hosting platforms and short links": "platforms", "Top-level domains": "tlds"}
    return [
        *(
            f"## {title}\n\n{blocked_table(metrics[key], ('source', 'label', 'table'))}"
            for title, key in by_source.items()
        ),
        *(
            f"## {title}\n\nTest, later and unseen rows.\n\n"
            + blocked_table(metrics[key], ("suffix", "label"))
            for title, key in by_suffix.items()
        ),
    ]
