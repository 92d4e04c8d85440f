"""What the store of cases does in one step: scripts on the keys of one slot."""

COMMIT = """
local known = redis.call('HMGET', KEYS[1], 'revision', 'move')
if known[2] == ARGV[2] then return 1 end
if (known[1] or '0') ~= ARGV[3] then return 0 end
local at = 8
local function many()
  local count = tonumber(ARGV[at])
  local from = at + 1
  at = at + 1 + count
  return from, at - 1
end
local from, to = many()
local first, last = many()
for i = first, last do
  if redis.call('SISMEMBER', KEYS[4], ARGV[i]) == 1 then return 0 end
end
redis.call('HSET', KEYS[1], 'view', ARGV[5], 'revision', ARGV[4], 'move', ARGV[2])
for i = from, to do redis.call('RPUSH', KEYS[2], ARGV[i]) end
if ARGV[6] ~= '' then redis.call('SET', KEYS[3], ARGV[6]) end
for i = first, last do redis.call('SADD', KEYS[4], ARGV[i]) end
from, to = many()
for i = from, to do redis.call('XADD', KEYS[5], '*', 'todo', ARGV[i]) end
local key = 6
from, to = many()
for i = from, to do redis.call('ZADD', KEYS[key], ARGV[i], ARGV[1]); key = key + 1 end
from, to = many()
for i = from, to do redis.call('ZREM', KEYS[key], ARGV[1]); key = key + 1 end
from, to = many()
for i = from, to, 2 do
  redis.call('HINCRBY', KEYS[key], ARGV[i], ARGV[i + 1])
  key = key + 1
end
for i = 1, 4 do
  if ARGV[7] ~= '' then redis.call('EXPIRE', KEYS[i], ARGV[7])
  else redis.call('PERSIST', KEYS[i]) end
end
return 1
"""
"""Keys: case, events, round, seen, todo, sorted sets to add to, those to remove from, and a hash of
counts for each count. Arguments: id, move, expected revision, new revision, view, round or
empty, seconds until all is forgotten or empty; then lists, each with its length before it: events,
markers, todos, scores, a word for each set to remove from, names and increments of counts.
Answers 1, or 0 when the case is at another revision, or when a marker is there: whoever read the
markers before the case may have missed one. Sent twice, it does the same."""
