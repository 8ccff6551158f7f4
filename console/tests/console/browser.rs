//! The page as a person sees it, in Chromium.
//!
//! Where there is no Chromium with its driver, these tests say so and pass, unless `RR_BROWSER=required`. With `RR_SCREENSHOTS=directory` they leave pictures there.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use redis::{AsyncCommands as _, RedisResult};
use redis_resilient::cache::Cache;
use redis_resilient::connection::Connector;
use redis_resilient::console::{Access, Console, Operator};
use redis_resilient::journal::{Journal, Written};
use redis_resilient::{Breaker, Registry, State, chaos, redis_resilient};
use redis_resilient_testkit::{BrowserWindow, Look, RealBrowser, RealRedis};
use serde_json::{Value, json};

use crate::said;
use crate::support::{LONG, Served, TestResult};

static SHOP: Breaker = Breaker::new("shop")
    .reset_timeout(Duration::from_millis(300))
    .reset_timeout_max(Duration::from_secs(1));

#[redis_resilient(
    name = "shop::views", retries = 1, delay = "10ms", timeout = "300ms", breaker = SHOP, fallback = Ok(0)
)]
async fn views(redis: &Connector, page: u64) -> RedisResult<u64> {
    let views: Option<u64> = redis.get().await?.get(format!("views:{page}")).await?;
    Ok(views.unwrap_or_default())
}

/// What is called all the time, as a service is.
async fn load(redis: Connector, names: Cache<String>, journal: Journal) {
    let mut over = journal.over(&redis);
    for number in 0_u64.. {
        let _ = views(&redis, number % 10).await;
        let name = async || Ok::<_, redis::RedisError>(format!("name {}", number % 50));
        let _ = names.get_or_load(number % 50, name).await;
        if number % 5 == 0 {
            let _: RedisResult<Written<u64>> = over.rpush("orders", number).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether the page says so, in the end.
async fn comes(browser: &BrowserWindow, what: &str, script: &str) -> Duration {
    let waited = browser.wait_for(script, LONG).await.expect("it runs");
    if let Some(waited) = waited {
        return waited;
    }
    let page = run(browser, "return document.body.innerText").await;
    panic!("it has never come: {what}: {page}");
}

/// Runs this in the page.
async fn run(browser: &BrowserWindow, script: &str) -> Value {
    browser.run(script).await.expect("it runs")
}

async fn goto(browser: &BrowserWindow, url: &str) {
    browser.goto(url).await.expect("a page");
}

const CARD: &str = r#"document.querySelector('#breakers [data-name="shop"]')"#;

const SHARE: &str = r#"
    const cell = label => document.querySelector(`#functions [data-name="shop::views"] [data-label="${label}"]`).textContent;
    return parseFloat(cell("Fallback share")) > 0 && parseFloat(cell("Calls")) > 0 && parseFloat(cell("p50")) > 0 && parseFloat(cell("p99")) > 0;
"#;

fn is_in(state: &str) -> String {
    format!("const card = {CARD}; return !!card && card.dataset.state === '{state}'")
}

/// The number in that column of the function's row.
async fn cell(browser: &BrowserWindow, column: &str) -> f64 {
    let script = format!(
        r#"const cell = document.querySelector('#functions [data-name="shop::views"] [data-label="{column}"]');
           return cell ? cell.textContent : "—""#
    );
    let text = run(browser, &script).await;
    let digits = text
        .as_str()
        .unwrap_or_default()
        .replace([',', '%', ' '], "");
    digits.parse().unwrap_or_default()
}

/// What is wrong with it for those who do not see it, or have no mouse.
const BASICS: &str = r##"
    const wrong = [];
    const name = e => e.getAttribute("aria-label") || (e.labels && e.labels[0] && e.labels[0].textContent) || e.textContent.trim();
    for (const e of document.querySelectorAll("a, button, input, select, [role=img], progress")) if (!name(e)) wrong.push("without a name: " + e.outerHTML);
    for (const e of document.querySelectorAll("[tabindex]")) if (e.tabIndex > 0) wrong.push("out of order: " + e.outerHTML);
    for (const [what, count] of [["h1", 1], ["main", 1], ["header", 1], ["[aria-live]", 1]]) if (document.querySelectorAll(what).length !== count) wrong.push("not one " + what);
    if (!document.documentElement.lang) wrong.push("no language");
    for (const e of document.querySelectorAll("section")) if (!document.getElementById(e.getAttribute("aria-labelledby"))) wrong.push("a section without a heading");
    for (const e of document.querySelectorAll("[id]")) if (document.querySelectorAll("#" + e.id).length > 1) wrong.push("twice: " + e.id);
    for (const e of document.querySelectorAll("thead th")) if (e.scope !== "col") wrong.push("a heading of no column");
    for (const e of document.querySelectorAll("button, a, input, select")) {
      if (!e.checkVisibility()) continue;
      e.focus();
      if (document.activeElement !== e) wrong.push("no focus: " + e.outerHTML);
      else if (e.matches(":focus-visible") && getComputedStyle(e).outlineStyle === "none") wrong.push("no outline: " + e.outerHTML);
    }
    for (const e of document.querySelectorAll(".card .state, #verdict")) if (!/[a-z]/.test(e.textContent)) wrong.push("colour alone: " + e.outerHTML);
    if (document.documentElement.scrollWidth > innerWidth) wrong.push("wider than the window by " + (document.documentElement.scrollWidth - innerWidth));
    document.activeElement.blur();
    scrollTo(0, 0);
    return wrong;
"##;

/// The relation of brightness between text and what is behind it, of texts of each kind; 4.5 is what WCAG asks for.
const CONTRAST: &str = r#"
    const light = c => { const [r, g, b] = c.match(/[\d.]+/g).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
    const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\)$/.test(c)) return c; } return "rgb(255, 255, 255)"; };
    const poor = [];
    for (const e of document.querySelectorAll("h1, h2, h3, dt, dd, td, th, button, label, .state, .verdict, .soft, #findings li")) {
      const [one, other] = [light(getComputedStyle(e).color), light(behind(e))].sort((a, b) => b - a);
      const ratio = (one + .05) / (other + .05);
      if (ratio < 4.5) poor.push(ratio.toFixed(2) + ": " + e.outerHTML.slice(0, 80));
    }
    return poor;
"#;

async fn looks_well(browser: &BrowserWindow, what: &str) {
    assert_eq!(run(browser, BASICS).await, json!([]), "{what}");
    assert_eq!(run(browser, CONTRAST).await, json!([]), "{what}");
    let outside = "return performance.getEntriesByType('resource').map(one => one.name).filter(name => !name.startsWith(location.origin))";
    assert_eq!(run(browser, outside).await, json!([]), "{what}");
}

async fn picture(browser: &BrowserWindow, name: &str) {
    let Some(directory) = std::env::var_os("RR_SCREENSHOTS") else {
        return;
    };
    let path = PathBuf::from(directory).join(name);
    std::fs::write(&path, browser.picture().await.expect("a picture")).expect("it can be written");
}

fn page(at: SocketAddr) -> String {
    format!("http://{at}/resilience")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sees_an_outage_and_may_act_if_he_is_known() -> TestResult {
    let Some(driver) = RealBrowser::start_or_skip()? else {
        return Ok(());
    };
    Registry::global().register(&SHOP);
    // So that all parts of the page are there.
    chaos::allow();
    said::settings()?;
    let redis = RealRedis::start()?;
    let connector = Connector::builder(redis.url().as_str())?.build();
    let names: Cache<String> = Cache::builder("names")
        .ttl(Duration::from_secs(600))
        .build(&connector);
    let journal = Journal::builder("orders").open(&connector)?;
    let calls = tokio::spawn(load(connector.clone(), names.clone(), journal.clone()));

    let read_only = Served::console(&Console::new(Access::read_only())).await;
    // The browser is known by its cookie, as by that of a session.
    let known = Access::controlled_by(|parts| {
        let cookie = parts.headers.get("cookie")?.to_str().ok()?;
        cookie
            .contains("session=ann")
            .then(|| Operator::named("ann"))
    });
    let elsewhere = Router::new().route(
        "/elsewhere",
        get(|| async { Html("<!doctype html><title>elsewhere</title>") }),
    );
    let controlled = Served::app(Console::new(known).router().merge(elsewhere)).await;

    let browser = driver.open(Look::Desk).await?;
    an_outage_is_seen(&driver, &browser, read_only.at, &redis).await?;
    buttons_are_for_those_who_are_known(&browser, controlled.at).await;
    another_site_has_no_say(&browser, controlled.at).await;
    browser.close().await?;
    calls.abort();
    Ok(())
}

/// Redis is there, and is killed, and is there again.
async fn an_outage_is_seen(
    driver: &RealBrowser,
    browser: &BrowserWindow,
    at: SocketAddr,
    redis: &RealRedis,
) -> TestResult {
    goto(browser, &page(at)).await;
    comes(browser, "it is closed", &is_in("closed")).await;
    comes(browser, "all is there", "return ['connectors', 'caches', 'journals'].every(id => document.querySelector('#' + id + ' .card'))").await;
    let said = "return /retries.*2.*yes.*resilience.toml:2:11/.test(document.getElementById('settings').textContent)";
    comes(browser, "where settings are said", said).await;
    looks_well(browser, "while all is well").await;
    let buttons = run(browser, "return document.querySelectorAll('button').length").await;
    assert_eq!(buttons, json!(0), "nobody is known here");
    let fallbacks = cell(browser, "Fallbacks").await;
    let killed = Instant::now();
    redis.kill();
    comes(browser, "it is open", &is_in("open")).await;
    println!(
        "the page has shown an open circuit {:?} after Redis was killed",
        killed.elapsed()
    );
    comes(
        browser,
        "the verdict",
        "return document.getElementById('verdict').dataset.is === 'degraded'",
    )
    .await;
    comes(
        browser,
        "what is the matter",
        "return document.getElementById('findings').textContent.includes('shop')",
    )
    .await;
    comes(
        browser,
        "the journal fills",
        r#"return /waiting/.test(document.querySelector('#journals [data-name="orders"] .state').textContent)"#,
    )
    .await;
    let begun = Instant::now();
    while cell(browser, "Fallbacks").await <= fallbacks {
        assert!(begun.elapsed() < LONG, "fallbacks do not rise");
    }
    comes(
        browser,
        "the share of fallbacks and how long attempts take",
        SHARE,
    )
    .await;
    let policy = r#"return [...document.querySelectorAll('#functions [data-name="shop::views"] td')].slice(-2).map(one => one.textContent).join("; ")"#;
    let begun = Instant::now();
    // Two attempts, and the longest pause between them.
    while run(browser, policy).await != json!("610 ms; 1 retry, timeout 300 ms, fallback") {
        assert!(begun.elapsed() < LONG, "{}", run(browser, policy).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    looks_well(browser, "in an outage").await;
    picture(browser, "console-desk.png").await;
    other_windows(driver, at).await;
    redis.restart()?;
    comes(browser, "it is closed again", &is_in("closed")).await;
    comes(
        browser,
        "the journal is empty",
        r#"return /empty/.test(document.querySelector('#journals [data-name="orders"] .state').textContent)"#,
    )
    .await;
    Ok(())
}

/// On a phone, and where it is dark.
async fn other_windows(driver: &RealBrowser, at: SocketAddr) {
    for (look, name) in [
        (Look::Dark, "console-dark.png"),
        (Look::Phone, "console-phone.png"),
    ] {
        let other = driver.open(look).await.expect("a window");
        goto(&other, &page(at)).await;
        comes(&other, "it is there", &format!("return !!{CARD}")).await;
        looks_well(&other, name).await;
        if let Look::Phone = look {
            // A phone makes its window wider, and all in it smaller, for a page that does not fit.
            assert_eq!(run(&other, "return innerWidth").await, json!(360));
        }
        picture(&other, name).await;
        other.close().await.expect("it closes");
    }
}

async fn buttons_are_for_those_who_are_known(browser: &BrowserWindow, at: SocketAddr) {
    goto(browser, &page(at)).await;
    comes(browser, "it is there", &format!("return !!{CARD}")).await;
    assert_eq!(
        run(browser, "return document.querySelectorAll('button').length").await,
        json!(0),
        "not logged in"
    );
    run(browser, "document.cookie = 'session=ann; path=/'").await;
    goto(browser, &page(at)).await;
    comes(browser, "it is there", &format!("return !!{CARD}")).await;
    looks_well(browser, "with buttons").await;
    let press = |label: &str| {
        // The question whether that is meant is answered with yes.
        format!(
            "window.confirm = () => true; document.querySelector('button[aria-label=\"{label} shop\"]').click()"
        )
    };
    run(browser, &press("Force open")).await;
    comes(browser, "it is forced open", &is_in("forced_open")).await;
    assert_eq!(SHOP.state(), State::ForcedOpen);
    comes(
        browser,
        "it is told",
        "return document.getElementById('told').textContent.length > 0",
    )
    .await;
    run(browser, &press("Reset")).await;
    comes(browser, "it is closed", &is_in("closed")).await;

    // Faults on purpose, in a function that nobody calls.
    let fill_in = "document.querySelector('#inject input[type=text]').value = 'shop::nobody'; document.querySelector('#inject select').value = 'rejection'";
    run(browser, fill_in).await;
    let click = |label: &str| {
        format!(
            "window.confirm = () => true; document.querySelector('button[aria-label=\"{label}\"]').click()"
        )
    };
    run(browser, &click("Inject faults")).await;
    let is_marked = r#"
        const card = document.querySelector('#chaos [data-name="shop::nobody"]');
        return !!card && /rejection/.test(card.textContent) && /console/.test(card.textContent)
          && /faults on purpose/.test(document.getElementById('verdict').textContent)
          && /chaos shop::nobody/.test(document.getElementById('findings').textContent)"#;
    comes(browser, "it is marked", is_marked).await;
    looks_well(browser, "while faults are injected").await;
    run(browser, &click("End injection in shop::nobody")).await;
    let is_gone = r#"return !document.querySelector('#chaos [data-name="shop::nobody"]')"#;
    comes(browser, "it is gone", is_gone).await;
    assert!(chaos::plans().is_empty(), "{:?}", chaos::plans());
}

/// A page of another origin, in the same browser, which has the cookie.
async fn another_site_has_no_say(browser: &BrowserWindow, at: SocketAddr) {
    let other_origin = format!("http://localhost:{}/elsewhere", at.port());
    goto(browser, &other_origin).await;
    let attack = format!(
        "fetch('http://{at}/resilience/orders', {{ method: 'POST', mode: 'no-cors', credentials: 'include', \
         body: JSON.stringify({{ order: 'force_open', breaker: 'shop' }}) }}).catch(() => 0).then(() => window.sent = true)"
    );
    run(browser, &attack).await;
    comes(browser, "it was sent", "return window.sent === true").await;
    assert_eq!(SHOP.state(), State::Closed, "another site has no say");
}
