"""Atomic operations of the store: scripts that Redis runs, each on the keys of one slot.

Keys and layout are described in `blocklists.store.store`.
"""

_STRAYS = """
local function fields_of(entry)
    local fields = entry[2]
    if #fields > 1000 then return {'fields', tostring(#fields / 2)} end
    return fields
end
local function copy(from, to)
    local place = '-'
    while true do
        local found = redis.call('XRANGE', from, place, '+', 'COUNT', 100)
        if #found == 0 then break end
        for _, entry in ipairs(found) do
            redis.call('XADD', to, entry[1], unpack(fields_of(entry)))
        end
        place = '(' .. found[#found][1]
    end
end
local function move_strays(head, changes, recent, strays, whole)
    local version = tonumber(redis.call('HGET', head, 'version') or '0')
    if not version then return nil, 'the head of the lists is no number' end
    local newest = redis.call('LINDEX', recent, 0)
    local known = newest and tonumber(newest:match('^(%d+) '))
    if known and known > version then return nil, 'the head of the lists was set back' end
    local place = string.format('%.0f', version) .. '-0'
    local moved = 0
    while true do
        local stray = redis.call('XREVRANGE', changes, '+', '(' .. place, 'COUNT', 1)[1]
        if not stray then break end
        redis.call('XADD', strays, 'MAXLEN', 100, '*', 'stray_id', stray[1],
                   unpack(fields_of(stray)))
        redis.call('XDEL', changes, stray[1])
        moved = moved + 1
    end
    if moved > 0 then
        redis.call('DEL', whole)
        copy(changes, whole)
        redis.call('DEL', changes)
        if redis.call('EXISTS', whole) == 1 then redis.call('RENAME', whole, changes) end
    end
    return version, moved
end
"""
"""Moves strays, entries beyond the version of the head, out of the stream. They would block every
commit, for ids of a stream only grow; so the rest is copied to a new stream that replaces it."""

STRAYS = (
    _STRAYS
    + """
local version, moved = move_strays(KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
if not version then return redis.error_reply(moved) end
return moved
"""
)
"""Keys: head, changes, recent, strays, whole. Answers how many entries were moved."""

COMMIT = (
    _STRAYS
    + """
for _, past in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do
    local known, commit = past:match('^(%d+) (.+)$')
    if commit == ARGV[3] then return {1, tonumber(known)} end
end
if redis.call('EXISTS', KEYS[6]) == 1 then return {-1, 0} end
local version, moved = move_strays(KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
if not version then return redis.error_reply(moved) end
if tonumber(ARGV[1]) ~= -1 and tonumber(ARGV[1]) ~= version then return {0, version} end
version = version + 1
local previous = redis.call('HGET', KEYS[1], 'commit') or ''
redis.call('XADD', KEYS[2], version .. '-0', 'previous', previous, 'commit', ARGV[3],
           'committed_at_ms', ARGV[2], unpack(ARGV, 4))
redis.call('HSET', KEYS[1], 'version', version, 'committed_at_ms', ARGV[2], 'commit', ARGV[3])
redis.call('LPUSH', KEYS[3], version .. ' ' .. ARGV[3])
redis.call('LTRIM', KEYS[3], 0, 63)
return {1, version}
"""
)
"""Keys: head, changes, recent, strays, whole, and one that says that this commit was given up.
Arguments: expected version or -1, time, name of the commit, then fields and values of the entry.
Answers 1 or 0, whether it is committed, and the version; or -1 where it was given up. A name that
was committed lately is answered as it was then."""

REBASE = """
local known = redis.call('HMGET', KEYS[1], 'version', 'chunks')
if known[1] == ARGV[1] and known[2] == ARGV[4] then return 1 end
local base = tonumber(known[1] or '0')
if base >= tonumber(ARGV[1]) then return 0 end
local head = redis.call('HMGET', KEYS[3], 'version', 'commit')
local version = tonumber(head[1] or '0')
if version < tonumber(ARGV[1]) then return 0 end
if ARGV[3] ~= '' and ARGV[3] ~= '?' then
    if version == tonumber(ARGV[1]) and (head[2] or ARGV[3]) ~= ARGV[3] then return 0 end
    for _, one in ipairs(redis.call('LRANGE', KEYS[4], 0, -1)) do
        local made, name = string.match(one, '^(%d+) (.*)$')
        if made == ARGV[1] and name ~= ARGV[3] then return 0 end
    end
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'committed_at_ms', ARGV[2], 'commit', ARGV[3],
           'chunks', ARGV[4])
redis.call('XTRIM', KEYS[2], 'MINID', ARGV[5])
return 1
"""
"""Keys: base, changes, head, recent. Arguments: version, time, commit, chunks, first id that stays
in the stream. Answers 0 when there is a newer base, and when the store did not make that version by
that commit, as after a failover: nobody could follow such a base. A client that lost the
answer sends it again, and is answered 1: after 0 it drops the chunks."""
