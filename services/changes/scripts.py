"""Lua script of the store of change requests; all keys share one slot."""

TRANSITION = """
local count = tonumber(ARGV[1])
local locks = redis.call('GET', KEYS[1]) or '0'
if ARGV[2] ~= '' and locks ~= ARGV[2] then return {0, 0, locks, ''} end
local at = 3
for place = 1, count do
    local found = redis.call('HMGET', KEYS[9 + place], 'state', 'revision')
    local state, revision = found[1] or '0', found[2] or '0'
    if state ~= ARGV[at + 1] or revision ~= ARGV[at + 2] then
        return {0, place, state, revision}
    end
    at = at + 8 + 2 * tonumber(ARGV[at + 7])
end
local opened = false
at = 3
for place = 1, count do
    local id, before, after = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 3])
    local key = KEYS[9 + place]
    redis.call('HSET', key, 'state', after, 'revision', tonumber(ARGV[at + 2]) + 1,
               'record', ARGV[at + 4])
    if before ~= after then
        if before > 0 then redis.call('ZREM', KEYS[3 + before], id) end
        redis.call('ZADD', KEYS[3 + after], id, id)
    end
    local was_open, is_open = before == 2 or before == 3, after == 2 or after == 3
    if was_open ~= is_open then opened = true end
    if ARGV[at + 5] == '' then redis.call('ZREM', KEYS[2], id)
    else redis.call('ZADD', KEYS[2], ARGV[at + 5], id) end
    if ARGV[at + 6] ~= '' then redis.call('ZADD', KEYS[3], ARGV[at + 6], id) end
    local fields = tonumber(ARGV[at + 7])
    for field = 1, fields do
        redis.call('HSET', key, ARGV[at + 6 + 2 * field], ARGV[at + 7 + 2 * field])
    end
    at = at + 8 + 2 * fields
end
if opened then locks = redis.call('INCR', KEYS[1]) end
return {1, 0, tostring(locks), ''}
"""
"""Stores the transitions of one or several requests, all or none.

Keys: the lock counter; emergencies by expiry; requests by version; six sorted sets of ids by
state; then the hash of each request. Arguments: the number of requests; the expected lock counter
or empty; then for each request its id, state and revision before (0 for none), state after,
record, expiry of its unconfirmed emergency or empty, version or empty, number of further fields,
and these fields. Returns 1 and the lock counter; or 0, the position of the request that was not
as expected (0 for the lock counter), and its state."""
