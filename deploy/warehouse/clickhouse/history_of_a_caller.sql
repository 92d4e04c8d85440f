-- What one caller or sender did, by its hash: fanzha decisions warehouse hash.
SELECT day, kind, decided_at_ms, action, reason, to_hash, weight
FROM {source}
WHERE from_hash = {hash} AND day >= {first} AND day <= {last}
ORDER BY decided_at_ms, to_hash
-- Of files, ClickHouse 26.5 does not find the columns of folders once it moves a condition ahead.
SETTINGS use_hive_partitioning = 1, optimize_move_to_prewhere = 0
