//! Commands as users send them: at least one for each that writes, or a reason why there is none.

/// A command on a server that holds what the lines before leave.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Sample {
    /// What is sent first, separated by semicolons.
    pub before: &'static str,
    /// The command.
    pub line: &'static str,
    /// Whether Redis 7.0 does not know it.
    pub is_newer: bool,
    /// Whether what it does or says depends on chance or time.
    pub is_random: bool,
    /// Why the table is stricter than what can be measured when nobody else is there.
    pub stricter_because: Option<&'static str>,
}

const fn sample(before: &'static str, line: &'static str) -> Sample {
    Sample {
        before,
        line,
        is_newer: false,
        is_random: false,
        stricter_because: None,
    }
}

impl Sample {
    const fn newer(mut self) -> Self {
        self.is_newer = true;
        self
    }

    const fn random(mut self) -> Self {
        self.is_random = true;
        self
    }

    const fn stricter(mut self, because: &'static str) -> Self {
        self.stricter_because = Some(because);
        self
    }

    /// The command's name, and with it the second word where that decides: `XGROUP|CREATE`.
    #[must_use]
    pub fn name(&self) -> String {
        let mut words = self.line.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        match words.next() {
            Some(second) if CONTAINERS.contains(&name) => format!("{name}|{second}"),
            _ => name.to_owned(),
        }
    }
}

const CONTAINERS: &[&str] = &[
    "ACL", "CLIENT", "CONFIG", "FUNCTION", "HIMPORT", "LATENCY", "MEMORY", "SCRIPT", "SLOWLOG",
    "XGROUP",
];

/// Commands that write and have no sample.
pub const WITHOUT: &[(&str, &str)] = &[
    ("CLUSTER|FLUSHSLOT", "an operator's, of a cluster"),
    ("MIGRATE", "it needs a second server"),
    ("SFLUSH", "of a cluster"),
    ("TRIMSLOTS", "of a cluster, internal"),
    (
        "XIDMPRECORD",
        "internal: for the file that a server is restored from",
    ),
];

/// The samples.
pub const SAMPLES: &[Sample] = &[
    // Strings.
    sample("", "GET k"),
    sample("SET k v", "GET k"),
    sample("SET k v", "MGET k k2"),
    sample("SET k v", "STRLEN k"),
    sample("SET k v", "EXISTS k k2"),
    sample("SET k abc", "GETRANGE k 0 1"),
    sample("SET k v", "TYPE k"),
    sample("", "APPEND k v"),
    sample("", "SET k v"),
    sample("", "SET k v EX 100"),
    sample("SET k 1 EX 100", "SET k v KEEPTTL"),
    sample("", "SET k v PXAT 4102444800000"),
    sample("", "SET k v NX"),
    sample("SET k old", "SET k v XX")
        .stricter("another's DEL between the two makes it say \"not done\""),
    sample("SET k old", "SET k v GET"),
    sample("SET k old", "SET k v IFEQ old").newer(),
    sample("SET k old", "SET k v IFNE v").newer(),
    sample("SET k old", "SET k v IFNE other")
        .newer()
        .stricter("another's SET between the two makes it say \"not done\""),
    sample("SET k old", "SET k v IFEQ old GET").newer(),
    sample("", "SETEX k 100 v"),
    sample("", "PSETEX k 100000 v"),
    sample("", "SETNX k v"),
    sample("", "MSET k v k2 w"),
    sample("", "MSETNX k v k2 w"),
    sample("", "MSETEX 2 k v k2 w").newer(),
    sample("", "MSETEX 2 k v k2 w EX 100").newer(),
    sample("", "MSETEX 2 k v k2 w NX").newer(),
    sample("SET k 1; SET k2 2", "MSETEX 2 k v k2 w XX")
        .newer()
        .stricter("another's DEL between the two makes it say \"not done\""),
    sample("SET k old", "GETSET k v"),
    sample("SET k old", "GETDEL k"),
    sample("SET k v", "GETEX k"),
    sample("SET k v", "GETEX k EX 100"),
    sample("SET k v", "GETEX k EX 30")
        .stricter("the deadline may pass before the second execution"),
    sample("SET k v", "GETEX k PXAT 4102444800000").stricter("the moment may be between the two"),
    sample("SET k v EX 100", "GETEX k PERSIST"),
    sample("SET k abcde", "SETRANGE k 1 x")
        .stricter("the length that it gives may be one that another made in between"),
    sample("", "SETBIT b 7 1"),
    sample("SET n 1", "INCR n"),
    sample("", "INCRBY n 2"),
    sample("", "INCRBYFLOAT f 1.5"),
    sample("", "DECR n"),
    sample("", "DECRBY n 2"),
    sample("", "INCREX n").newer(),
    sample("SET n 1", "INCREX n BYINT 2 UBOUND 9").newer(),
    sample("SET k v", "DIGEST k").newer(),
    sample("SET k v", "DELIFEQ k v").newer(),
    sample("SET k v", "DELEX k").newer(),
    sample("SET k v", "DELEX k IFEQ v").newer(),
    sample("SET k v", "DELEX k IFNE other").newer(),
    sample("SET b a", "BITCOUNT b"),
    sample("SET b a", "BITFIELD b GET u8 0"),
    sample("SET b a", "BITFIELD b SET u8 0 5"),
    sample("SET b a", "BITFIELD b INCRBY u8 0 5"),
    sample("SET b a", "BITFIELD_RO b GET u8 0"),
    sample("SET b a; SET b2 b", "BITOP AND b3 b b2"),
    sample("SET b a", "BITOP NOT b b"),
    sample("SET b a; SET b2 b", "BITOP XOR b b b2"),
    sample("SET b a; SET b2 b", "BITOP OR b b b2").stricter(
        "whoever writes to it in between is counted in twice: the same for all operations",
    ),
    sample("", "PFADD p a b"),
    sample("PFADD p a; PFADD p2 b", "PFMERGE p3 p p2"),
    sample("PFADD p a; PFADD p2 b", "PFMERGE p p2"),
    sample("PFADD p a", "PFCOUNT p"),
    // Keys.
    sample("SET k v", "DEL k"),
    sample("SET k v", "UNLINK k"),
    sample("SET k v", "TOUCH k"),
    sample("SET k v", "EXPIRE k 100"),
    sample("SET k v", "EXPIRE k 30").stricter("the deadline may pass before the second execution"),
    sample("SET k v", "EXPIRE k -1"),
    sample("SET k v", "EXPIRE k 100 NX"),
    sample("SET k v EX 50", "EXPIRE k 100 GT")
        .stricter("whether it is later depends on how soon the second execution is"),
    sample("SET k v EX 200", "EXPIRE k 100 LT"),
    sample("SET k v", "PEXPIRE k 100000"),
    sample("SET k v", "PEXPIRE k 30000")
        .stricter("the deadline may pass before the second execution"),
    sample("SET k v", "EXPIREAT k 4102444800").stricter("the moment may be between the two"),
    sample("SET k v", "EXPIREAT k 4102444800 NX"),
    sample("SET k v", "PEXPIREAT k 4102444800000").stricter("the moment may be between the two"),
    sample("SET k v EX 100", "PERSIST k"),
    sample("SET k v", "COPY k k2"),
    sample("SET k v; SET k2 w", "COPY k k2 REPLACE"),
    sample("SET k v", "RENAME k k2")
        .stricter("the second execution takes what another has put in its place"),
    sample("SET k v", "RENAMENX k k2"),
    sample("SET k v", "MOVE k 1"),
    sample("SET k v", "DUMP k"),
    sample("", "RESTORE k 0 <dump>"),
    sample("SET k old", "RESTORE k 0 <dump> REPLACE"),
    sample("SET k old", "RESTORE k 100000 <dump> REPLACE"),
    sample("", "RESTORE-ASKING k 0 <dump>"),
    sample("RPUSH l 3 1 2", "SORT l"),
    sample("RPUSH l 3 1 2", "SORT_RO l"),
    sample("RPUSH l 3 1 2", "SORT l STORE l2"),
    sample("RPUSH l 3 1 2", "SORT l LIMIT 1 9 STORE l"),
    sample(
        "RPUSH l 3 1 2; MSET w1 3 w2 2 w3 1",
        "SORT l BY w* STORE l2",
    )
    .stricter("the pattern may name the destination"),
    sample("SET k v", "FLUSHALL").stricter("it takes away what others wrote in between"),
    sample("SET k v", "FLUSHDB").stricter("it takes away what others wrote in between"),
    sample("SET k v", "SWAPDB 0 1"),
    // Lists.
    sample("RPUSH l a b c d", "LRANGE l 0 -1"),
    sample("RPUSH l a b c d", "LINDEX l 0"),
    sample("RPUSH l a b c d", "LLEN l"),
    sample("RPUSH l a b c d", "LPOS l b"),
    sample("", "LPUSH l v"),
    sample("", "RPUSH l v"),
    sample("RPUSH l a", "LPUSHX l v"),
    sample("RPUSH l a", "RPUSHX l v"),
    sample("RPUSH l a b c d", "LPOP l"),
    sample("RPUSH l a b c d", "RPOP l 2"),
    sample("RPUSH l a b c d", "LMPOP 1 l LEFT"),
    sample("RPUSH l a b c d", "LMOVE l l2 LEFT RIGHT"),
    sample("RPUSH l a b c d", "LMOVEM l l2 LEFT RIGHT COUNT 2 BULK").newer(),
    sample("RPUSH l a b c d", "RPOPLPUSH l l2"),
    sample("RPUSH l a b c d", "BLPOP l 1"),
    sample("RPUSH l a b c d", "BRPOP l 1"),
    sample("RPUSH l a b c d", "BLMPOP 1 1 l LEFT"),
    sample("RPUSH l a b c d", "BLMOVE l l2 LEFT RIGHT 1"),
    sample("RPUSH l a b c d", "BLMOVEM l l2 LEFT RIGHT 1 COUNT 2 BULK").newer(),
    sample("RPUSH l a b c d", "BRPOPLPUSH l l2 1"),
    sample("RPUSH l a b c d", "LSET l 0 x").stricter("another's LPUSH moves the place"),
    sample("RPUSH l a b c d", "LINSERT l BEFORE b x"),
    sample("RPUSH l a b a", "LREM l 0 a"),
    sample("RPUSH l a b a", "LREM l 1 a"),
    sample("RPUSH l a b c d", "LTRIM l 0 1"),
    sample("RPUSH l a b c d", "LTRIM l -2 -1"),
    sample("RPUSH l a b c d", "LTRIM l 0 -2"),
    sample("RPUSH l a b c d", "LTRIM l 1 -1"),
    // Sets.
    sample("SADD s a b", "SMEMBERS s"),
    sample("SADD s a b", "SISMEMBER s a"),
    sample("SADD s a b; SADD s2 b c", "SINTER s s2"),
    sample("SADD s a b; SADD s2 b c", "SUNIONCARD 2 s s2").newer(),
    sample("SADD s a b; SADD s2 b c", "SDIFFCARD 2 s s2").newer(),
    sample("", "SADD s a b"),
    sample("SADD s a b", "SREM s a"),
    sample("SADD s a b", "SMOVE s s2 a"),
    sample("SADD s a b c d e", "SPOP s").random(),
    sample("SADD s a b; SADD s2 b c", "SUNIONSTORE s3 s s2"),
    sample("SADD s a b; SADD s2 b c", "SUNIONSTORE s s s2").stricter(
        "what another removes in between comes back: the same for all that store into their source",
    ),
    sample("SADD s a b; SADD s2 b c", "SINTERSTORE s3 s s2"),
    sample("SADD s a b; SADD s2 b c", "SINTERSTORE s s s2")
        .stricter("the same for all that store into their source"),
    sample("SADD s a b; SADD s2 b c", "SDIFFSTORE s3 s s2"),
    sample("SADD s a b; SADD s2 b c", "SDIFFSTORE s2 s s2"),
    // Sorted sets.
    sample("ZADD z 1 a 2 b 3 c", "ZRANGE z 0 -1"),
    sample("ZADD z 1 a 2 b 3 c", "ZSCORE z a"),
    sample("ZADD z 1 a 2 b 3 c", "ZRANK z b"),
    sample("", "ZADD z 1 a"),
    sample("ZADD z 1 a", "ZADD z 2 a")
        .stricter("the count tells whether it was new, and the sample is not"),
    sample("", "ZADD z NX 1 a"),
    sample("ZADD z 1 a", "ZADD z GT CH 2 a"),
    sample("", "ZADD z INCR 1 a"),
    sample("", "ZINCRBY z 1 a"),
    sample("ZADD z 1 a 2 b 3 c", "ZREM z a"),
    sample("ZADD z 1 a 2 b 3 c", "ZREMRANGEBYSCORE z 1 2"),
    sample("ZADD z 0 a 0 b 0 c", "ZREMRANGEBYLEX z [a [b"),
    sample("ZADD z 1 a 2 b 3 c", "ZREMRANGEBYRANK z 0 0"),
    sample("ZADD z 1 a 2 b 3 c", "ZPOPMIN z"),
    sample("ZADD z 1 a 2 b 3 c", "ZPOPMAX z"),
    sample("ZADD z 1 a 2 b 3 c", "ZMPOP 1 z MIN"),
    sample("ZADD z 1 a 2 b 3 c", "BZPOPMIN z 1"),
    sample("ZADD z 1 a 2 b 3 c", "BZPOPMAX z 1"),
    sample("ZADD z 1 a 2 b 3 c", "BZMPOP 1 1 z MIN"),
    sample("ZADD z 1 a; ZADD z2 2 b", "ZUNIONSTORE z3 2 z z2"),
    sample("ZADD z 1 a; ZADD z2 2 a", "ZUNIONSTORE z 2 z z2"),
    sample("ZADD z 1 a; ZADD z2 2 a", "ZINTERSTORE z3 2 z z2"),
    sample("ZADD z 1 a; ZADD z2 2 a", "ZINTERSTORE z 2 z z2"),
    sample("ZADD z 1 a 2 b; ZADD z2 2 a", "ZDIFFSTORE z3 2 z z2"),
    sample("ZADD z 1 a; ZADD z2 2 a 3 b", "ZDIFFSTORE z2 2 z z2"),
    sample("ZADD z 1 a 2 b 3 c", "ZRANGESTORE z2 z 0 1"),
    sample("ZADD z 1 a 2 b 3 c", "ZRANGESTORE z z 1 -1"),
    // Hashes.
    sample("HSET h a 1 b 2", "HGET h a"),
    sample("HSET h a 1 b 2", "HGETALL h"),
    sample("HSET h a 1 b 2", "HMGET h a c"),
    sample("", "HSET h a 1"),
    sample("", "HMSET h a 1"),
    sample("", "HSETNX h a 1"),
    sample("HSET h a 1 b 2", "HDEL h a"),
    sample("HSET h n 1", "HINCRBY h n 2"),
    sample("HSET h n 1", "HINCRBYFLOAT h n 1.5"),
    sample("HSET h a 1 b 2", "HEXPIRE h 100 FIELDS 1 a").newer(),
    sample("HSET h a 1 b 2", "HEXPIRE h 30 FIELDS 1 a")
        .newer()
        .stricter("the deadline may pass before the second execution"),
    sample("HSET h a 1 b 2", "HEXPIRE h 100 NX FIELDS 1 a").newer(),
    sample("HSET h a 1 b 2", "HPEXPIRE h 100000 FIELDS 1 a").newer(),
    sample("HSET h a 1 b 2", "HEXPIREAT h 4102444800 FIELDS 1 a")
        .newer()
        .stricter("the moment may be between the two"),
    sample("HSET h a 1 b 2", "HPEXPIREAT h 4102444800000 FIELDS 1 a")
        .newer()
        .stricter("the moment may be between the two"),
    sample(
        "HSET h a 1 b 2; HEXPIRE h 100 FIELDS 1 a",
        "HPERSIST h FIELDS 1 a",
    )
    .newer(),
    sample("HSET h a 1 b 2", "HGETDEL h FIELDS 1 a").newer(),
    sample("HSET h a 1 b 2", "HGETEX h FIELDS 1 a").newer(),
    sample("HSET h a 1 b 2", "HGETEX h EX 100 FIELDS 1 a").newer(),
    sample(
        "HSET h a 1 b 2; HEXPIRE h 100 FIELDS 1 a",
        "HGETEX h PERSIST FIELDS 1 a",
    )
    .newer(),
    sample("", "HSETEX h EX 100 FIELDS 1 a 1").newer(),
    sample("", "HSETEX h FNX FIELDS 1 a 1").newer(),
    sample("HSET h a 1", "HSETEX h FXX EX 100 FIELDS 1 a 2")
        .newer()
        .stricter("another's HDEL between the two makes it say \"not done\""),
    sample("HIMPORT PREPARE form a b", "HIMPORT SET h form 1 2")
        .newer()
        .stricter(
            "the form is known to one connection, and the second execution goes over another",
        ),
    // Places.
    sample("", "GEOADD g 13 38 a"),
    sample(
        "GEOADD g 13 38 a 15 37 b",
        "GEOSEARCH g FROMMEMBER a BYRADIUS 300 km ASC",
    ),
    sample(
        "GEOADD g 13 38 a 15 37 b",
        "GEOSEARCHSTORE g2 g FROMMEMBER a BYRADIUS 300 km",
    ),
    sample(
        "GEOADD g 13 38 a 15 37 b",
        "GEOSEARCHSTORE g g FROMMEMBER a BYRADIUS 300 km STOREDIST",
    ),
    sample("GEOADD g 13 38 a 15 37 b", "GEORADIUS g 15 37 300 km"),
    sample(
        "GEOADD g 13 38 a 15 37 b",
        "GEORADIUS g 15 37 300 km STORE g2",
    ),
    sample(
        "GEOADD g 13 38 a 15 37 b",
        "GEORADIUS g 15 37 300 km STOREDIST g",
    ),
    sample("GEOADD g 13 38 a 15 37 b", "GEORADIUSBYMEMBER g a 300 km"),
    sample(
        "GEOADD g 13 38 a 15 37 b",
        "GEORADIUSBYMEMBER g a 300 km STORE g2",
    ),
    sample(
        "GEOADD g 13 38 a 15 37 b",
        "GEORADIUSBYMEMBER g a 300 km STOREDIST g",
    ),
    // Streams.
    sample("XADD x 1-1 f v", "XRANGE x -").newer(),
    sample("XADD x 1-1 f v", "XLEN x"),
    sample("XADD x 1-1 f v", "XREAD COUNT 1 STREAMS x 0"),
    sample("", "XADD x * f v").random(),
    sample("", "XADD x 5-1 f v"),
    sample("", "XADD x 5-* f v"),
    sample("XADD x 1-1 f v", "XADD x MAXLEN 1 5-1 f v"),
    sample("", "XADD x IDMP me 1 * f v")
        .newer()
        .random()
        .stricter("the server knows so many ids only"),
    sample("XADD x 1-1 f v; XADD x 2-1 f v", "XDEL x 1-1"),
    sample(
        "XADD x 1-1 f v; XADD x 2-1 f v",
        "XDELEX x KEEPREF IDS 1 1-1",
    )
    .newer(),
    sample("XADD x 1-1 f v; XADD x 2-1 f v", "XTRIM x MAXLEN 1"),
    sample("XADD x 1-1 f v", "XSETID x 5-1")
        .stricter("it goes back behind what others have added in between"),
    sample("XADD x 1-1 f v", "XGROUP CREATE x g 0"),
    sample(
        "XADD x 1-1 f v; XGROUP CREATE x g 0",
        "XGROUP CREATECONSUMER x g me",
    ),
    sample(
        "XADD x 1-1 f v; XGROUP CREATE x g 0; XREADGROUP GROUP g me STREAMS x >",
        "XGROUP DELCONSUMER x g me",
    ),
    sample("XADD x 1-1 f v; XGROUP CREATE x g 0", "XGROUP DESTROY x g"),
    sample("XADD x 1-1 f v; XGROUP CREATE x g 0", "XGROUP SETID x g $")
        .stricter("it goes back behind what the group has read in between"),
    sample(
        "XADD x 1-1 f v; XADD x 2-1 f v; XGROUP CREATE x g 0",
        "XREADGROUP GROUP g me COUNT 1 STREAMS x >",
    ),
    sample(
        "XADD x 1-1 f v; XGROUP CREATE x g 0; XREADGROUP GROUP g me STREAMS x >",
        "XACK x g 1-1",
    ),
    sample(
        "XADD x 1-1 f v; XGROUP CREATE x g 0; XREADGROUP GROUP g me STREAMS x >",
        "XACKDEL x g KEEPREF IDS 1 1-1",
    )
    .newer(),
    sample(
        "XADD x 1-1 f v; XGROUP CREATE x g 0; XREADGROUP GROUP g me STREAMS x >",
        "XNACK x g FAIL IDS 1 1-1",
    )
    .newer()
    .stricter("it takes the entry away from one who has claimed it in between"),
    sample(
        "XADD x 1-1 f v; XGROUP CREATE x g 0; XREADGROUP GROUP g me STREAMS x >",
        "XCLAIM x g other 0 1-1",
    ),
    sample(
        "XADD x 1-1 f v; XADD x 2-1 f v; XGROUP CREATE x g 0; XREADGROUP GROUP g me STREAMS x >",
        "XAUTOCLAIM x g other 0 0 COUNT 1",
    ),
    sample("XADD x 1-1 f v", "XCFGSET x IDMP-DURATION 50")
        .newer()
        .stricter(
            "another's value in between would be lost, and with it the ids that the server knows",
        ),
    // Scripts, functions, messages.
    sample("", "EVAL 'return redis.call(\"INCR\", KEYS[1])' 1 n"),
    sample("", "EVAL_RO 'return redis.call(\"GET\", KEYS[1])' 1 n"),
    sample("", "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0")
        .stricter("as the commands in it"),
    sample("", "SCRIPT LOAD 'return 1'"),
    sample("", "SCRIPT FLUSH").stricter("it takes away what others loaded in between"),
    sample(
        "FUNCTION LOAD '#!lua name=mine\nredis.register_function(\"count\", function(keys) return redis.call(\"INCR\", keys[1]) end)'",
        "FCALL count 1 n",
    ),
    sample(
        "",
        "FUNCTION LOAD '#!lua name=mine\nredis.register_function(\"one\", function() return 1 end)'",
    ),
    sample(
        "",
        "FUNCTION LOAD REPLACE '#!lua name=mine\nredis.register_function(\"one\", function() return 1 end)'",
    ),
    sample(
        "FUNCTION LOAD '#!lua name=mine\nredis.register_function(\"one\", function() return 1 end)'",
        "FUNCTION DELETE mine",
    ),
    sample("", "FUNCTION FLUSH").stricter("it takes away what others loaded in between"),
    sample("", "FUNCTION RESTORE <library>"),
    sample("", "FUNCTION RESTORE <library> REPLACE"),
    sample("", "FUNCTION RESTORE <library> FLUSH")
        .stricter("it takes away what others loaded in between"),
    sample("", "PUBLISH channel m").stricter("each listener gets it twice"),
    sample("", "SPUBLISH channel m").stricter("each listener gets it twice"),
    // Vectors and arrays.
    sample("", "VADD v VALUES 2 1 0 a").newer().random(),
    sample("VADD v VALUES 2 1 0 a", "VSIM v ELE a").newer(),
    sample("VADD v VALUES 2 1 0 a", "VSETATTR v a {\"n\":1}").newer(),
    sample("VADD v VALUES 2 1 0 a; VADD v VALUES 2 0 1 b", "VREM v a").newer(),
    sample("", "ARSET a 0 x y").newer(),
    sample("ARSET a 0 x y", "ARGET a 0").newer(),
    sample("", "ARMSET a 0 x 5 y").newer(),
    sample("ARSET a 0 x y", "ARDEL a 0").newer(),
    sample("ARSET a 0 x y", "ARDELRANGE a 0 1").newer(),
    sample("", "ARINSERT a x").newer(),
    sample("", "ARRING a 3 x").newer(),
    sample("ARINSERT a x", "ARSEEK a 0")
        .newer()
        .stricter("another's ARINSERT moves the place"),
    // The server.
    sample("", "PFSELFTEST").stricter("an operator's"),
    sample("PFADD p a", "PFDEBUG GETREG p").stricter("an operator's"),
    sample("", "ACL WHOAMI"),
    sample("", "CONFIG GET maxmemory"),
    sample("", "CONFIG SET slowlog-max-len 128").stricter("an operator's"),
    sample("", "CLIENT GETNAME"),
    sample("", "MEMORY PURGE").stricter("an operator's"),
    sample("", "SLOWLOG RESET").stricter("an operator's"),
    sample("", "LATENCY RESET").stricter("an operator's"),
    sample("", "PING"),
    sample("", "ECHO text"),
    sample("", "WAIT 0 10"),
    sample("", "DBSIZE"),
];
