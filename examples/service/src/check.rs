//! Breaks Redis under load, and looks at whether the shop keeps its promises.

mod books;
mod page;
mod promises;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::Value;
use tokio::time::sleep;

use self::page::Page;
use self::promises::Promises;
use crate::Failure;
use crate::args::Options;
use crate::client::Client;
use crate::load::{Call, Load};
use crate::patient::Fault;
use crate::service::Service;

/// Far longer than anything here takes, and still an end.
const LONG: Duration = Duration::from_secs(60);
/// So soon it has to be seen that Redis is dead.
const SOON: Duration = Duration::from_secs(2);
const BEFORE: Duration = Duration::from_secs(3);
/// How long Redis is frozen, slow and full.
const OTHERS: Duration = Duration::from_millis(1_200);

pub(crate) async fn run(service: &Service, options: &Options) -> Result<ExitCode, Failure> {
    let mut check = Check {
        service,
        options,
        client: Client::new(service.at),
        promises: Promises::default(),
        page: Page::open(service.at).await?,
    };
    let begun = Instant::now();
    let load = Load::start(service.at, service.tally.clone(), options.rate);
    println!(
        "{} calls a second for {} s.",
        options.rate,
        options.length.as_secs()
    );
    sleep(BEFORE).await;
    check.is_well().await?;
    check.dies().await?;
    check.comes_back().await?;
    check.other_faults().await?;
    sleep(options.length.saturating_sub(begun.elapsed())).await;
    load.stop().await;
    check.customers();
    check.books().await?;
    check.empty().await?;
    if let Some(page) = check.page {
        page.close().await?;
    }
    Ok(check.promises.verdict())
}

struct Check<'a> {
    service: &'a Service,
    options: &'a Options,
    client: Client,
    promises: Promises,
    /// `None`: there is no browser.
    page: Option<Page>,
}

impl Check<'_> {
    async fn is_well(&mut self) -> Result<(), Failure> {
        let state = self.circuit().await?;
        self.promises.held(
            state == "closed",
            format!("all is well: the circuit is {state}"),
        );
        let (status, verdict) = self.ready().await?;
        self.promises
            .held(status == 200, format!("/readyz says {status}, {verdict}"));
        if let Some(page) = &self.page {
            let shown = page.shows("closed", LONG).await?;
            self.promises
                .held(shown.is_some(), "the console's card says closed");
            let (for_nobody, for_ann) = page.buttons().await?;
            self.promises.held(
                for_nobody == 0 && for_ann > 0,
                format!("buttons of the circuit: {for_nobody} for nobody in particular, {for_ann} for an operator"),
            );
        }
        Ok(())
    }

    /// Redis is killed, by the button where there is a browser.
    async fn dies(&mut self) -> Result<(), Failure> {
        let before = self.fallbacks("rate_limit").await?;
        println!("Redis is killed.");
        let killed = Instant::now();
        self.press(Fault::Kill).await?;
        let is_dead = self.service.patient.fault() == Some(Fault::Kill);
        self.promises.held(is_dead, "the panel has killed Redis");
        let opened = self.becomes("open", killed).await?;
        self.promises.held(
            opened <= SOON,
            format!("/resilience says open {opened:.2?} after the kill"),
        );
        if let Some(page) = &self.page {
            let shown = page.shows("open", LONG).await?.map(|_| killed.elapsed());
            let text = format!(
                "the console's card says open {:.2?} after the kill",
                shown.unwrap_or(LONG)
            );
            self.promises
                .held(shown.is_some_and(|shown| shown <= SOON), text);
        }
        self.what_needs_redis().await?;
        self.limit_goes_local().await?;
        self.metrics_say_so().await?;
        let mut readiness = self.ready().await?;
        while killed.elapsed() < self.options.outage {
            sleep(Duration::from_millis(250)).await;
            let now = self.ready().await?;
            if now.0 != 200 {
                readiness = now;
            }
        }
        let (status, verdict) = readiness;
        let is_degraded = status == 200 && verdict == "degraded";
        self.promises.held(
            is_degraded,
            format!("/readyz said {status}, {verdict}, all the time"),
        );
        let after = self.fallbacks("rate_limit").await?;
        self.promises.held(
            after.share() > before.share(),
            format!(
                "the share of fallbacks of rate_limit: {:.1} %, then {:.1} %",
                before.share(),
                after.share()
            ),
        );
        if let (Some(page), Some(directory)) = (&self.page, &self.options.screenshots) {
            page.pictures(directory).await?;
        }
        println!(
            "Redis is started again, {:.1?} after the kill.",
            killed.elapsed()
        );
        self.heal().await?;
        let closed = self.becomes("closed", Instant::now()).await?;
        self.promises.held(
            closed <= LONG,
            format!("/resilience says closed {closed:.2?} after the restart"),
        );
        self.count_lines(killed);
        Ok(())
    }

    async fn comes_back(&mut self) -> Result<(), Failure> {
        if let Some(page) = &self.page {
            let shown = page.shows("closed", LONG).await?;
            self.promises
                .held(shown.is_some(), "the console's card says closed again");
        }
        let drained = self.drained().await?;
        self.promises.held(
            drained < LONG,
            format!("what waited in the journals is in Redis after {drained:.1?}"),
        );
        Ok(())
    }

    /// Frozen, slow, full: the books and the customers tell, at the end.
    async fn other_faults(&mut self) -> Result<(), Failure> {
        for fault in [Fault::Freeze, Fault::Slow, Fault::Full] {
            println!("Redis: {fault}.");
            self.press(fault).await?;
            sleep(OTHERS).await;
            let inflicted = self.service.patient.fault();
            self.heal().await?;
            let closed = self.becomes("closed", Instant::now()).await?;
            self.promises.held(
                inflicted == Some(fault) && closed < LONG,
                format!("{fault}, and mended: the circuit is closed after {closed:.2?}"),
            );
        }
        Ok(())
    }

    /// All is deleted, when the books are closed.
    async fn empty(&mut self) -> Result<(), Failure> {
        self.press(Fault::Empty).await?;
        let user = self.client.get("/users/7", "check").await?;
        self.promises.held(
            user.status == 200,
            format!("{}: /users/7 says {}", Fault::Empty, user.status),
        );
        Ok(())
    }

    async fn what_needs_redis(&mut self) -> Result<(), Failure> {
        let answer = self
            .client
            .send(Method::POST, "/coupons/spring/ann", "check", String::new())
            .await?;
        let header = |name| {
            answer
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or("nothing")
        };
        let (after, kind) = (header("retry-after"), header("content-type"));
        let is_right = answer.status == 503
            && after.parse::<u64>().is_ok()
            && kind == "application/problem+json";
        self.promises.held(
            is_right,
            format!(
                "what needs Redis says {}, Retry-After {after}, {kind}",
                answer.status.as_u16()
            ),
        );
        Ok(())
    }

    async fn limit_goes_local(&mut self) -> Result<(), Failure> {
        let mut statuses = [0_u32; 3];
        for _ in 0..120 {
            let status = self.client.get("/users/1", "greedy").await?.status;
            let place = if status == 200 {
                0
            } else if status == 429 {
                1
            } else {
                2
            };
            statuses[place] += 1;
        }
        let [served, limited, other] = statuses;
        self.promises.held(
            served > 0 && limited > 0 && other == 0,
            format!(
                "a greedy client: {served} calls served, {limited} refused with 429, {other} others"
            ),
        );
        Ok(())
    }

    async fn metrics_say_so(&mut self) -> Result<(), Failure> {
        let metrics = self.client.get("/metrics", "check").await?.body;
        let open = metrics.lines().find(|line| {
            line.starts_with("resilient_breaker_state{")
                && line.contains("\"redis\"")
                && line.contains("\"open\"")
        });
        let is_open = open.is_some_and(|line| line.ends_with(" 1"));
        self.promises.held(
            is_open,
            format!("/metrics: {}", open.unwrap_or("nothing of the circuit")),
        );
        Ok(())
    }

    fn count_lines(&mut self, killed: Instant) {
        let (lines, worst) = self.service.log.lines(killed, Instant::now());
        let seconds = killed.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "there are not so many")]
        let rate = lines as f64 / seconds;
        self.promises.held(rate <= 20.0, format!("the log has {lines} lines of {seconds:.1} s of outage: {rate:.2} a second, {worst} in the worst one"));
    }

    /// How customers fared, all the time.
    fn customers(&mut self) {
        for call in Call::ALL {
            let counts = self.service.tally.counts(call);
            let is_right =
                counts.served > 0 && counts.later == 0 && counts.failed == 0 && counts.refused == 0;
            let name = call.name();
            self.promises.held(
                is_right,
                format!(
                    "{name}: {} served, {} refused, {} told to come back later, {} failed",
                    counts.served, counts.refused, counts.later, counts.failed
                ),
            );
        }
    }

    async fn books(&mut self) -> Result<(), Failure> {
        let drained = self.drained().await?;
        self.promises.held(
            drained < LONG,
            format!("nothing waits {drained:.1?} after the last call"),
        );
        let ledger = self.service.tally.ledger().clone();
        let url = self.service.patient.direct_url();
        books::compare(&ledger, &url, &mut self.promises).await
    }

    /// Until no journal has anything, and all orders are on bills: how long that takes, or [`LONG`].
    async fn drained(&self) -> Result<Duration, Failure> {
        let begun = Instant::now();
        loop {
            let health = self.health().await?;
            let waiting = of_all(&health["journals"], "waiting");
            let pending =
                of_all(&health["consumers"], "in_work") + of_all(&health["consumers"], "lag");
            if waiting + pending == 0 || begun.elapsed() > LONG {
                return Ok(begun.elapsed().min(LONG));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn press(&self, fault: Fault) -> Result<(), Failure> {
        self.panel(&format!("break/{fault}")).await
    }

    async fn heal(&self) -> Result<(), Failure> {
        self.panel("heal").await
    }

    async fn panel(&self, what: &str) -> Result<(), Failure> {
        if let Some(page) = &self.page {
            return page.press(what).await;
        }
        let answer = self
            .client
            .send(
                Method::POST,
                &format!("/panel/{what}"),
                "check",
                String::new(),
            )
            .await?;
        if answer.status.is_success() {
            Ok(())
        } else {
            Err(format!("the panel says {}: {}", answer.status, answer.body).into())
        }
    }

    /// How long after that time `/resilience` says so; [`LONG`] if it never does.
    async fn becomes(&self, state: &str, since: Instant) -> Result<Duration, Failure> {
        while self.circuit().await? != state {
            if since.elapsed() > LONG {
                return Ok(LONG);
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(since.elapsed())
    }

    async fn circuit(&self) -> Result<String, Failure> {
        let health = self.health().await?;
        let breakers = health["breakers"].as_array().into_iter().flatten();
        let redis = breakers
            .into_iter()
            .find(|breaker| breaker["name"] == "redis");
        let state = redis.and_then(|breaker| breaker["state"].as_str());
        Ok(state.unwrap_or("unknown").to_owned())
    }

    async fn fallbacks(&self, function: &str) -> Result<Fallbacks, Failure> {
        let health = self.health().await?;
        let functions = health["functions"].as_array().into_iter().flatten();
        let calls = functions
            .into_iter()
            .find(|one| one["name"] == function)
            .map(|one| &one["calls"]);
        let number = |name| {
            calls
                .and_then(|calls| calls[name].as_f64())
                .unwrap_or_default()
        };
        Ok(Fallbacks {
            calls: number("total"),
            fallbacks: number("fallbacks"),
        })
    }

    async fn health(&self) -> Result<Value, Failure> {
        Ok(serde_json::from_str(
            &self.client.get("/resilience", "check").await?.body,
        )?)
    }

    async fn ready(&self) -> Result<(u16, String), Failure> {
        let answer = self.client.get("/readyz", "check").await?;
        let body: Value = serde_json::from_str(&answer.body)?;
        Ok((
            answer.status.as_u16(),
            body["verdict"].as_str().unwrap_or_default().to_owned(),
        ))
    }
}

struct Fallbacks {
    calls: f64,
    fallbacks: f64,
}

impl Fallbacks {
    fn share(&self) -> f64 {
        100.0 * self.fallbacks / self.calls.max(1.0)
    }
}

fn of_all(list: &Value, what: &str) -> u64 {
    let list = list.as_array().into_iter().flatten();
    list.map(|one| one[what].as_u64().unwrap_or_default()).sum()
}
