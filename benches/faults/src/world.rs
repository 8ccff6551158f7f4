//! What a row happens to: servers, a proxy, and what is said to them on the side.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis_resilient_testkit::{FaultProxy, RealRedis};

use crate::Result;
use crate::client::{KEY, LIST, VALUE};

/// The way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Straight to its port.
    Direct,
    /// Through a fault proxy.
    Proxy,
    /// Through a proxy whose new connections can be led to another server.
    Switch,
    /// To a name that nobody has.
    NoSuchName,
}

/// The password that the application believes in; it may change while the application runs.
#[derive(Clone, Debug)]
pub(crate) struct Password(Arc<Mutex<String>>);

impl Password {
    pub(crate) fn get(&self) -> String {
        lock(&self.0).clone()
    }

    pub(crate) fn set(&self, password: &str) {
        password.clone_into(&mut lock(&self.0));
    }
}

pub(crate) struct World {
    pub(crate) server: RealRedis,
    pub(crate) proxy: FaultProxy,
    pub(crate) password: Option<Password>,
    /// Connections that are held open for as long as the row wants it.
    pub(crate) others: Mutex<Vec<redis::Connection>>,
    /// Opened before the fault, so that it works during it.
    side: Mutex<redis::Connection>,
    way: Way,
    /// Where [`Way::Switch`] leads to in the end.
    successor: Option<RealRedis>,
}

impl World {
    /// Starts everything; `password` is what the application believes in.
    pub(crate) fn new(way: Way, args: &[&str], password: Option<&str>) -> Result<Self> {
        let server = RealRedis::builder()
            .args(args.iter().copied())
            .wait_loaded(false)
            .start()?;
        let mut side = side(&server)?;
        if let Some(at) = args.iter().position(|arg| *arg == "--requirepass") {
            redis::cmd("AUTH").arg(args.get(at + 1)).exec(&mut side)?;
        }
        redis::pipe()
            .set(KEY, VALUE)
            .lpush(LIST, VALUE)
            .exec(&mut side)?;
        let mut successor = None;
        let proxy = if way == Way::Switch {
            symlink(server.socket(), switch(&server))?;
            successor = Some(RealRedis::start()?);
            FaultProxy::to_unix(switch(&server))?
        } else {
            FaultProxy::to(server.addr())?
        };
        Ok(Self {
            server,
            proxy,
            password: password.map(|text| Password(Arc::new(Mutex::new(text.to_owned())))),
            others: Mutex::default(),
            side: Mutex::new(side),
            way,
            successor,
        })
    }

    pub(crate) fn url(&self) -> String {
        match self.way {
            Way::Direct => self.server.url(),
            Way::Proxy | Way::Switch => self.proxy.url(),
            Way::NoSuchName => "redis://no-such-host.invalid/".to_owned(),
        }
    }

    /// Says this to the server, over the socket.
    pub(crate) fn say(&self, words: &[&str]) -> Result<redis::Value> {
        let Some((name, args)) = words.split_first() else {
            return Err("nothing to say".into());
        };
        Ok(redis::cmd(name).arg(args).query(&mut lock(&self.side))?)
    }

    pub(crate) fn configure(&self, name: &str, value: &str) -> Result<()> {
        self.say(&["CONFIG", "SET", name, value]).map(drop)
    }

    /// Whether `INFO` has this line.
    pub(crate) fn reports(&self, line: &str) -> Result<bool> {
        let info: String = redis::cmd("INFO").query(&mut lock(&self.side))?;
        Ok(info.lines().any(|this| this == line))
    }

    /// Speaks to the server that has been started anew from now on.
    pub(crate) fn side_again(&self) -> Result<()> {
        *lock(&self.side) = side(&self.server)?;
        Ok(())
    }

    /// One more client, that does nothing.
    pub(crate) fn admit_another(&self) -> Result<()> {
        let another = side(&self.server)?;
        lock(&self.others).push(another);
        Ok(())
    }

    /// Leads new connections to the other server, as an address does that has moved on.
    pub(crate) fn switch(&self) -> Result<()> {
        let successor = self.successor.as_ref().ok_or("nowhere to switch to")?;
        let (at, new) = (switch(&self.server), self.server.dir().join("new"));
        symlink(successor.socket(), &new)?;
        fs::rename(new, at)?;
        Ok(())
    }
}

fn switch(server: &RealRedis) -> PathBuf {
    server.dir().join("switch")
}

fn side(server: &RealRedis) -> redis::RedisResult<redis::Connection> {
    let side = redis::Client::open(server.unix_url())?.get_connection()?;
    side.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(side)
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
