-- What one caller or sender did, by its hash: fanzha decisions warehouse hash.
SELECT day, kind, decided_at_ms, action, reason, to_hash, weight
FROM {source}
WHERE from_hash = {hash} AND day >= {first} AND day <= {last}
ORDER BY decided_at_ms, to_hash
