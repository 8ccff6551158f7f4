//! The rules, by example. What servers do `tests/tests/commands` measures.

use super::*;
use Effect::{Once, Read, Repeatable, SameState};

fn words(line: &str) -> impl Args<'_> {
    line.split_ascii_whitespace().map(str::as_bytes)
}

fn effects(lines: &[(&str, Effect)]) {
    for (line, expected) in lines {
        assert_eq!(effect(words(line)), *expected, "{line}");
    }
}

fn assert_sorted(table: &[(&str, Rule)]) {
    assert!(table.is_sorted_by_key(|(name, _)| name), "not sorted");
    for (name, rule) in table {
        assert!(name.len() <= LONGEST, "{name}");
        if let Rule::Words(words) = rule {
            assert_sorted(words);
        }
    }
}

#[test]
fn the_tables_are_sorted_and_fit() {
    assert_sorted(TABLE);
    assert!(WAITING.is_sorted_by(|a, b| a < b), "{WAITING:?}");
    let there = |name: &&str| rule_of(TABLE, name.as_bytes()).is_some();
    assert!(WAITING.iter().all(there));
}

#[test]
fn names_are_read_in_any_case_and_the_unknown_is_done_once() {
    effects(&[
        ("GET k", Read),
        ("get k", Read),
        ("Mget a b", Read),
        ("config get maxmemory", Read),
        ("CONFIG", Once),
        ("COMMAND", Read),
        ("CONFIG GETTING", Once),
        ("NO.SUCH k", Once),
        ("ACOMMANDWITHANAMEMUCHTOOLONGTOBEKNOWN k", Once),
        ("", Once),
    ]);
}

#[test]
fn a_condition_may_be_fulfilled_once() {
    effects(&[
        ("SET k v", Repeatable),
        ("SET k NX", Repeatable),
        ("SET NX XX", Repeatable),
        ("SET k v KEEPTTL", Repeatable),
        ("SET k v EX 10", Repeatable),
        ("SET k v PXAT 1893456000000", Repeatable),
        ("SET k v XX", SameState),
        ("SET k v nx PX 10", SameState),
        ("SET k v GET", SameState),
        ("SET k v IFEQ old", SameState),
        ("SET k v IFNE old", SameState),
        ("SET k v IFDEQ 0123456789abcdef", SameState),
        ("SET k v IFDNE 0123456789abcdef", SameState),
        ("MSETEX 2 a 1 b NX", Repeatable),
        ("MSETEX 2 a 1 b 2 EX 100", Repeatable),
        ("MSETEX 2 a 1 b 2 NX", SameState),
        ("MSETEX 2 a 1 b 2 XX EX 100", SameState),
        ("MSETEX 18446744073709551615 a 1", Once),
        ("MSETEX a 1", Once),
        ("HSETEX h EX 100 FIELDS 1 f v", Repeatable),
        ("HSETEX h FIELDS 1 FNX v", Repeatable),
        ("HSETEX h FNX FIELDS 1 f v", SameState),
        ("HSETEX h FXX EX 10 FIELDS 1 f v", SameState),
        ("HSETEX h NX FIELDS 1 f v", SameState),
        ("ZADD k 1 m", SameState),
        ("ZADD k GT CH 1 m", SameState),
        ("ZADD k 1 INCR", SameState),
        ("ZADD k XX INCR 1 m", Once),
        ("DELEX k IFEQ v", SameState),
        ("DELIFEQ k v", SameState),
    ]);
}

#[test]
fn a_deadline_must_not_pass_before_the_second_execution() {
    effects(&[
        ("EXPIRE k 60", Repeatable),
        ("EXPIRE k 59", SameState),
        ("EXPIRE k -1", SameState),
        ("EXPIRE k 9223372036854775807", Repeatable),
        ("EXPIRE k soon", SameState),
        ("EXPIRE k 100 NX", SameState),
        ("EXPIRE k 100 GT", SameState),
        ("PEXPIRE k 59999", SameState),
        ("PEXPIRE k 60000", Repeatable),
        ("EXPIREAT k 1893456000", SameState),
        ("HEXPIRE h 60 FIELDS 1 f", Repeatable),
        ("HEXPIRE h 60 NX FIELDS 1 f", SameState),
        ("HEXPIRE h 1 FIELDS 1 f", SameState),
        ("HPEXPIRE h 60000 FIELDS 1 f", Repeatable),
        ("HPEXPIRE h 60 FIELDS 1 f", SameState),
        ("GETEX k", Read),
        ("GETEX k PERSIST", Repeatable),
        ("GETEX k EX 60", Repeatable),
        ("GETEX k EX 1", SameState),
        ("GETEX k PX 60000", Repeatable),
        ("GETEX k PX 60", SameState),
        ("GETEX k PXAT 1893456000000", SameState),
        ("HGETEX h FIELDS 1 f", Read),
        ("HGETEX h PERSIST FIELDS 1 f", Repeatable),
        ("HGETEX h EX 60 FIELDS 1 f", Repeatable),
        ("HGETEX h EX 6 FIELDS 1 f", SameState),
    ]);
}

#[test]
fn what_is_stored_into_its_own_source_is_done_once() {
    effects(&[
        ("ZUNIONSTORE d 2 a b", Repeatable),
        ("ZUNIONSTORE d 2 a d", Once),
        ("ZUNIONSTORE d 1 a WEIGHTS d", Repeatable),
        ("ZUNIONSTORE d a", Once),
        ("ZINTERSTORE d 2 d b", Once),
        ("ZDIFFSTORE d 3 a b", Once),
        ("SUNIONSTORE d a b", Repeatable),
        ("SDIFFSTORE d a d", Once),
        ("BITOP NOT b a", Repeatable),
        ("BITOP NOT b b", Once),
        ("BITOP XOR a b a", Once),
        ("ZRANGESTORE d q 0 1", Repeatable),
        ("ZRANGESTORE q q 1 -1", Once),
        (
            "GEOSEARCHSTORE g g FROMMEMBER m BYRADIUS 1 km STOREDIST",
            Once,
        ),
        ("GEORADIUS g 0 0 1 km", Read),
        ("GEORADIUS g 0 0 1 km STORE d", Repeatable),
        ("GEORADIUS g 0 0 1 km COUNT 1 STOREDIST g", Once),
        ("GEORADIUS g 0 0 1 km STORE", Once),
        ("GEORADIUSBYMEMBER g m 1 km STORE d", Repeatable),
        ("GEORADIUSBYMEMBER g STORE 1 km", Read),
        ("SORT k", Read),
        ("SORT k BY w_* GET # GET STORE", Read),
        ("SORT k STORE d", Repeatable),
        ("SORT k LIMIT 1 9 STORE k", Once),
        ("SORT k BY nosort STORE d", Repeatable),
        ("SORT k GET d* STORE d1", Once),
        ("SORT k BY w_* STORE d", Once),
        ("SORT k SOMETHING STORE d", Once),
    ]);
}

#[test]
fn a_place_that_moves_is_another_the_second_time() {
    effects(&[
        ("LTRIM l 0 99", Repeatable),
        ("LTRIM l 0 -1", Repeatable),
        ("LTRIM l -100 -1", Repeatable),
        ("LTRIM l 0 -2", Once),
        ("LTRIM l 1 -1", Once),
        ("LTRIM l -5 -2", Once),
        ("LTRIM l 0", Once),
        ("LREM l 0 x", SameState),
        ("LREM l 1 x", Once),
        ("LSET l 0 x", Once),
        ("LINSERT l BEFORE a b", Once),
        ("ZREMRANGEBYRANK z 0 1", Once),
        ("ZREMRANGEBYSCORE z 0 1", SameState),
        ("RENAME a b", Once),
        ("RENAMENX a b", SameState),
    ]);
}

#[test]
fn a_stream_knows_an_entry_by_its_id_alone() {
    effects(&[
        ("XADD s * f v", Once),
        ("XADD s 5-* f v", Once),
        ("XADD s 5-1 f *", SameState),
        ("XADD s NOMKSTREAM MAXLEN ~ 100 LIMIT 10 5-1 f v", SameState),
        ("XADD s MAXLEN = 100 * f v", Once),
        ("XADD s MINID 5 * f v", Once),
        ("XADD s IDMP p i * f v", Once),
        ("XADD s IDMPAUTO p KEEPREF * f v", Once),
        ("XADD s IDMP p i 5-1 f v", SameState),
        ("XADD s", Once),
        ("XREADGROUP GROUP g c STREAMS s 0", Once),
        ("XCLAIM s g c 0 1-1", Once),
        ("XACK s g 1-1", SameState),
        ("XGROUP CREATE s g $", SameState),
        ("XGROUP SETID s g $", Once),
    ]);
}

#[test]
fn the_second_word_and_its_options_decide() {
    effects(&[
        ("BITFIELD k GET u8 0", Read),
        ("BITFIELD k SET u8 0 1", SameState),
        ("BITFIELD k SET u8 0 1 INCRBY u8 8 1", Once),
        ("BITFIELD INCRBY GET u8 0", Read),
        ("COPY a b", SameState),
        ("COPY a b REPLACE", Repeatable),
        ("COPY a REPLACE", SameState),
        ("RESTORE k 0 value", SameState),
        ("RESTORE k 0 value REPLACE", Repeatable),
        ("ACL WHOAMI", Read),
        ("ACL LOG", Read),
        ("ACL LOG 5", Read),
        ("ACL LOG reset", Once),
        ("ACL SETUSER me on", Once),
        ("SCRIPT LOAD code", Repeatable),
        ("SCRIPT FLUSH", Once),
        ("FUNCTION LOAD code", SameState),
        ("FUNCTION LOAD REPLACE code", Repeatable),
        ("FUNCTION LOAD REPLACE", SameState),
        ("FUNCTION RESTORE value", SameState),
        ("FUNCTION RESTORE value REPLACE", Repeatable),
        ("FUNCTION RESTORE value FLUSH", Once),
        ("CLIENT LIST", Read),
        ("CLIENT KILL ID 7", Once),
        ("OBJECT ENCODING k", Read),
        ("EVAL_RO script 0", Read),
        ("EVAL script 0", Once),
    ]);
}

#[test]
fn a_command_waits_where_it_says_so() {
    for (line, expected) in [
        ("BLPOP k 0", true),
        ("blpop k 0", true),
        ("BLMOVEM a b LEFT RIGHT 0", true),
        ("WAIT 1 100", true),
        ("BITCOUNT k", false),
        ("XREAD BLOCK 0 STREAMS s $", true),
        ("XREAD COUNT 1 STREAMS BLOCK 0", false),
        ("XREADGROUP GROUP g c BLOCK 10 STREAMS s >", true),
        ("XADD s * BLOCK v", false),
        ("LPOP k", false),
        ("GET k", false),
    ] {
        assert_eq!(waits(words(line)), expected, "{line}");
    }
}
