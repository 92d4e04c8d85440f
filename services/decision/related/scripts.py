"""Scripts of the graph: each is one step, atomic in the store.

All keys begin with one hash tag, so they share a slot of a cluster:

==========================  =====================================================================
key after the prefix        what
==========================  =====================================================================
``totals``                  zset: entity to how often it was seen, decayed
``near:<entity>``           zset: neighbour to how often both were seen together, decayed
``resting:<entity>``        zset: entities that it, being confirmed, made suspected, to when
``causes:<entity>``         hash: decision or list entry that confirmed it, to when
``confirmed``               hash: entity to when it was confirmed first
``cleared``                 zset: entity to until when it cannot be suspected
``texts``                   zset: text to when it was seen last; the oldest make room
``bands``                   hash: a pair of values of a fingerprint to the text that has it
``marks``                   hash: entity to its mark, a JSON object: what workers hold
``ends``                    zset: entity to when its mark ends
``changes``                 stream: changes of marks, for workers
==========================  =====================================================================

Decay is forward (Cormode et al., "Forward Decay", ICDE 2009), in logarithms: a weight *w* added at
time *t* counts log2(w) + t / half-life, so scores never need to be touched again, never overflow,
and their order is that of the decayed weights at any later time.

A text that is seen counts for the known text whose fingerprint has the most values in common with
its own, `fanzha.fingerprint.NEAR` at least, and is a new entity without such. Only texts that share
a pair of values are compared, so some near-duplicates are missed (1 in 1,000); of two that have the
same pair, the first keeps it. Near-duplicates of near-duplicates are apart. A text that is
confirmed or cleared is an entity of its own: what its near-duplicates are is not chosen by what was
seen before.
"""

PREFIX = "{fanzha:graph}:"
KEYS = (PREFIX, f"{PREFIX}none")
"""What scripts name as their keys: two that never exist.

A script finds its keys by itself, and so a cluster must not run one while some are on one node and
some on another. It refuses a command over several keys of a slot that moves, of which it lacks one
(TRYAGAIN), and the client asks again; with a single key it would run, and see half of the graph.
"""

_PRELUDE = """
local P, L = KEYS[1], cjson.decode(ARGV[1])
local at = L.now / L.half_life_ms
local function log2(x) return math.log(x) / math.log(2) end
local function weight(score) return 2 ^ (tonumber(score) - at) end
local function add(key, member, count, existing_only)
  local old = redis.call('ZSCORE', key, member)
  if existing_only and not old then return false end
  local new = log2(count) + at
  if old then
    old = tonumber(old)
    local high, low = math.max(old, new), math.min(old, new)
    new = high + log2(1 + 2 ^ (low - high))
  end
  redis.call('ZADD', key, string.format('%.17g', new), member)
  return true
end
local function publish(entity, mark)
  redis.call('XADD', P .. 'changes', 'MAXLEN', '~', L.changes, '*', 'entity', entity, 'mark', mark)
end
local function unmark(entity)
  redis.call('ZREM', P .. 'ends', entity)
  if redis.call('HDEL', P .. 'marks', entity) == 1 then publish(entity, '') end
end
local function unconfirm(entity)
  redis.call('DEL', P .. 'causes:' .. entity)
  return redis.call('HDEL', P .. 'confirmed', entity) == 1
end
local function mark(entity, confirmed, related_to, ends)
  local since, old = L.now, redis.call('HGET', P .. 'marks', entity)
  if old then
    old = cjson.decode(old)
    if old.confirmed == confirmed then
      since = old.since
      -- Renewed at most once a day: workers need not hear of each sighting.
      if old.related_to == related_to and ends - old.ends < 86400000 then return end
    end
  end
  local text = cjson.encode(
    {confirmed = confirmed, related_to = related_to, since = since, ends = ends})
  redis.call('HSET', P .. 'marks', entity, text)
  redis.call('ZADD', P .. 'ends', ends, entity)
  publish(entity, text)
end
local function is_text(entity) return string.sub(entity, 1, 9) == 'text:fp1:' end
local function pairs_of(text)
  local found = {}
  for at = 0, 7 do found[at + 1] = at .. ':' .. string.sub(text, 10 + at * 8, 17 + at * 8) end
  return found
end
local function equal_values(one, other)
  local equal = 0
  for at = 10, 70, 4 do
    if string.sub(one, at, at + 3) == string.sub(other, at, at + 3) then equal = equal + 1 end
  end
  return equal
end
local function known_text(entity)
  if not is_text(entity) or redis.call('ZSCORE', P .. 'texts', entity) then return entity end
  local nearest, most = entity, L.near - 1
  for _, other in ipairs(redis.call('HMGET', P .. 'bands', unpack(pairs_of(entity)))) do
    local equal = other and equal_values(entity, other) or 0
    if equal > most then nearest, most = other, equal end
  end
  return nearest
end
local function drop_text(entity)
  if redis.call('ZREM', P .. 'texts', entity) == 0 then return end
  for _, pair in ipairs(pairs_of(entity)) do
    local owner = redis.call('HGET', P .. 'bands', pair)
    if owner == entity then redis.call('HDEL', P .. 'bands', pair) end
  end
end
local function keep_text(entity, until_ms)
  if not is_text(entity) then return end
  if redis.call('ZADD', P .. 'texts', 'GT', until_ms, entity) == 1 then
    for _, pair in ipairs(pairs_of(entity)) do redis.call('HSETNX', P .. 'bands', pair, entity) end
  end
end
local function inherit(text, other)
  -- What was seen with a near-duplicate counts for a text that is new.
  if text == other then return end
  local total = redis.call('ZSCORE', P .. 'totals', other)
  if total then redis.call('ZADD', P .. 'totals', total, text) end
  local near = redis.call('ZRANGE', P .. 'near:' .. other, 0, -1, 'WITHSCORES')
  for i = 1, #near, 2 do
    redis.call('ZADD', P .. 'near:' .. text, near[i + 1], near[i])
    redis.call('ZADD', P .. 'near:' .. near[i], near[i + 1], text)
  end
  redis.call('PEXPIRE', P .. 'near:' .. text, L.half_life_ms * 8)
end
local function evaluate(entity)
  if redis.call('HEXISTS', P .. 'confirmed', entity) == 1 then
    mark(entity, true, '', L.now + L.confirmed_ms)
    return
  end
  local cleared = redis.call('ZSCORE', P .. 'cleared', entity)
  if cleared and tonumber(cleared) > L.now then unmark(entity) return end
  local near = redis.call('ZRANGE', P .. 'near:' .. entity, 0, -1, 'WITHSCORES')
  local seen, share, strongest, related_to, confirmed = 0, 0, 0, '', {}
  local with_texts, share_with_texts = 0, 0
  for i = 1, #near, 2 do
    if redis.call('HEXISTS', P .. 'confirmed', near[i]) == 1 then
      local together = weight(near[i + 1])
      confirmed[#confirmed + 1] = near[i]
      -- A hub, such as a common shortener, says little of each of its neighbours.
      local degree = redis.call('ZCARD', P .. 'near:' .. near[i])
      local part = together * math.min(1, L.hub / math.max(degree, 1))
      -- Whoever confirms a text confirms the link in it, too: one sighting must not count twice.
      if is_text(near[i]) then
        with_texts, share_with_texts = with_texts + together, share_with_texts + part
      else
        seen, share = seen + together, share + part
      end
      if together > strongest then strongest, related_to = together, near[i] end
    end
  end
  seen, share = math.max(seen, with_texts), math.max(share, share_with_texts)
  local total = redis.call('ZSCORE', P .. 'totals', entity)
  if total then share = share / math.max(weight(total), seen) else share = 0 end
  local enough = is_text(entity) and L.text_sightings or L.sightings
  if seen >= enough and share >= L.share then
    mark(entity, false, related_to, L.now + L.suspected_ms)
    -- Neighbours are cut on each side by itself: only this finds what rests on a confirmation.
    for _, other in ipairs(confirmed) do
      local resting = P .. 'resting:' .. other
      redis.call('ZADD', resting, L.now, entity)
      redis.call('ZREMRANGEBYRANK', resting, 0, -L.marks - 1)
      redis.call('PEXPIRE', resting, L.suspected_ms * 2)
    end
  else
    unmark(entity)
  end
end
local function evaluate_neighbours(entity)
  for _, other in ipairs(redis.call('ZRANGE', P .. 'near:' .. entity, 0, -1)) do
    evaluate(other)
  end
  for _, other in ipairs(redis.call('ZRANGE', P .. 'resting:' .. entity, 0, -1)) do
    evaluate(other)
  end
end
local function forget(entity)
  local was_confirmed = unconfirm(entity)
  unmark(entity)
  if was_confirmed then evaluate_neighbours(entity) end
  redis.call('ZREM', P .. 'totals', entity)
  redis.call('DEL', P .. 'near:' .. entity)
  drop_text(entity)
end
local function trim_texts()
  local surplus = redis.call('ZCARD', P .. 'texts') - L.texts
  if surplus <= 0 then return 0 end
  for _, first in ipairs(redis.call('ZRANGE', P .. 'texts', 0, surplus - 1)) do forget(first) end
  return surplus
end
local function trim_marks()
  while redis.call('ZCARD', P .. 'ends') > L.marks do
    local first = redis.call('ZRANGE', P .. 'ends', 0, 0)[1]
    local was_confirmed = unconfirm(first)
    unmark(first)
    if was_confirmed then evaluate_neighbours(first) end
  end
end
"""

OBSERVE = (
    _PRELUDE
    + """
local touched = {}
for _, event in ipairs(cjson.decode(ARGV[2])) do
  local count, sampled, entities = event[1], event[2], event[3]
  for at, entity in ipairs(entities) do
    entities[at] = known_text(entity)
    if not sampled then keep_text(entities[at], L.now) end
  end
  for _, entity in ipairs(entities) do
    -- Alone, as a caller is, it says nothing of what it is seen with; but it is known from then on,
    -- as one sighting, however many there were.
    local alone = #entities == 1 and not sampled
    if alone and redis.call('ZSCORE', P .. 'totals', entity) then
      touched[entity] = true
    elseif add(P .. 'totals', entity, alone and 1 or count, sampled) then touched[entity] = true end
    if not sampled then
      for _, other in ipairs(entities) do
        if other ~= entity then add(P .. 'near:' .. entity, other, count, false) end
      end
    end
  end
end
local evicted = trim_texts()
local surplus = redis.call('ZCARD', P .. 'totals') - L.entities
if surplus > 0 then
  local gone = redis.call('ZPOPMIN', P .. 'totals', surplus)
  for i = 1, #gone, 2 do
    redis.call('DEL', P .. 'near:' .. gone[i])
    touched[gone[i]] = nil
    if redis.call('HEXISTS', P .. 'confirmed', gone[i]) == 0 then unmark(gone[i]) end
  end
  evicted = evicted + surplus
end
local names = {}
for entity in pairs(touched) do names[#names + 1] = entity end
table.sort(names)
for _, entity in ipairs(names) do
  local near = P .. 'near:' .. entity
  redis.call('ZREMRANGEBYRANK', near, 0, -L.neighbours - 1)
  redis.call('PEXPIRE', near, L.half_life_ms * 8)
  evaluate(entity)
end
trim_marks()
return evicted
"""
)
"""Adds sightings: a JSON list of [how many, whether sampled, entities]. Returns evicted entities.

A sampled sighting only raises the totals of entities that are there already."""

CONFIRM = (
    _PRELUDE
    + """
for _, pair in ipairs(cjson.decode(ARGV[2])) do
  local entity, cause = pair[1], pair[2]
  inherit(entity, known_text(entity))
  keep_text(entity, L.now + L.confirmed_ms)
  local causes = P .. 'causes:' .. entity
  if redis.call('HEXISTS', causes, cause) == 0 and redis.call('HLEN', causes) < L.causes then
    redis.call('HSET', causes, cause, L.now)
  end
  redis.call('PEXPIRE', causes, L.confirmed_ms * 2)
  local first = redis.call('HSETNX', P .. 'confirmed', entity, L.now) == 1
  evaluate(entity)
  if first then evaluate_neighbours(entity) end
end
trim_texts()
trim_marks()
"""
)
"""Confirms entities: a JSON list of [entity, cause]."""

REVOKE = (
    _PRELUDE
    + """
for _, pair in ipairs(cjson.decode(ARGV[2])) do
  local entity, causes = pair[1], P .. 'causes:' .. pair[1]
  redis.call('HDEL', causes, pair[2])
  if redis.call('EXISTS', causes) == 0 and unconfirm(entity) then
    evaluate(entity)
    evaluate_neighbours(entity)
  end
end
"""
)
"""Takes causes away; what has none left is confirmed no more, nor what rested on it suspected."""

CLEAR = (
    _PRELUDE
    + """
redis.call('ZREMRANGEBYSCORE', P .. 'cleared', '-inf', L.now)
for _, entity in ipairs(cjson.decode(ARGV[2])) do
  for _, one in ipairs({entity, known_text(entity)}) do
    redis.call('ZADD', P .. 'cleared', L.now + L.confirmed_ms, one)
    evaluate(one)
  end
end
redis.call('ZREMRANGEBYRANK', P .. 'cleared', 0, -L.marks - 1)
"""
)
"""Bars entities from suspicion for a while; a confirmation still counts."""

FORGET = (
    _PRELUDE
    + """
for _, entity in ipairs(cjson.decode(ARGV[2])) do forget(entity) end
"""
)
"""Forgets entities, which no traffic may be judged by."""

KNOWN = _PRELUDE + "return known_text(cjson.decode(ARGV[2]))\n"
"""Returns the entity that an entity counts for: another for a text, unless it is known itself."""

EXPIRE = (
    _PRELUDE
    + """
local ended = redis.call('ZRANGEBYSCORE', P .. 'ends', '-inf', L.now, 'LIMIT', 0, 256)
for _, entity in ipairs(ended) do
  local was_confirmed = unconfirm(entity)
  unmark(entity)
  if was_confirmed then evaluate_neighbours(entity) end
end
return #ended
"""
)
"""Ends the marks whose time is over, 256 at most; returns how many."""
