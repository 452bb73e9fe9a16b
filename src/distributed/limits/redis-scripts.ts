/**
 * Each script is one step that nothing comes between. Times are microseconds by the server's own clock, so that no
 * machine's clock matters. A number becomes text in full only where Redis turns it into an argument or with `%.0f`.
 */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
`

/** For keys that mean nothing any more after `last`. A second more costs little and spares them from rounding. */
const FORGET = `
local function forget(key, last)
  redis.call('PEXPIREAT', key, string.format('%.0f', last / 1000 + 1000))
end
`

/** KEYS: ids by their expiry; amounts by id, with their sum as \`used\`. */
const ENTRIES = `${NOW}${FORGET}
local function amountOf(id)
  return tonumber(redis.call('HGET', KEYS[2], id) or 0)
end
local function put(id, amount, expiry)
  redis.call('HINCRBY', KEYS[2], 'used', amount - amountOf(id))
  redis.call('HSET', KEYS[2], id, amount)
  redis.call('ZADD', KEYS[1], expiry, id)
end
local function keepKeys()
  local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2] or now
  forget(KEYS[1], last)
  forget(KEYS[2], last)
end
`

/** ARGV: id, amount, capacity, how long it lasts. Returns whether it was taken, else the milliseconds to wait. */
export const TAKE_ENTRY = `${ENTRIES}
local id, amount = ARGV[1], tonumber(ARGV[2])
repeat
  local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)
  local sum = 0
  for _, each in ipairs(gone) do sum = sum + amountOf(each) end
  if #gone > 0 then
    redis.call('ZREM', KEYS[1], unpack(gone))
    redis.call('HDEL', KEYS[2], unpack(gone))
    redis.call('HINCRBY', KEYS[2], 'used', -sum)
  end
until #gone == 0
-- Should one of the two keys have been evicted, the other means nothing.
if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('DEL', KEYS[2]) end
local over = amountOf('used') - amountOf(id) + amount - ARGV[3]
if over <= 0 then
  put(id, amount, now + ARGV[4])
  keepKeys()
  return {1, 0}
end
-- Not looked at to the end, which may be far: to be asked again too early does no harm.
local next = redis.call('ZRANGE', KEYS[1], 0, 99, 'WITHSCORES')
local expiry = now
for i = 1, #next, 2 do
  expiry = next[i + 1]
  over = over - amountOf(next[i])
  if over <= 0 then break end
end
return {0, math.ceil((expiry - now) / 1000)}
`

/** ARGV: id, what is kept of it. */
export const KEEP_ENTRY = `${ENTRIES}
local id, kept = ARGV[1], tonumber(ARGV[2])
local expiry = redis.call('ZSCORE', KEYS[1], id)
if not expiry then return 0 end
put(id, kept, expiry)
if kept == 0 then
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
return 1
`

/** ARGV: how long they last, then id and amount of each. */
export const RENEW_ENTRIES = `${ENTRIES}
for i = 2, #ARGV, 2 do put(ARGV[i], ARGV[i + 1], now + ARGV[1]) end
keepKeys()
return 1
`

/**
 * KEYS: the bucket: its level, in amounts times \`per\`, at a time. With whole numbers all of it is exact.
 * The locals after this: per, capacity, the level now.
 */
const BUCKET = `${NOW}${FORGET}
local per, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local bucket = redis.call('HMGET', KEYS[1], 'level', 'at')
local at = tonumber(bucket[2] or now)
-- A clock that is set back must not fill the bucket.
now = math.max(now, at)
local level = math.max(0, (bucket[1] or 0) - (now - at) * capacity)
local function pour(level)
  redis.call('HSET', KEYS[1], 'level', string.format('%.0f', level), 'at', string.format('%.0f', now))
  forget(KEYS[1], now + level / capacity)
end
`

/** ARGV: per, capacity, amount. Returns when it was taken, or nothing and the milliseconds to wait. */
export const TAKE_BUCKET = `${BUCKET}
local spill = level + (ARGV[3] - capacity) * per
if spill > 0 then return {'', math.ceil(spill / capacity / 1000)} end
pour(level + ARGV[3] * per)
return {string.format('%.0f', now), 0}
`

/** ARGV: per, capacity, amount, when it was taken. After \`per\` it would all have run out by itself. */
export const KEEP_BUCKET = `${BUCKET}
if now - ARGV[4] >= per then return 0 end
pour(math.max(0, level - ARGV[3] * per))
return 1
`

/** ARGV: per, capacity, amount, when it was taken. */
export const BEGIN_BUCKET = `${BUCKET}
pour(level + math.min(ARGV[3] * per, math.max(0, now - ARGV[4]) * capacity))
return 1
`

/** What is used of the window of now, and when it ends; after `duration` a new one begins. */
const WINDOW = `${NOW}${FORGET}
local window = redis.call('HMGET', KEYS[1], 'used', 'ends')
local function windowOfNow(duration)
  local used, ends = tonumber(window[1] or 0), tonumber(window[2] or 0)
  if ends <= now then return 0, now + duration end
  return used, ends
end
local function put(used, ends)
  redis.call('HSET', KEYS[1], 'used', used, 'ends', string.format('%.0f', ends))
  forget(KEYS[1], ends)
end
`

/**
 * ARGV: duration, capacity, amount. Returns the end of the window, by which what is given back finds it again, or nothing
 * and the milliseconds to wait.
 */
export const TAKE_WINDOW = `${WINDOW}
local used, ends = windowOfNow(ARGV[1])
if used + ARGV[3] > tonumber(ARGV[2]) then return {'', math.ceil((ends - now) / 1000)} end
put(used + ARGV[3], ends)
return {string.format('%.0f', ends), 0}
`

/** ARGV: amount, the end of the window it was taken in. */
export const KEEP_WINDOW = `
if redis.call('HGET', KEYS[1], 'ends') ~= ARGV[2] then return 0 end
return redis.call('HINCRBY', KEYS[1], 'used', -ARGV[1])
`

/** ARGV: amount, the end of the window it was taken in, duration. In that window it counts already. */
export const BEGIN_WINDOW = `${WINDOW}
if window[2] == ARGV[2] and window[2] + 0 > now then return 0 end
local used, ends = windowOfNow(ARGV[3])
put(used + ARGV[1], ends)
return 1
`
