//! News that cannot come: connections that are closed, servers that are killed or frozen, networks that swallow everything.

use std::sync::Mutex;

use redis_resilient::event::Severity;
use redis_resilient::{Event, observe};
use redis_resilient_testkit::{FaultProxy, RealRedis, WireFault, servers};

use super::*;

const KEY: &str = "near:1";

/// C5: all other connections are well.
#[tokio::test]
async fn only_the_connection_that_listens_is_closed() -> TestResult {
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        let mut other = other(&server.url())?;
        let process = Process::at(&server.url())?;
        for value in 1..20 {
            other.set::<_, _, ()>(KEY, value)?;
            process.keep(KEY).await?;
            let id = *listening(&mut other)?.first().ok_or("nobody listens")?;
            kill(&mut other, id)?;
            other.set::<_, _, ()>(KEY, value + 100)?;
            process.forgets(KEY).await?;
            process.keep(KEY).await?;
            assert_eq!(process.read(KEY).await?, Read::Near(value + 100));
        }
    }
    Ok(())
}

/// C5, the other way about: whichever connection has read it.
#[tokio::test]
async fn only_the_connection_that_has_read_is_closed() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut other = other(&server.url())?;
    let process = Process::at(&server.url())?;
    for value in 1..20 {
        other.set::<_, _, ()>(KEY, value)?;
        process.keep(KEY).await?;
        let listening = listening(&mut other)?;
        let list: String = redis::cmd("CLIENT").arg("LIST").query(&mut other)?;
        let own: u64 = redis::cmd("CLIENT").arg("ID").query(&mut other)?;
        let ids = list.lines().filter_map(|line| {
            let id = line
                .split(' ')
                .find_map(|field| field.strip_prefix("id="))?;
            id.parse().ok()
        });
        for id in ids.filter(|id| *id != own && !listening.contains(id)) {
            // It may have gone by itself.
            let _ = kill(&mut other, id);
        }
        other.set::<_, _, ()>(KEY, value + 100)?;
        process.forgets(KEY).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_killed_server_comes_back_empty() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let process = Process::at(&server.url())?;
    for value in 1..5 {
        other(&server.url())?.set::<_, _, ()>(KEY, value)?;
        process.keep(KEY).await?;
        server.kill();
        process.forgets(KEY).await?;
        server.restart()?;
        other(&server.url())?.set::<_, _, ()>(KEY, value + 100)?;
        process.keep(KEY).await?;
        assert_eq!(process.read(KEY).await?, Read::Near(value + 100));
    }
    Ok(())
}

#[tokio::test]
async fn observers_are_told_once_that_nothing_is_heard_and_once_that_it_is_again() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let told = Arc::new(Mutex::new(Vec::new()));
    let (heard, here) = (told.clone(), server.addr().to_string());
    observe(move |event: &Event<'_>| {
        let what = match event {
            Event::TrackingLost(lost) if lost.connector.contains(&here) => "lost",
            Event::TrackingRestored(restored) if restored.connector.contains(&here) => "restored",
            _ => return,
        };
        let mut heard = heard.lock().expect("nobody panics");
        heard.push((event.severity(), what));
    });
    let process = Process::at(&server.url())?;
    other(&server.url())?.set::<_, _, ()>(KEY, 1)?;
    process.keep(KEY).await?;
    server.kill();
    process.forgets(KEY).await?;
    // Long enough for several tries.
    sleep(MS(700)).await;
    server.restart()?;
    other(&server.url())?.set::<_, _, ()>(KEY, 2)?;
    process.keep(KEY).await?;
    let told = told.lock().expect("nobody panics").clone();
    assert_eq!(
        told,
        [(Severity::Warn, "lost"), (Severity::Info, "restored")]
    );
    Ok(())
}

/// What was written before it froze has been told, and nothing is written while it is frozen: so it is only the trust that is lost, for a short time.
#[tokio::test]
async fn a_frozen_server_is_not_trusted_for_longer_than_promised() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let process = Process::at(&server.url())?;
    other(&server.url())?.set::<_, _, ()>(KEY, 1)?;
    process.keep(KEY).await?;
    server.freeze();
    process.forgets(KEY).await?;
    sleep(MS(2500)).await;
    assert_eq!(process.near.get(KEY), None);
    server.thaw();
    other(&server.url())?.set::<_, _, ()>(KEY, 2)?;
    until("new value", || async {
        process.read(KEY).await == Ok(Read::Near(2))
    })
    .await
}

/// The writer reaches the server, and the one who listens does not.
#[tokio::test]
async fn a_black_hole_hides_no_change_for_longer_than_promised() -> TestResult {
    for fault in [WireFault::BlackHole, WireFault::BlackHoleExisting] {
        let server = redis_resilient_tests::server()?;
        let proxy = FaultProxy::to(server.addr())?;
        let mut other = other(&server.url())?;
        let process = Process::at(&proxy.url())?;
        for value in 1..4 {
            other.set::<_, _, ()>(KEY, value)?;
            process.keep(KEY).await?;
            proxy.set(fault);
            other.set::<_, _, ()>(KEY, value + 100)?;
            process.forgets(KEY).await?;
            sleep(MS(1500)).await;
            let kept = process.near.get(KEY);
            assert!(kept.is_none_or(|kept| *kept == value + 100), "{fault:?}");
            proxy.pass();
            process.keep(KEY).await?;
            assert_eq!(
                process.read(KEY).await?,
                Read::Near(value + 100),
                "{fault:?}"
            );
        }
    }
    Ok(())
}

/// News and answers come late alike: what is served is never older than promised, and nothing is thrown away for it.
#[tokio::test]
async fn a_slow_network_is_no_loss() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let proxy = FaultProxy::to(server.addr())?;
    let mut other = other(&server.url())?;
    let process = Process::at(&proxy.url())?;
    other.set::<_, _, ()>(KEY, 1)?;
    proxy.set(WireFault::Delay(MS(150)));
    process.keep(KEY).await?;
    let begun = Instant::now();
    while begun.elapsed() < MS(2000) {
        assert_eq!(
            process.tracker.failure().map(|error| error.to_string()),
            None
        );
        sleep(MS(10)).await;
    }
    process.keep(KEY).await?;
    other.set::<_, _, ()>(KEY, 2)?;
    process.forgets(KEY).await
}

/// A script that does not end: nobody can write, and nothing is lost by it.
#[tokio::test]
async fn a_busy_server_is_not_trusted_and_comes_back() -> TestResult {
    let server = redis_resilient_tests::server_with(&["--lua-time-limit", "100"])?;
    let mut other = other(&server.url())?;
    let process = Process::at(&server.url())?;
    other.set::<_, _, ()>(KEY, 1)?;
    process.keep(KEY).await?;
    let url = server.url();
    let busy = std::thread::spawn(move || {
        let loops = "while true do end";
        let _ = redis::cmd("EVAL")
            .arg(loops)
            .arg(0)
            .exec(&mut redis_resilient_tests::connect(&url)?);
        RedisResult::Ok(())
    });
    process.forgets(KEY).await?;
    until("end of the script", || async {
        let kill = || {
            redis::cmd("SCRIPT")
                .arg("KILL")
                .exec(&mut redis_resilient_tests::connect(&server.url())?)
        };
        kill().is_ok()
    })
    .await?;
    busy.join().map_err(|_| "it panicked")??;
    process.keep(KEY).await
}
