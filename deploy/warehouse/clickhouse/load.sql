-- Loads days; {source} is file('…') of a folder below user_files_path, or s3('…'), with the path
-- day=*/kind=*/*.parquet below the warehouse: the names of its folders become the columns day and kind.
INSERT INTO decisions
SELECT
    day, kind, decision_id, decided_at_ms, occurred_at_ms, action, reason, score, threshold, monitored,
    carrier, fraud_type, source, evidence, host, list_version, model_version, velocity_score, ingress,
    attestation, weight, from_hash, to_hash, region, latency_ms, entry_id
FROM {source}
WHERE day >= {first} AND day <= {last}
SETTINGS use_hive_partitioning = 1, optimize_move_to_prewhere = 0
