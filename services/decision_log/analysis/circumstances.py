"""States lists, models and settings at the moment of a decision, and what of them is not known."""

from collections.abc import Mapping
from typing import Any

from fanzha.decisions import Reason
from fanzha.tables import Channel
from services.decision.channel_kinds import OF_CHANNEL
from services.decision.model_kinds import ModelKind
from services.decision_log.analysis.bundle_loader import BundleLoader
from services.decision_log.analysis.model import PastEntry
from services.decision_log.explanation import Sentence

_UNHEARD = {Reason.FAILED_OPEN.name, Reason.FAILED_CLOSED.name}


def of(row: Mapping[str, Any], past: PastEntry | None, loader: BundleLoader) -> list[Sentence]:
    """Return what is known of the moment of *row*; *past* is the entry that decided, as then."""
    found = [_lists(row, past), _model(row, loader)]
    if row.get("link_version"):
        found.append(_version("链接", "link", ModelKind.LINK, row["link_version"], loader))
    if row.get("velocity_version"):
        found.append(
            _version("行为", "velocity", ModelKind.VELOCITY, row["velocity_version"], loader)
        )
    if policy := row.get("policy_version"):
        found.append(Sentence(f"运营商策略版本 {policy}。", f"carrier policy: version {policy}."))
    return [*found, _settings(row)]


def _lists(row: Mapping[str, Any], past: PastEntry | None) -> Sentence:
    version = row["list_version"]
    if past is None:
        return Sentence(f"名单版本 {version}。", f"lists: version {version}.")
    return Sentence(
        f"名单版本 {version}；条目 {row['entry_id']}：{past.since.chinese}",
        f"lists: version {version}; entry {row['entry_id']}: {past.since.english}",
    )


def _model(row: Mapping[str, Any], loader: BundleLoader) -> Sentence:
    channel = Channel[row["channel"]]
    if not row["model_version"]:
        return Sentence("没有模型参与评分。", "model: none scored it.")
    known = _version(
        "渠道", channel.name.lower(), OF_CHANNEL[channel], row["model_version"], loader
    )
    limit = f"{row['threshold']:.4f}"
    failed = ("；模型出错，未给出评分", "; it failed, and gave no score")
    zh, en = failed if row["reason"] in _UNHEARD else ("", "")
    means_zh, means_en = _probability(row, channel, loader)
    return Sentence(
        f"{known.chinese.rstrip('。')}，当时阈值 {limit}{zh}{means_zh}。",
        f"{known.english.rstrip('.')}; its threshold was {limit}{en}{means_en}.",
    )


def _probability(row: Mapping[str, Any], channel: Channel, loader: BundleLoader) -> tuple[str, str]:
    """Say what the score means where fraud is as rare as in traffic; empty if that is not known."""
    if row["score"] is None:
        return "", ""
    found = loader.probability(OF_CHANNEL[channel], row["model_version"], row["score"])
    if found is None:
        return "", ""
    share = f"{100 * loader.prevalence:g} %"
    return (
        f"；若流量中有 {share} 为诈骗，评分 {row['score']:.3f} 相当于 {found:.1%} 的诈骗概率",
        f"; the score {row['score']:.3f} is a probability of {found:.1%} at {share} prevalence",
    )


def _version(
    chinese: str, english: str, kind: ModelKind, version: str, loader: BundleLoader
) -> Sentence:
    here = loader.exists(kind, version)
    zh, en = ("仍在本机", "is still here") if here else ("已不在本机", "is no longer here")
    return Sentence(
        f"{chinese}模型版本 {version}，模型文件{zh}。",
        f"{english} model: version {version}, whose bundle {en}.",
    )


def _settings(row: Mapping[str, Any]) -> Sentence:
    settings = row.get("settings")
    if not settings:
        return Sentence(
            "相关设置未知：当时的版本未记录。",
            "settings: not known, the version that decided did not log them.",
        )
    return Sentence(f"相关设置：{settings}。", f"settings: {settings}.")
