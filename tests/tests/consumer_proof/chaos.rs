//! Who appends, and who kills.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::cmd;
use redis_resilient::connection::{Connector, Once};
use redis_resilient_testkit::RealRedis;
use tokio::time::sleep;

use crate::account::{Account, effects};
use crate::{GROUP, Proving, STREAM, URL};

const PROCESSES: usize = 3;
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];
/// Nothing happens for so long only if nothing will.
const PATIENCE: Duration = Duration::from_secs(60);

struct Fleet {
    url: String,
    processes: Vec<Child>,
}

impl Fleet {
    fn start(url: &str) -> Proving<Self> {
        let url = url.to_owned();
        let processes = (0..PROCESSES)
            .map(|_| process(&url))
            .collect::<Proving<_>>()?;
        Ok(Self { url, processes })
    }

    fn kill_one(&mut self) -> Proving {
        let victim = &mut self.processes[fastrand::usize(..PROCESSES)];
        victim.kill()?;
        victim.wait()?;
        *victim = process(&self.url)?;
        Ok(())
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn process(url: &str) -> Proving<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(URL, url).stdout(Stdio::null());
    Ok(command.spawn()?)
}

/// Half of the kills are those of Redis.
pub(crate) async fn run(entries: u32, kills: u32) -> Proving<Account> {
    let server = RealRedis::builder().args(DURABLE).start()?;
    let url = server.url();
    let begun = Instant::now();
    prepare(&url, entries / 2)?;
    let producer = tokio::spawn(produce(url.clone(), entries / 2..entries));
    let mut fleet = Fleet::start(&url)?;
    for kill in 1..=2 * kills {
        wait_for(
            &url,
            u64::from(entries) * u64::from(kill) / u64::from(2 * kills + 1),
        )
        .await?;
        if kill % 2 == 0 {
            server.kill();
            sleep(Duration::from_millis(fastrand::u64(..1500))).await;
            server.restart()?;
        } else {
            fleet.kill_one()?;
        }
    }
    producer.await?.map_err(|error| error.to_string())?;
    wait_for(&url, u64::from(entries)).await?;
    let end = Instant::now() + PATIENCE;
    loop {
        let account = Account::of(&url, entries, (kills, kills), begun.elapsed())?;
        if account.pending == 0 || Instant::now() > end {
            return Ok(account);
        }
        sleep(Duration::from_millis(100)).await;
    }
}

fn prepare(url: &str, entries: u32) -> Proving {
    let mut redis = redis_resilient_tests::connect(url)?;
    let mut make = cmd("XGROUP");
    make.arg("CREATE")
        .arg(STREAM)
        .arg(GROUP)
        .arg("0")
        .arg("MKSTREAM");
    make.exec(&mut redis)?;
    for from in (0..entries).step_by(1000) {
        let mut pipeline = redis::pipe();
        for number in from..entries.min(from + 1000) {
            pipeline
                .cmd("XADD")
                .arg(STREAM)
                .arg("*")
                .arg("n")
                .arg(number);
        }
        pipeline.exec(&mut redis)?;
    }
    Ok(())
}

/// Each once, though replies are lost.
async fn produce(url: String, numbers: std::ops::Range<u32>) -> redis::RedisResult<()> {
    let redis = Connector::open(url)?;
    for number in numbers {
        let once = Once::with_token(u128::from(number));
        let mut add = cmd("XADD");
        add.arg(STREAM).arg("*").arg("n").arg(number);
        let append = async || -> redis::RedisResult<String> {
            once.run(&mut redis.get().await?, STREAM, &add).await
        };
        while append().await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}

/// Waits for so many effects; an error if there are no more for long.
async fn wait_for(url: &str, count: u64) -> Proving {
    let (mut most, mut since) = (0, Instant::now());
    loop {
        let there =
            redis_resilient_tests::connect(url).and_then(|mut redis| effects(&mut redis))?;
        if u64::from(there) >= count {
            return Ok(());
        }
        if there > most {
            (most, since) = (there, Instant::now());
        } else if since.elapsed() > PATIENCE {
            return Err(format!("{there} effects, and no more for {PATIENCE:?}").into());
        }
        sleep(Duration::from_millis(20)).await;
    }
}
