//! Starts the writer, kills it and Redis, and looks at the end what has become of it all.

use std::io;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use redis_resilient_testkit::{RealNats, RealRedis};

use crate::audit::{Audit, audit};
use crate::{diary, writer};

/// What is to happen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) writes: u64,
    pub(crate) kills: u64,
    pub(crate) outages: u64,
    pub(crate) is_in_nats: bool,
}

type Directed = Result<Audit, Box<dyn std::error::Error>>;

/// Far longer than it takes.
const LONG: Duration = Duration::from_secs(900);

pub(crate) fn direct(plan: &Plan) -> Directed {
    let server =
        redis_resilient_tests::server_with(&["--appendonly", "yes", "--appendfsync", "always"])?;
    let directory = server.dir().join("writer");
    std::fs::create_dir_all(&directory)?;
    let nats = plan.is_in_nats.then(RealNats::start).transpose()?;
    let begun = Instant::now();
    let mut scene = Scene {
        plan,
        server: &server,
        nats: nats.as_ref(),
        directory: &directory,
        kills: 0,
        outages: 0,
        outages_of_nats: 0,
    };
    let mut child = scene.start()?;
    while begun.elapsed() < LONG {
        let progress = scene.acknowledged()?;
        // Spread over all of it.
        let outages_due = (plan.outages * progress * 4)
            .div_ceil(plan.writes * 3 + 1)
            .min(plan.outages);
        if scene.outages < outages_due {
            child = scene.outage(child)?;
        }
        // In between Redis is there, and NATS is not.
        let outages_of_nats_due = scene.outages + plan.outages * progress / plan.writes;
        if let Some(nats) = nats.as_ref()
            && scene.outages_of_nats < outages_of_nats_due
        {
            child = scene.outage_of_nats(child, nats)?;
        }
        let kills_due = plan.kills * progress / plan.writes;
        if scene.kills < kills_due {
            child = scene.kill(child)?;
        }
        if let Some(status) = child.try_wait()? {
            if !status.success() {
                return Err("the writer has failed".into());
            }
            let said = diary::read(&directory.join("diary"))?;
            return Ok(audit(
                &said,
                &mut redis_resilient_tests::connect(&server.url())?,
                scene.kills,
                scene.outages,
                scene.outages_of_nats,
            )?);
        }
        std::thread::sleep(Duration::from_millis(fastrand::u64(1..15)));
    }
    let _ = child.kill();
    Err(format!("it is not done after {LONG:?}").into())
}

struct Scene<'a> {
    plan: &'a Plan,
    server: &'a RealRedis,
    nats: Option<&'a RealNats>,
    directory: &'a Path,
    kills: u64,
    outages: u64,
    outages_of_nats: u64,
}

impl Scene<'_> {
    fn start(&self) -> io::Result<Child> {
        Command::new(std::env::current_exe()?)
            .arg(writer::ROLE)
            .arg(self.server.url())
            .arg(self.directory)
            .arg(self.plan.writes.to_string())
            .args(self.nats.map(RealNats::url))
            .spawn()
    }

    /// Kills the writer at whatever it does, and starts the next one.
    fn kill(&mut self, mut child: Child) -> io::Result<Child> {
        child.kill()?;
        child.wait()?;
        self.kills += 1;
        self.start()
    }

    /// Redis is frozen or killed for a while. The writer is killed in the middle of it too.
    fn outage(&mut self, child: Child) -> Result<Child, Box<dyn std::error::Error>> {
        let is_frozen = self.outages % 2 == 1;
        if is_frozen {
            self.server.freeze();
        } else {
            self.server.kill();
        }
        std::thread::sleep(Duration::from_millis(fastrand::u64(300..700)));
        let child = self.kill(child)?;
        std::thread::sleep(Duration::from_millis(fastrand::u64(300..700)));
        if let Some(nats) = self.nats {
            // With all that waits in it.
            nats.kill();
            std::thread::sleep(Duration::from_millis(fastrand::u64(100..300)));
            nats.restart()?;
            self.outages_of_nats += 1;
        }
        if is_frozen {
            self.server.thaw();
        } else {
            self.server.restart()?;
        }
        self.outages += 1;
        Ok(child)
    }

    /// NATS is killed for a while, and the writer in the middle of it.
    fn outage_of_nats(
        &mut self,
        child: Child,
        nats: &RealNats,
    ) -> Result<Child, Box<dyn std::error::Error>> {
        nats.kill();
        std::thread::sleep(Duration::from_millis(fastrand::u64(100..500)));
        let child = self.kill(child)?;
        std::thread::sleep(Duration::from_millis(fastrand::u64(100..500)));
        nats.restart()?;
        self.outages_of_nats += 1;
        Ok(child)
    }

    fn acknowledged(&self) -> io::Result<u64> {
        let said = diary::read(&self.directory.join("diary"))?;
        Ok(said
            .values()
            .map(|of_key| of_key.acknowledged.len() as u64)
            .sum())
    }
}
