"""Shows the figures of an evaluation on a terminal."""

from __future__ import annotations

from typing import Any

from classifiers.evaluation import budget, report
from fanzha.translation.catalogue import gettext, gettext_noop
from services.cli._common.console import err, out
from services.cli._common.tables import RowTable
from services.cli.eval import slices as eval_slices


def show(figures: report.Figures) -> None:
    """Print *figures* as tables and sentences."""
    seen: Any = figures
    out.print(
        gettext(
            "{channel} model {model_version}, threshold {threshold:.6g}: {rows:,} rows of {file}",
            channel=seen["channel"],
            model_version=seen["model_version"],
            threshold=seen["threshold"],
            rows=seen["rows"],
            file=seen["file"],
        )
    )
    if seen["unscored"]:
        out.print(
            gettext(
                "{unscored:,} rows could not be read and count as let through",
                unscored=seen["unscored"],
            )
        )
    for label, rows in seen["unknown_labels"].items():
        err.print(
            gettext(
                "label {label!r} is not known: {rows:,} rows count nowhere", label=label, rows=rows
            )
        )
    for by in dict.fromkeys(group["by"] for group in seen["groups"]):
        _groups(by, [group for group in seen["groups"] if group["by"] == by]).print()
    if "auc" in seen:
        _show_ranking(seen)
    else:
        out.print(gettext("No AUC, recall or calibration: these need legitimate rows and fraud."))
    if "fraud_types" in seen:
        _show_fraud_types(seen["fraud_types"])


def _groups(by: str, groups: Any) -> RowTable:
    table = RowTable()
    table.add_column(by)
    table.add_column(gettext("label"))
    for title in ("rows", "blocked", "% blocked", "95 % interval"):
        table.add_column(gettext(title), right=True)
    for group in groups:
        table.add_row(
            group["group"] or "–",
            group["label"],
            f"{group['rows']:,}",
            f"{group['blocked']:,}",
            f"{100 * group['rate']:.3f}",
            gettext(
                "{value:.3f} to {value_2:.3f}",
                value=100 * group["low"],
                value_2=100 * group["high"],
            ),
        )
    return table


def _show_ranking(seen: Any) -> None:
    out.print(
        gettext(
            "\n{fraud:,} frauds against {legitimate:,} legitimate rows",
            fraud=seen["fraud"],
            legitimate=seen["legitimate"],
        )
    )
    out.print(gettext("AUC {auc:.4f}", auc=seen["auc"]))
    _show_probability(seen)
    for point in seen["operating_points"]:
        _show_point(point, seen["prevalence"])
    at = seen["at_threshold"]
    out.print(
        gettext(
            "recall at the threshold of the card {recall:.4f} ({low:.4f} to {high:.4f}), false "
            "positives {rate:.4f} % ({rate_low:.4f} to {rate_high:.4f})",
            recall=at["recall"],
            low=at["low"],
            high=at["high"],
            rate=100 * at["false_positive_rate"],
            rate_low=100 * at["false_positive_low"],
            rate_high=100 * at["false_positive_high"],
        )
    )
    _show_precision(at, seen["prevalence"])
    for one in seen["budget"]["thresholds"]:
        _show_threshold(one, seen["budget"]["rate"])
    out.print(
        gettext(
            "expected calibration error {calibration_error:.4f}\n",
            calibration_error=seen["calibration_error"],
        )
    )
    table = RowTable(gettext("rows"), gettext("believed"), gettext("true"))
    for one in seen["reliability"]:
        table.add_row(f"{one['rows']:,}", f"{one['believed']:.3f}", f"{one['true']:.3f}")
    table.print()
    eval_slices.show(seen)


def _show_probability(seen: Any) -> None:
    if "probability_at_threshold" not in seen:
        return
    out.print(
        gettext(
            "a score at the threshold is a probability of fraud of {probability:.2%} at "
            "{prevalence:.2%} prevalence; scores were calibrated where {trained:.1%} was fraud",
            probability=seen["probability_at_threshold"],
            prevalence=seen["prevalence"],
            trained=seen["calibrated_at"],
        )
    )


def _show_point(point: Any, prevalence: float) -> None:
    if "needed" in point:
        out.print(
            gettext(
                "recall at {percent} % false positives cannot be shown: of the {needed:,} "
                "independent legitimate rows it takes there are {legitimate:,}",
                percent=point["percent"],
                needed=point["needed"],
                legitimate=point["legitimate"],
            )
        )
        return
    out.print(
        gettext(
            "recall at {percent} % false positives {recall:.4f} ({low:.4f} to {high:.4f})",
            percent=point["percent"],
            recall=point["recall"],
            low=point["low"],
            high=point["high"],
        )
    )
    _show_precision(point, prevalence)


def _show_precision(point: Any, prevalence: float) -> None:
    if point["precision"] is None:
        return
    out.print(
        gettext(
            "  of what it blocks, {precision:.1%} ({low:.1%} to {high:.1%}) is fraud if "
            "{prevalence:.2%} of the traffic is",
            precision=point["precision"],
            low=point["precision_low"],
            high=point["precision_high"],
            prevalence=prevalence,
        )
    )


def _show_threshold(one: Any, rate: float) -> None:
    group = one["decided_by"] or "–"
    if group in {budget.TOGETHER, budget.ALL}:
        group = gettext(group)
    if one["threshold"] is None:
        out.print(
            gettext(
                "no threshold blocks at most {value:g} % of {group}: too many score 1",
                value=100 * rate,
                group=group,
            )
        )
        return
    out.print(
        gettext(
            "threshold for {value:g} % false positives, decided by {group}: "
            "{threshold:.6g}; recall {recall:.4f}, {legitimate_blocked:,} legitimate rows "
            "blocked",
            value=100 * rate,
            group=group,
            threshold=one["threshold"],
            recall=one["recall"],
            legitimate_blocked=one["legitimate_blocked"],
        )
    )


def _show_fraud_types(seen: Any) -> None:
    out.print(
        gettext(
            "\n{rows:,} frauds of a known kind, {blocked:,} of them blocked",
            rows=seen["rows"],
            blocked=seen["blocked"],
        )
    )
    for name, title in (
        ("of_blocked", gettext_noop("of those blocked")),
        ("of_all", gettext_noop("of all")),
    ):
        if f"macro_f1_{name}" in seen:
            out.print(
                gettext(
                    "fraud type, macro F1 {title}: {seen:.4f}",
                    title=gettext(title),
                    seen=seen[f"macro_f1_{name}"],
                )
            )
    table = RowTable(gettext("kind"), gettext("F1 of all"))
    for kind, value in seen["f1_of_all"].items():
        table.add_row(kind, f"{value:.3f}")
    table.print()
