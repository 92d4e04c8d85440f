-- How much was blocked in each region on each day; weights stand for what the log samples.
SELECT day, region, kind, sum(weight) AS blocked
FROM {source}
WHERE action = 'BLOCK' AND day >= {first} AND day <= {last}
GROUP BY day, region, kind
ORDER BY day, region, kind
-- Of files, ClickHouse 26.5 does not find the columns of folders once it moves a condition ahead.
SETTINGS use_hive_partitioning = 1, optimize_move_to_prewhere = 0
