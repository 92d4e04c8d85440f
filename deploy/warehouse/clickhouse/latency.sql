-- Milliseconds from an event to its decision: median, 95 and 99 of a hundred, by nearest rank. Weights
-- stand for what the log samples, so these are estimates of all decisions.
WITH
counted AS (
    SELECT kind, latency_ms, sum(weight) AS decisions
    FROM {source}
    WHERE day >= {first} AND day <= {last}
    GROUP BY kind, latency_ms
),
ranked AS (
    SELECT
        kind, latency_ms,
        sum(decisions) OVER (PARTITION BY kind ORDER BY latency_ms) AS reached,
        sum(decisions) OVER (PARTITION BY kind) AS total
    FROM counted
)
SELECT
    kind, max(total) AS decisions,
    min(CASE WHEN reached >= 0.50 * total THEN latency_ms END) AS median_ms,
    min(CASE WHEN reached >= 0.95 * total THEN latency_ms END) AS p95_ms,
    min(CASE WHEN reached >= 0.99 * total THEN latency_ms END) AS p99_ms
FROM ranked
GROUP BY kind
ORDER BY kind
-- Of files, ClickHouse 26.5 does not find the columns of folders once it moves a condition ahead.
SETTINGS use_hive_partitioning = 1, optimize_move_to_prewhere = 0
