"""The families of a worker's metrics about drift; part of `services.telemetry.metrics_layout`."""

from classifiers.feature_histogram import NAMES
from fanzha.tables import Channel
from services.telemetry.metric_family import Family

WORDS = {Channel.CALL: "call", Channel.TEXT: "text", Channel.LINK: "link"}
FEATURES = tuple((channel, name) for channel in Channel for name in NAMES[channel])
ALARM_FIGURES = ("score", "features")

SCORE_DRIFT = Family(
    name="fanzha_score_drift",
    kind="gauge",
    text="Population stability index of recent scores against the model's card; absent "
    "while unknown: no histogram in the card, or too few rows.",
    labels=("channel",),
    values=tuple((WORDS[channel],) for channel in Channel),
)
FEATURE_DRIFT = Family(
    name="fanzha_feature_drift",
    kind="gauge",
    text="Population stability index of a sampled feature of recent traffic against the "
    "model's card; absent while unknown.",
    labels=("channel", "feature"),
    values=tuple((WORDS[channel], name) for channel, name in FEATURES),
)
DRIFT_ALARMS = Family(
    name="fanzha_drift_alarms",
    kind="gauge",
    text="Alarms raised on drift: of scores 0 or 1, of features how many have drifted.",
    labels=("channel", "of"),
    values=tuple((WORDS[channel], figure) for channel in Channel for figure in ALARM_FIGURES),
)
