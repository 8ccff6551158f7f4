//! Commands whose second word says what they do, and the second words that may be repeated. In the order of their names: they are searched.
//!
//! An empty second word stands for none.

pub(super) fn of(name: &str) -> Option<&'static [&'static str]> {
    let at = REPEATABLE.binary_search_by(|(known, _)| (*known).cmp(name));
    at.ok()
        .and_then(|at| REPEATABLE.get(at))
        .map(|(_, words)| *words)
}

pub(super) const REPEATABLE: &[(&str, &[&str])] = &[
    (
        "ACL",
        &[
            "CAT", "DRYRUN", "GENPASS", "GETUSER", "HELP", "LIST", "USERS", "WHOAMI",
        ],
    ),
    ("BACKUP", &["HELP", "LIST", "STATUS"]),
    (
        "CLIENT",
        &[
            "GETNAME",
            "GETREDIR",
            "HELP",
            "ID",
            "INFO",
            "LIST",
            "SETINFO",
            "SETNAME",
            "TRACKINGINFO",
        ],
    ),
    (
        "CLUSTER",
        &[
            "COUNT-FAILURE-REPORTS",
            "COUNTKEYSINSLOT",
            "GETKEYSINSLOT",
            "GETSLOTMIGRATIONS",
            "HELP",
            "INFO",
            "KEYSLOT",
            "LINKS",
            "MYID",
            "MYSHARDID",
            "NODES",
            "REPLICAS",
            "SHARDS",
            "SLAVES",
            "SLOT-STATS",
            "SLOTS",
        ],
    ),
    (
        "COMMAND",
        &[
            "",
            "COUNT",
            "DOCS",
            "GETKEYS",
            "GETKEYSANDFLAGS",
            "HELP",
            "INFO",
            "LIST",
        ],
    ),
    ("COMMANDLOG", &["GET", "HELP", "LEN"]),
    ("CONFIG", &["GET", "HELP"]),
    ("FUNCTION", &["DUMP", "HELP", "LIST", "STATS"]),
    ("HOTKEYS", &["GET", "HELP"]),
    (
        "LATENCY",
        &["DOCTOR", "GRAPH", "HELP", "HISTOGRAM", "HISTORY", "LATEST"],
    ),
    (
        "MEMORY",
        &["DOCTOR", "HELP", "MALLOC-STATS", "STATS", "USAGE"],
    ),
    ("MODULE", &["HELP", "LIST"]),
    (
        "OBJECT",
        &["ENCODING", "FREQ", "HELP", "IDLETIME", "REFCOUNT"],
    ),
    (
        "PUBSUB",
        &[
            "CHANNELS",
            "HELP",
            "NUMPAT",
            "NUMSUB",
            "SHARDCHANNELS",
            "SHARDNUMSUB",
        ],
    ),
    ("SCRIPT", &["EXISTS", "HELP", "LOAD", "SHOW"]),
    (
        "SENTINEL",
        &[
            "CKQUORUM",
            "GET-MASTER-ADDR-BY-NAME",
            "HELP",
            "INFO-CACHE",
            "MASTER",
            "MASTERS",
            "MYID",
            "PENDING-SCRIPTS",
            "REPLICAS",
            "SENTINELS",
            "SLAVES",
        ],
    ),
    ("SLOWLOG", &["GET", "HELP", "LEN"]),
    ("XGROUP", &["HELP"]),
    ("XINFO", &["CONSUMERS", "GROUPS", "HELP", "STREAM"]),
];
