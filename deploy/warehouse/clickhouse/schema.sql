-- Decisions of the warehouse in ClickHouse: docs/how-to/decision-warehouse.md.
-- A day that is loaded again replaces its rows, by decision_id: read with FINAL where that matters.
CREATE TABLE IF NOT EXISTS decisions
(
    day Date,
    kind LowCardinality(String),
    decision_id UInt64,
    decided_at_ms Int64 CODEC(DoubleDelta, ZSTD(1)),
    occurred_at_ms Int64 CODEC(DoubleDelta, ZSTD(1)),
    action LowCardinality(String),
    reason LowCardinality(String),
    score Nullable(Float32),
    threshold Nullable(Float32),
    monitored Nullable(Bool),
    carrier LowCardinality(Nullable(String)),
    fraud_type LowCardinality(Nullable(String)),
    source LowCardinality(Nullable(String)),
    evidence LowCardinality(Nullable(String)),
    host Nullable(String),
    list_version Int64 CODEC(T64, ZSTD(1)),
    model_version LowCardinality(Nullable(String)),
    velocity_score Nullable(Float32),
    ingress LowCardinality(Nullable(String)),
    attestation LowCardinality(Nullable(String)),
    weight UInt32 CODEC(T64, ZSTD(1)),
    from_hash UInt64,
    to_hash UInt64,
    region LowCardinality(String),
    latency_ms Int64 CODEC(T64, ZSTD(1)),
    entry_id LowCardinality(Nullable(String)),
    INDEX by_receiver to_hash TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree
PARTITION BY (day, kind)
ORDER BY (from_hash, to_hash, decided_at_ms, decision_id)
