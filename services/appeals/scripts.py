"""The atomic steps of the appeal store, as Lua scripts on the keys of one slot.

Keys and layout are described in `services.appeals.store`.
"""

OPEN = """
local known = redis.call('GET', KEYS[6])
if known == ARGV[1] then return {1, known} end
if known and known ~= ARGV[4] then return {0, known} end
redis.call('SET', KEYS[6], ARGV[1])
redis.call('HSET', KEYS[1], 'state', 'received', 'revision', 1, unpack(ARGV, 7))
redis.call('DEL', KEYS[2])
redis.call('RPUSH', KEYS[2], ARGV[6])
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[7], ARGV[5], ARGV[1])
return {1, ARGV[1]}
"""
"""Keys: appeal, events, due, received, subject, marker of the appellant, soon. Arguments: id,
deadline, time, the id that the marker may hold (an earlier, closed appeal), when it is due soon,
event, then fields and values.
Answers 1 and the id, or 0 and the id of the appeal that is there. Sent twice, it does the same."""

MOVE = """
local known = redis.call('HMGET', KEYS[1], 'state', 'revision', 'move')
if not known[1] then return {-1, '', 0} end
local revision = tonumber(known[2])
if known[3] == ARGV[3] then return {1, known[1], revision} end
if not string.find(ARGV[1], '|' .. known[1] .. '|', 1, true) then
    return {0, known[1], revision}
end
if tonumber(ARGV[2]) ~= -1 and tonumber(ARGV[2]) ~= revision then
    return {0, known[1], revision}
end
local to = ARGV[4] ~= '' and ARGV[4] or known[1]
redis.call('HSET', KEYS[1], 'state', to, 'revision', revision + 1, 'move', ARGV[3],
           unpack(ARGV, 9))
redis.call('RPUSH', KEYS[2], ARGV[8])
if ARGV[6] ~= '' then
    redis.call('ZREM', KEYS[3], ARGV[5])
    redis.call('ZREM', KEYS[7], ARGV[5])
    redis.call('ZADD', KEYS[4], ARGV[6], ARGV[5])
    redis.call('ZADD', KEYS[6], ARGV[6], ARGV[5])
end
if ARGV[7] == 'begin' then redis.call('ZADD', KEYS[5], ARGV[6], ARGV[5]) end
if ARGV[7] == 'end' then redis.call('ZREM', KEYS[5], ARGV[5]) end
return {1, to, revision + 1}
"""
"""Keys: appeal, events, due, closed, lifting, kept, soon. Arguments: states it may be in, as
``|a|b|``, revision or -1, name of the move, state it goes to or empty, id, time when it is closed
or empty, ``begin`` or ``end`` for its lift, event, then fields and values. Answers 1, or 0 when it
is in another state or at another revision, or -1 when there is none; then state and revision."""

ERASE = """
if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[1] then return 0 end
local sets, drops = tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('HSET', KEYS[1], 'revision', tonumber(ARGV[1]) + 1, unpack(ARGV, 5, 4 + sets))
redis.call('HDEL', KEYS[1], unpack(ARGV, 5 + sets, 4 + sets + drops))
redis.call('DEL', KEYS[2])
redis.call('RPUSH', KEYS[2], unpack(ARGV, 5 + sets + drops))
redis.call('ZREM', KEYS[3], ARGV[2])
redis.call('ZREM', KEYS[4], ARGV[2])
if redis.call('GET', KEYS[5]) == ARGV[2] then redis.call('DEL', KEYS[5]) end
return 1
"""
"""Keys: appeal, events, subject, kept, marker of the appellant. Arguments: revision, id, how many
fields and values to set, how many fields to drop, those, then the events without their notes.
Answers 0 when the appeal was changed concurrently."""

OF_OFFICER = """
local range = {'ZRANGE', KEYS[1], ARGV[1], ARGV[2]}
if ARGV[3] ~= '' then range[5] = ARGV[3] end
local found = redis.call(unpack(range))
for place, number in ipairs(found) do
    if redis.call('HGET', ARGV[5] .. number, 'officer') ~= ARGV[4] then found[place] = '' end
end
return found
"""
"""Keys: a sorted set of appeals. Arguments: first and last place, ``REV`` or empty, an officer, the
prefix of the keys of appeals, which are in the same slot. Answers the ids of those places, empty
where the appeal is another officer's."""

END_LEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""
"""Keys: a lease. Arguments: who has it."""
