//! A row: a fault, how it comes and goes, and what our connections promise of it.

use std::time::Duration;

use redis_resilient::Class;

use crate::Result;
use crate::client::{Call, Kind};
use crate::world::{Way, World};

/// The defaults of `Connector`, and of redis-rs's connections too.
pub(crate) const RESPONSE: Duration = Duration::from_millis(500);
pub(crate) const CONNECT: Duration = Duration::from_secs(1);
/// After failed connects our connector rests so long at most.
pub(crate) const REST: Duration = Duration::from_millis(250);
/// What a busy machine may add to a limit.
pub(crate) const SLACK: Duration = Duration::from_millis(300);

#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) way: Way,
    pub(crate) server: &'static [&'static str],
    /// What the application believes in at first.
    pub(crate) password: Option<&'static str>,
    /// Whether the caller has had an answer before.
    pub(crate) is_connected: bool,
    /// How many callers at once have had one before, besides.
    pub(crate) idle: usize,
    pub(crate) call: Call,
    pub(crate) begin: fn(&World) -> Result<()>,
    pub(crate) end: End,
    pub(crate) promise: Promise,
}

/// How the fault is over.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// It strikes once: it is over when the call after the first failure begins, a plain `GET`.
    Once,
    /// When this returns, while calls go on.
    When(fn(&World, Kind) -> Result<()>),
    /// Never: who is to get out of it has to do something. Time to recovery is counted from its beginning.
    Stays,
    /// Never, and nothing helps.
    Hopeless,
}

/// What `Connector` promises, slack not included.
#[derive(Clone, Copy)]
pub(crate) struct Promise {
    /// How its failures are to be classed.
    pub(crate) classes: &'static [Class],
    /// No call takes longer.
    pub(crate) error_within: Duration,
    pub(crate) back: Back,
}

#[derive(Clone, Copy)]
pub(crate) enum Back {
    /// So long after the fault is over, or since it began where it stays.
    Within(Duration),
    /// The first call that begins after the fault is over succeeds.
    FirstCall,
    /// The same, over the connection that there was.
    SameConnection,
    /// So many calls fail.
    AfterFailures(usize),
    /// Nothing to come back to.
    Never,
}

impl Row {
    /// A caller that has had an answer through a proxy, and reads.
    pub(crate) const BASE: Self = Self {
        name: "",
        way: Way::Proxy,
        server: &[],
        password: None,
        is_connected: true,
        idle: 0,
        call: Call::Get,
        begin: |_| Ok(()),
        end: End::Once,
        promise: Promise {
            classes: &[Class::Ambiguous, Class::Unreachable],
            error_within: RESPONSE,
            back: Back::FirstCall,
        },
    };
}

pub(crate) const fn promise(
    classes: &'static [Class],
    error_within: Duration,
    back: Back,
) -> Promise {
    Promise {
        classes,
        error_within,
        back,
    }
}

pub(crate) fn wait_ms(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}
