//! Commands whose second word says what they do. In the order of their bytes: they are searched.
//!
//! What an operator does is done once, though it would often be the same.

use super::rules::{acl_log, function_load, function_restore};
use super::table::Rule::{self, Args};
use super::table::{ONCE, READ, REPEATABLE, SAME_STATE};

pub(super) const ACL: &[(&str, Rule)] = &[
    ("CAT", READ),
    ("DELUSER", ONCE),
    ("DRYRUN", READ),
    ("GENPASS", READ),
    ("GETUSER", READ),
    ("HELP", READ),
    ("LIST", READ),
    ("LOAD", ONCE),
    ("LOG", Args(acl_log)),
    ("SAVE", ONCE),
    ("SETUSER", ONCE),
    ("USERS", READ),
    ("WHOAMI", READ),
];

pub(super) const BACKUP: &[(&str, Rule)] = &[
    ("ABORT", ONCE),
    ("CLEANUP", ONCE),
    ("HELP", READ),
    ("LIST", READ),
    ("SEAL", ONCE),
    ("START", ONCE),
    ("STATUS", READ),
];

pub(super) const CLIENT: &[(&str, Rule)] = &[
    ("CACHING", ONCE),
    ("CAPA", ONCE),
    ("GETNAME", READ),
    ("GETREDIR", READ),
    ("HELP", READ),
    ("ID", READ),
    ("IMPORT-SOURCE", ONCE),
    ("INFO", READ),
    ("KILL", ONCE),
    ("LIST", READ),
    ("NO-EVICT", ONCE),
    ("NO-TOUCH", ONCE),
    ("PAUSE", ONCE),
    ("REPLY", ONCE),
    ("SETINFO", READ),
    ("SETNAME", READ),
    ("TRACKING", ONCE),
    ("TRACKINGINFO", READ),
    ("UNBLOCK", ONCE),
    ("UNPAUSE", ONCE),
];

pub(super) const CLUSTER: &[(&str, Rule)] = &[
    ("ADDSLOTS", ONCE),
    ("ADDSLOTSRANGE", ONCE),
    ("BUMPEPOCH", ONCE),
    ("CANCELSLOTMIGRATIONS", ONCE),
    ("COUNT-FAILURE-REPORTS", READ),
    ("COUNTKEYSINSLOT", READ),
    ("DELSLOTS", ONCE),
    ("DELSLOTSRANGE", ONCE),
    ("FAILOVER", ONCE),
    ("FLUSHSLOT", ONCE),
    ("FLUSHSLOTS", ONCE),
    ("FORGET", ONCE),
    ("GETKEYSINSLOT", READ),
    ("GETSLOTMIGRATIONS", READ),
    ("HELP", READ),
    ("INFO", READ),
    ("KEYSLOT", READ),
    ("LINKS", READ),
    ("MEET", ONCE),
    ("MIGRATESLOTS", ONCE),
    ("MIGRATION", ONCE),
    ("MYID", READ),
    ("MYSHARDID", READ),
    ("NODES", READ),
    ("REPLICAS", READ),
    ("REPLICATE", ONCE),
    ("RESET", ONCE),
    ("SAVECONFIG", ONCE),
    ("SET-CONFIG-EPOCH", ONCE),
    ("SETSLOT", ONCE),
    ("SHARDS", READ),
    ("SLAVES", READ),
    ("SLOT-STATS", READ),
    ("SLOTS", READ),
    ("SYNCSLOTS", ONCE),
];

pub(super) const COMMAND: &[(&str, Rule)] = &[
    ("", READ),
    ("COUNT", READ),
    ("DOCS", READ),
    ("GETKEYS", READ),
    ("GETKEYSANDFLAGS", READ),
    ("HELP", READ),
    ("INFO", READ),
    ("LIST", READ),
];

pub(super) const COMMANDLOG: &[(&str, Rule)] = &[
    ("GET", READ),
    ("HELP", READ),
    ("LEN", READ),
    ("RESET", ONCE),
];

pub(super) const CONFIG: &[(&str, Rule)] = &[
    ("GET", READ),
    ("HELP", READ),
    ("RESETSTAT", ONCE),
    ("REWRITE", ONCE),
    ("SET", ONCE),
];

pub(super) const FUNCTION: &[(&str, Rule)] = &[
    ("DELETE", SAME_STATE),
    ("DUMP", READ),
    ("FLUSH", ONCE),
    ("HELP", READ),
    ("KILL", ONCE),
    ("LIST", READ),
    ("LOAD", Args(function_load)),
    ("RESTORE", Args(function_restore)),
    ("STATS", READ),
];

pub(super) const HIMPORT: &[(&str, Rule)] = &[
    ("DISCARD", ONCE),
    ("DISCARDALL", ONCE),
    ("PREPARE", ONCE),
    ("SET", ONCE),
];

pub(super) const HOTKEYS: &[(&str, Rule)] = &[
    ("GET", READ),
    ("HELP", READ),
    ("RESET", ONCE),
    ("START", ONCE),
    ("STOP", ONCE),
];

pub(super) const LATENCY: &[(&str, Rule)] = &[
    ("DOCTOR", READ),
    ("GRAPH", READ),
    ("HELP", READ),
    ("HISTOGRAM", READ),
    ("HISTORY", READ),
    ("LATEST", READ),
    ("RESET", ONCE),
];

pub(super) const MEMORY: &[(&str, Rule)] = &[
    ("DOCTOR", READ),
    ("HELP", READ),
    ("MALLOC-STATS", READ),
    ("PURGE", ONCE),
    ("STATS", READ),
    ("USAGE", READ),
];

pub(super) const MODULE: &[(&str, Rule)] = &[
    ("HELP", READ),
    ("LIST", READ),
    ("LOAD", ONCE),
    ("LOADEX", ONCE),
    ("UNLOAD", ONCE),
];

pub(super) const OBJECT: &[(&str, Rule)] = &[
    ("ENCODING", READ),
    ("FREQ", READ),
    ("HELP", READ),
    ("IDLETIME", READ),
    ("REFCOUNT", READ),
];

pub(super) const PUBSUB: &[(&str, Rule)] = &[
    ("CHANNELS", READ),
    ("HELP", READ),
    ("NUMPAT", READ),
    ("NUMSUB", READ),
    ("SHARDCHANNELS", READ),
    ("SHARDNUMSUB", READ),
];

pub(super) const SCRIPT: &[(&str, Rule)] = &[
    ("DEBUG", ONCE),
    ("EXISTS", READ),
    ("FLUSH", ONCE),
    ("HELP", READ),
    ("KILL", ONCE),
    ("LOAD", REPEATABLE),
    ("SHOW", READ),
];

pub(super) const SENTINEL: &[(&str, Rule)] = &[
    ("CKQUORUM", READ),
    ("CONFIG", ONCE),
    ("DEBUG", ONCE),
    ("FAILOVER", ONCE),
    ("FLUSHCONFIG", ONCE),
    ("GET-MASTER-ADDR-BY-NAME", READ),
    ("HELP", READ),
    ("INFO-CACHE", READ),
    ("IS-MASTER-DOWN-BY-ADDR", ONCE),
    ("MASTER", READ),
    ("MASTERS", READ),
    ("MONITOR", ONCE),
    ("MYID", READ),
    ("PENDING-SCRIPTS", READ),
    ("REMOVE", ONCE),
    ("REPLICAS", READ),
    ("RESET", ONCE),
    ("SENTINELS", READ),
    ("SET", ONCE),
    ("SIMULATE-FAILURE", ONCE),
    ("SLAVES", READ),
];

pub(super) const SLOWLOG: &[(&str, Rule)] = &[
    ("GET", READ),
    ("HELP", READ),
    ("LEN", READ),
    ("RESET", ONCE),
];

pub(super) const XGROUP: &[(&str, Rule)] = &[
    ("CREATE", SAME_STATE),
    ("CREATECONSUMER", SAME_STATE),
    ("DELCONSUMER", SAME_STATE),
    ("DESTROY", SAME_STATE),
    ("HELP", READ),
    ("SETID", ONCE),
];

pub(super) const XINFO: &[(&str, Rule)] = &[
    ("CONSUMERS", READ),
    ("GROUPS", READ),
    ("HELP", READ),
    ("STREAM", READ),
];
