//! What runs in the server. Each leaves the same behind when it is sent once more.
//!
//! `KEYS[1]` is the stream; `ARGV` begins with the group, the consumer, and how many entries the stream had been given when it was last looked at.

/// What the scripts have in common.
///
/// `standing` is the number of a [`Standing`](super::verdict::Standing). An entry that is pending nowhere is done if the group is past it, unless the
/// stream has been given fewer entries than before: then it is another one. If it is not in the stream any more, it may have been taken from the
/// pending ones because of that.
macro_rules! with_standing {
    ($code:expr) => {
        concat!(
            "\
local function named(list, name)
  for i = 1, #list, 2 do
    if list[i] == name then return list[i + 1] end
  end
end
local function group()
  local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
  if groups.err then return nil end
  for _, one in ipairs(groups) do
    if named(one, 'name') == ARGV[1] then return one end
  end
end
local function lag(group)
  local left = redis.call('XRANGE', KEYS[1], '(' .. named(group, 'last-delivered-id'), '+', 'COUNT', 1)
  if not left[1] then return 0 end
  local lag = named(group, 'lag')
  return lag and math.min(lag, redis.call('XLEN', KEYS[1])) or -1
end
local function parts(id) return id:match('^(%d+)-(%d+)$') end
local function less(one, other)
  if #one ~= #other then return #one < #other end
  return one < other
end
local function before(one, other)
  local millis, sequence = parts(one)
  local millis2, sequence2 = parts(other)
  if millis ~= millis2 then return less(millis, millis2) end
  return less(sequence, sequence2)
end
local function there(id)
  local found = redis.pcall('XRANGE', KEYS[1], id, id)
  if found.err or not found[1] then return nil end
  return found[1][2]
end
local function is_another()
  local added = named(redis.call('XINFO', 'STREAM', KEYS[1]), 'entries-added')
  return added < tonumber(ARGV[3])
end
local function standing(id)
  local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], id, id, 1)
  if pending.err then
    if not pending.err:find('NOGROUP') and not pending.err:find('WRONGTYPE') then
      redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)
    end
    return there(id) and 4 or 5
  end
  if pending[1] then
    return pending[1][2] == ARGV[2] and 1 or 2
  end
  local last = named(group(), 'last-delivered-id')
  if before(last, id) then return there(id) and 4 or 5 end
  if is_another() then return 5 end
  return there(id) and 3 or 6
end
",
            $code
        )
    };
}

/// Counts an attempt before it begins. `ARGV`: the entry, which attempt it is. Answers with the standing.
pub(super) const BEGIN: &str = with_standing!(
    "\
local standing = standing(ARGV[4])
if standing ~= 1 then return standing end
local kept = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[4], 'RETRYCOUNT', ARGV[5], 'JUSTID')
return kept[1] and 1 or 5"
);

/// Says how long entries have been idle, of those that this consumer still has. `ARGV`: the time in milliseconds, then pairs: an entry, and how
/// many attempts have begun, or nothing to leave that as it is. Answers with their standings.
pub(super) const KEEP: &str = with_standing!(
    "\
local standings = {}
for i = 5, #ARGV, 2 do
  local id, begun, now = ARGV[i], ARGV[i + 1], standing(ARGV[i])
  if now == 1 then
    local kept
    if begun == '' then
      kept = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'IDLE', ARGV[4], 'JUSTID')
    else
      kept = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'IDLE', ARGV[4], 'RETRYCOUNT', begun, 'JUSTID')
    end
    now = kept[1] and 1 or 5
  end
  standings[#standings + 1] = now
end
return standings"
);

/// Executes a command and acknowledges, if the entry is pending. `KEYS[2]`: what the command works on. `ARGV`: the entry, the command. Answers with
/// the standing, and the command's reply.
pub(super) const COMMIT: &str = with_standing!(
    "\
local standing = standing(ARGV[4])
if standing > 2 then return {standing, false} end
local reply = redis.pcall(unpack(ARGV, 5))
if type(reply) == 'table' and reply.err then return reply end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[4])
return {1, reply}"
);

/// Puts an entry among the dead letters and acknowledges it. `KEYS[2]`: the dead letters. `ARGV`: the entry, names and values. Answers with the
/// standing from before.
///
/// `XADD` is the first write: where it is refused, nothing is acknowledged.
pub(super) const DEAD: &str = with_standing!(
    "\
local standing = standing(ARGV[4])
if standing == 1 then
  redis.call('XADD', KEYS[2], '*', unpack(ARGV, 5))
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[4])
end
return standing"
);

/// Makes the group where it is not there. `ARGV`: the floor or nothing, where to begin if there is none. Answers with where it was made, and whether
/// everything in the stream is new; with nothing if it was there.
///
/// A stream that is not there, or has been given fewer entries than before, or has not come as far as the floor, is another one.
pub(super) const ENSURE: &str = with_standing!(
    "\
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
  return {'0-0', 1}
end
local stream = redis.call('XINFO', 'STREAM', KEYS[1])
if group() then return false end
local at, anew = ARGV[5], 0
if ARGV[4] ~= '' then
  at = ARGV[4]
  if before(named(stream, 'last-generated-id'), at) or is_another() then at, anew = '0-0', 1 end
end
redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], at)
return {at, anew}"
);

/// Looks at the group, and takes over what has been idle for too long. `ARGV`: for how long, and how many, or 0 for a look only. Answers with the
/// last entry delivered, the first one pending, how many entries the stream has been given; what was taken, each with the number of attempts that have
/// begun and whether it was this consumer's; what was trimmed, which is acknowledged; and how many entries the group has not been given, or -1.
///
/// Not by `XAUTOCLAIM`: it tells no numbers of deliveries, and takes trimmed entries from consumers that are alive and handle them. Taking over raises
/// no number: attempts are counted when they begin.
pub(super) const LOOK: &str = with_standing!(
    "\
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1])
if pending.err then return pending end
local group = group()
local last, lag = named(group, 'last-delivered-id'), lag(group)
local added = named(redis.call('XINFO', 'STREAM', KEYS[1]), 'entries-added')
local taken, trimmed = {}, {}
if ARGV[5] ~= '0' then
  for _, one in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[4], '-', '+', ARGV[5])) do
    local fields = there(one[1])
    if fields then
      redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, one[1], 'JUSTID')
      taken[#taken + 1] = {one[1], one[4], fields, one[2] == ARGV[2] and 1 or 0}
    else
      redis.call('XACK', KEYS[1], ARGV[1], one[1])
      trimmed[#trimmed + 1] = one[1]
    end
  end
end
return {last, pending[2] or '', added, taken, trimmed, lag}"
);

/// What is delivered to this consumer, without raising its count. `ARGV`: from where on, how many, and whose: nothing for this consumer's, or `all`, which
/// are taken over. Answers with the entries, each with the number of its deliveries and whether it was this consumer's, and with what was trimmed, which
/// is acknowledged.
pub(super) const OWN: &str = with_standing!(
    "\
local pending
if ARGV[6] == 'all' then
  pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[4], '+', ARGV[5])
else
  pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[4], '+', ARGV[5], ARGV[2])
end
if pending.err then return pending end
local own, trimmed = {}, {}
for _, one in ipairs(pending) do
  local fields, ours = there(one[1]), one[2] == ARGV[2]
  if not fields then
    redis.call('XACK', KEYS[1], ARGV[1], one[1])
    trimmed[#trimmed + 1] = one[1]
  else
    if not ours then redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, one[1], 'JUSTID') end
    own[#own + 1] = {one[1], one[4], fields, ours and 1 or 0}
  end
end
return {own, trimmed}"
);

/// Forgets consumers that have nothing pending: this one, or all others of this crate that have been silent for too long. `ARGV`: what their names
/// begin with, after how many milliseconds; or nothing, for this one.
///
/// Looking and deleting is one step, for what is pending with a consumer that is deleted is lost. Older servers count idle time from the last
/// message, not the last read: one that is deleted though it is alive is there again with its next entry.
pub(super) const FORGET: &str = with_standing!(
    "\
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if consumers.err then return 0 end
local forgotten = 0
for _, one in ipairs(consumers) do
  local name = named(one, 'name')
  local goes
  if ARGV[4] == '' then
    goes = name == ARGV[2]
  else
    goes = name ~= ARGV[2] and name:sub(1, #ARGV[4]) == ARGV[4] and named(one, 'idle') >= tonumber(ARGV[5])
  end
  if goes and named(one, 'pending') == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], name)
    forgotten = forgotten + 1
  end
end
return forgotten"
);

/// Answers with how many entries are not delivered yet and how many are pending; -1 for what is not known.
///
/// After trims and deletions the server's own number is wrong on some, and stays above zero for ever: it is zero when nothing is left, and never more
/// than what there is.
pub(super) const NUMBERS: &str = with_standing!(
    "\
local group = group()
if not group then return {-1, 0} end
return {lag(group), named(group, 'pending')}"
);
