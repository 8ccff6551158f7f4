//! What runs in the server.
//!
//! The token is set before the command, and with the command's reply after it. The first `SET` is the script's first write, where a server that
//! takes no writes says so: as nothing has been executed by then, its error is handed on as it is. After a script's first write no server
//! refuses another for want of memory, disk or replicas, so the second `SET` does not fail; if it did, the token would be there, empty.
//!
//! A reply is kept as what it is and its value, in a list: of a list, none is told from the first one being nil. Lua has no integers, only
//! doubles. One that may be rounded is read back where there is a command for that.
//!
//! It answers with a double, which arrives as one over RESP3 only and so tells what the connection speaks, and with what was kept.

macro_rules! program {
    ($execute:literal) => {
        concat!(
            "\
local kept = redis.call('GET', KEYS[1])
if not kept then
  local sure = redis.pcall('SET', KEYS[1], '', 'PX', ARGV[1])
  if sure.err then return sure end
  local kind, result = 'reply'
  local function failed() return type(result) == 'table' and result.err end
  local function exact(value)
    if type(value) == 'number' then return math.abs(value) < 9007199254740992 end
    if type(value) == 'table' and not value.double then
      for _, part in pairs(value) do
        if not exact(part) then return false end
      end
    end
    return true
  end
  if ARGV[2] == '3' and redis.setresp then redis.setresp(3) end
",
            $execute,
            "
  if failed() then
    redis.call('DEL', KEYS[1])
    return result
  end
  if redis.setresp then redis.setresp(2) end
  if ARGV[2] == '3' and type(result) == 'boolean' then
    kind, result = 'boolean', result and 1 or 0
  elseif not exact(result) then
    kind, result = 'inexact', false
    local read = ARGV[3] ~= '' and redis.pcall(ARGV[3], unpack(ARGV, 5, ARGV[3] == 'HGET' and 6 or 5))
    if type(read) == 'string' then kind, result = 'integer', read end
  end
  kept = cmsgpack.pack({kind, result or false})
  redis.call('SET', KEYS[1], kept, 'PX', ARGV[1])
end
if kept == '' then return {{double = 0}, 'inexact', false} end
kept = cmsgpack.unpack(kept)
return {{double = 0}, kept[1], kept[2]}"
        )
    };
}

/// `ARGV`: how long to remember, RESP's version, what reads the result back, the command.
pub(super) const WHOLE: &str = program!("  result = redis.pcall(unpack(ARGV, 4))");

/// `ARGV`: how long to remember, RESP's version, nothing, how many words stand before the first item, how many items go together, what
/// becomes of the replies, the command.
pub(super) const IN_PARTS: &str = program!(
    "\
  local words, most, part = ARGV[4] + 0, ARGV[5] + 0, {}
  for i = 1, words do part[i] = ARGV[6 + i] end
  local all
  for from = 7 + words, #ARGV, most do
    local count = math.min(most, #ARGV - from + 1)
    for i = 1, count do part[words + i] = ARGV[from + i - 1] end
    result = redis.pcall(unpack(part, 1, words + count))
    if failed() then
      if all then kind, all = 'partial', result.err end
      break
    end
    if ARGV[6] == 'sum' then all = (all or 0) + result
    elseif ARGV[6] == 'max' then all = math.max(all or 0, result)
    else all = result end
  end
  if all then result = all end"
);
