"""Settings of decisions and hits."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.settings.server import ServerSettings
from services.settings.types import Threshold


class DecisionSettings(ServerSettings):
    """Settings of decisions and hits."""

    home_country: str = Field(
        default="86",
        pattern=r"^[1-9][0-9]{0,2}$",
        description="Country code of the home numbering plan, used for numbers without a plus.",
    )
    call_threshold: Threshold | None = Field(
        default=None,
        description="Score (0 to 1) from which a call is blocked. Unset: the threshold in the "
        "model's card. Callers with fewer than 32 calls always score below it.",
    )
    text_threshold: Threshold | None = Field(
        default=None,
        description="Score (0 to 1) from which a text is blocked. Unset: the threshold in the "
        "model's card.",
    )
    link_threshold: Threshold | None = Field(
        default=None,
        description="Score (0 to 1) from which a link is blocked. Unset: the threshold in the "
        "model's card.",
    )
    call_reviews_per_minute: int = Field(
        default=30,
        ge=0,
        le=100_000,
        description="Calls a minute and host that a person is to judge: what scores between the "
        "review threshold in the model's card and the threshold is let through and written to "
        "suspected hits. 0: none; further ones are counted.",
    )
    text_reviews_per_minute: int = Field(
        default=30,
        ge=0,
        le=100_000,
        description="Texts a minute and host that a person is to judge, as for calls.",
    )
    link_reviews_per_minute: int = Field(
        default=30,
        ge=0,
        le=100_000,
        description="Links a minute and host that a person is to judge, as for calls.",
    )
    request_id_window_s: int = Field(
        default=60,
        ge=0,
        le=3600,
        description="Seconds within which a row with the `request_id` and the contents of an "
        "earlier one gets the same decision and is not counted again; 0: ids are ignored.",
    )
    request_id_slots: int = Field(
        default=65_536,
        ge=64,
        le=2**24,
        description="Answers that the workers of a host remember by request id, 512 bytes each, in "
        "a file of the data folder. Beyond them the oldest is forgotten, which "
        "`fanzha_request_ids` counts.",
    )
    block_spam: bool = Field(
        default=False,
        description="Whether to block spam that is not fraud.",
    )
    spam_threshold: Threshold | None = Field(
        default=None,
        description="Probability of spam (0 to 1) from which block_spam blocks. Unset: the "
        "threshold in the model's card.",
    )
    cascade_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of a worker's time for the second stage of the text model, which scores "
        "texts with an uncertain fast score, a quarter of it while requests wait; 0: no cascade, "
        "the sentence encoder is not loaded.",
    )
    link_cascade_share: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Share of a worker's time for the second stage of the link model, which scores "
        "links with an uncertain fast score, a quarter of it while requests wait; 0: no cascade.",
    )
    velocity_action: Literal["off", "mark", "block"] = Field(
        default="mark",
        description="What to do with a call whose velocity score reaches its threshold. The model "
        "learnt from a simulation: mark lets the call through, counted and written to suspected "
        "hits.",
    )
    velocity_threshold: Threshold | None = Field(
        default=None,
        description="Score from which a call's velocity is suspicious. Unset: that of the card.",
    )
    block_implausible_callers: bool = Field(
        default=True,
        description="Whether to block callers and senders that are impossible or forged.",
    )
    trunks_file: Path | None = Field(
        default=None,
        description="TOML file: registry of trunk groups and SMS routes, with what enters by each "
        "and which protected numbers it may show. Reloaded when it changes.",
    )
    carrier_policy_file: Path | None = Field(
        default=None,
        description="TOML file: policies of carriers that hold on this host in place of those by "
        "change requests. Reloaded when it changes; one that cannot be read is refused, and the "
        "policies before it stay in force.",
    )
    senders_file: Path | None = Field(
        default=None,
        description="CSV file (header,owner,routes): registry of sender names and codes, and the "
        "routes each is submitted on. Reloaded when it changes. Unset: no name counts as "
        "unregistered.",
    )
    host_facts_file: Path | None = Field(
        default=None,
        description="CSV or Parquet file: domain, and any of registered_on, first_seen_on, "
        "popularity_rank, which count where a gateway sends none. Reloaded when it changes; a "
        "wrong one is refused, and what was read before stays in force.",
    )
    host_facts_action: Literal["off", "review", "block"] = Field(
        default="review",
        description="What a link's domain_age_days, first_seen_days and popularity_rank may do, "
        "whether a gateway sends them or host_facts_file has them. off: nothing. review: lower "
        "scores, or raise them to just under the threshold, where a person judges. block: also "
        "raise them above it.",
    )
    unregistered_senders: Literal["allow", "label", "block"] = Field(
        default="label",
        description="What to do with a text whose sender's name is not in senders_file, or is "
        "registered for other routes.",
    )
    sender_history_action: Literal["off", "mark", "block"] = Field(
        default="block",
        description="What to do with a text that reaches half of the threshold, where texts of its "
        "sender were just blocked. mark lets the text through. Registered senders are exempt.",
    )
    related_action: Literal["off", "mark", "block"] = Field(
        default="mark",
        description="What to do with traffic that involves a number or link which is confirmed "
        "fraud on another channel, or is seen repeatedly with one that is: off ignores it and "
        "records nothing; mark lets it through, counts it and writes it to suspected hits; block "
        "blocks what is itself confirmed, and marks the rest.",
    )
    graph_entities: int = Field(
        default=200_000,
        ge=1000,
        le=10_000_000,
        description="Largest number of numbers, names and links in the graph of related entities; "
        "those seen least are evicted first.",
    )
    graph_marks: int = Field(
        default=100_000,
        ge=100,
        le=1_000_000,
        description="Largest number of confirmed and suspected numbers, names and links, which "
        "every worker holds in memory; those that expire first are evicted first.",
    )
    graph_confirmed_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="Days that a number or link counts as confirmed fraud after its last "
        "confirmation.",
    )
    treatments_file: Path | None = Field(
        default=None,
        description="TOML file: which calls, texts and links that are let through are labelled, "
        "challenged or delayed. Reloaded when it changes. Unset: the rules of the package label "
        "what is let through and marked.",
    )
    label_international: bool = Field(
        default=False,
        description="Whether answers ask for the label of an international call (Art. 13) on every "
        "such call. The switch knows which these are, and each answer grows by some 10 bytes.",
    )
    link_allow_cache_seconds: int = Field(
        default=60,
        ge=0,
        le=86_400,
        description="Seconds for which a gateway may reuse an answer that lets a link through.",
    )
    link_block_cache_seconds: int = Field(
        default=300,
        ge=0,
        le=86_400,
        description="Seconds for which a gateway may reuse an answer that blocks a link; less "
        "where its entry ends sooner.",
    )
    block_delay_ms: int = Field(
        default=0,
        ge=0,
        le=60_000,
        description="Least delay in milliseconds that answers ask the network for before the block "
        "of a text or link takes effect, so that senders cannot probe.",
    )
    block_delay_jitter_ms: int = Field(
        default=0,
        ge=0,
        le=60_000,
        description="Most milliseconds by which that delay varies from one decision to the next.",
    )
    models_dir: Path | None = Field(
        default=None, description="Folder of model bundles. Unset: the bundles of the package."
    )
    fraud_prevalence: float = Field(
        default=0.0005,
        gt=0,
        le=0.5,
        description="Share of fraud in traffic at which `decisions why` and `check --explain` say "
        "what a score means as a probability. It decides nothing.",
    )
    model_keys_file: Path | None = Field(
        default=None,
        description="PEM file of the public keys (Ed25519) that may sign model bundles. A bundle "
        "whose signature is wrong or by another key is refused. Unset: no signature is looked at.",
    )
    require_signed_models: bool = Field(
        default=False,
        description="Whether bundles without a signature are refused, too; those of the package "
        "have none. The model in force stays.",
    )
    score_drift_alarm: float = Field(
        default=0.25,
        ge=0,
        le=100,
        description="Population stability index of the scores of a channel from which an alarm is "
        "raised (`fanzha_drift_alarms`, log, `fanzha doctor`); 0: none.",
    )
    feature_drift_alarm: float = Field(
        default=0.0,
        ge=0,
        le=100,
        description="Likewise, of each feature of the traffic. Off by default: cards are made from "
        "public texts and subscribers, so watch your own values first.",
    )
    activity_slots: int = Field(
        default=2**20, description="Callers whose activity is tracked per worker; a power of two."
    )
    exchanged_calls: int = Field(
        default=20_000,
        ge=0,
        le=1_000_000,
        description="Calls a second that the workers of all hosts share with each other through "
        "the store, split evenly, so that a fraud ring whose calls many workers see is recognised "
        "as one. Their numbers stay in the store for some seconds. 0: off; a single worker shares "
        "nothing.",
    )
    bulk_texts: int = Field(
        default=5_000,
        ge=256,
        le=10**9,
        description="Near-duplicates of one text, per worker and hour, from which they count as a "
        "bulk campaign: logged once, and listed by `fanzha campaigns`.",
    )
    hit_buffer_rows: int = Field(
        default=100_000,
        ge=4096,
        le=10_000_000,
        description="Hits buffered per worker; beyond, the oldest are dropped and counted.",
    )
    hit_flush_ms: int = Field(
        default=200,
        ge=1,
        le=60_000,
        description="Milliseconds between writes of hits to Redis.",
    )
    hit_stream_rows: int = Field(
        default=1_000_000,
        ge=1000,
        description="Approximate length of each hit stream; the oldest entries are trimmed.",
    )
    decision_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="Days a blocked decision is stored for confirmation or dismissal.",
    )
