-- How much was blocked in each region on each day; weights stand for what the log samples.
SELECT day, region, kind, sum(weight) AS blocked
FROM {source}
WHERE action = 'BLOCK' AND day >= {first} AND day <= {last}
GROUP BY day, region, kind
ORDER BY day, region, kind
