//! `cargo redis-resilient top`, run as people run it, against a real console over a real Redis.

mod pty;
mod service;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output, Stdio};
use std::thread;

use tokio::task::spawn_blocking;

use crate::pty::Terminal;
use crate::service::Shop;

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// In the user, the password and the query.
const CANARY: &str = "canary7Q";

/// As cargo calls it.
fn top(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-redis-resilient"));
    command.args(["redis-resilient", "top"]).args(words);
    // Of no concern: what is asked is asked directly.
    command.env("http_proxy", "http://127.0.0.1:1");
    command.stdin(Stdio::null());
    command
}

async fn once(url: String) -> std::io::Result<Output> {
    spawn_blocking(move || top(&["--once", &url]).output())
        .await
        .expect("no panic")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_console_shows_is_shown_before_and_in_an_outage() -> TestResult {
    let shop = Shop::open().await?;
    let shown = once(format!("http://{}", shop.at)).await?;
    let (frame, errors) = (text(&shown.stdout), text(&shown.stderr));
    assert!(shown.status.success() && errors.is_empty(), "{errors}");
    assert!(frame.starts_with("● up\n"), "{frame}");
    let row = |of: &str| {
        let mut rows = frame.lines().filter(|line| line.starts_with(of));
        rows.next().unwrap_or_else(|| panic!("no {of} in {frame}"))
    };
    for heading in [
        "BREAKERS",
        "FUNCTIONS",
        "CONNECTORS",
        "CACHES",
        "JOURNALS",
        "CONSUMERS",
    ] {
        row(heading);
    }
    assert!(row("top: shop").contains("● closed"), "{frame}");
    assert!(row("top::views").contains(" 4 "), "{frame}");
    assert!(
        row(&shop.redis.addr().to_string()).contains("● "),
        "{frame}"
    );
    assert!(row("top: names").contains('1'), "{frame}");
    assert!(row("top: orders").contains("● empty"), "{frame}");
    assert!(row("top: mails / sender").contains("● reading"), "{frame}");
    assert!(!frame.contains('\u{1b}'), "no colours: {frame:?}");

    // Somebody looks on, in a terminal.
    let url = format!("http://{CANARY}:{CANARY}@{}", shop.at);
    let mut terminal = Terminal::open((40, 100))?;
    let mut looks_on = terminal.run(top(&[&url]))?;
    terminal.read_until("top: shop")?;
    shop.redis.kill();
    shop.fail().await;
    terminal.read_until("the circuit is open")?;
    terminal.type_in("q")?;
    let rest = terminal.read_to_end()?;
    assert!(looks_on.wait()?.success());
    // The cursor and the screen are as they were.
    let is_left = rest.contains("\u{1b}[?25h") && rest.contains("\u{1b}[?1049l");
    assert!(is_left, "{rest:?}");
    assert!(!terminal.seen().contains(CANARY), "{}", terminal.seen());

    // A path that is said, with a user for whom nobody asks.
    let url = format!(
        "http://{CANARY}:{CANARY}@{}/resilience?token={CANARY}",
        shop.at
    );
    let shown = once(url).await?;
    let frame = text(&shown.stdout);
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    assert!(frame.starts_with("◐ degraded\n"), "{frame}");
    assert!(
        frame.contains("◐ degraded: breaker top: shop: the circuit is open"),
        "{frame}"
    );
    let first = frame
        .split("BREAKERS")
        .nth(1)
        .and_then(|rest| rest.lines().nth(1));
    let first = first.unwrap_or_default();
    assert!(
        first.contains("■ open") || first.contains("◐ half-open"),
        "the worst is first: {frame}"
    );
    Ok(())
}

/// Answers everybody with that.
fn answering(answer: &'static str) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let at = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    Ok(at)
}

/// What is printed of a service that is there with that.
fn error_of(url: &str) -> Result<String, Box<dyn std::error::Error>> {
    let shown = top(&["--once", url]).output()?;
    assert_eq!(shown.status.code(), Some(1), "{url}");
    assert_eq!(text(&shown.stdout), "");
    let error = text(&shown.stderr);
    assert!(!error.contains(CANARY), "{error}");
    assert!(!error.contains('\u{1b}'), "{error:?}");
    Ok(error)
}

/// O14, too: what is secret in the URL is in none of them.
#[test]
fn errors_say_what_is_wrong_and_keep_secrets() -> TestResult {
    let user = format!("{CANARY}:{CANARY}");
    for (url, why) in [
        (format!("http://{user}@:x"), "this is not a URL"),
        (format!("http://{user}@a b"), "this is not a URL"),
        (
            format!("{user}@localhost:8080"),
            "has to begin with http://",
        ),
        (
            format!("redis://{user}@127.0.0.1:6379"),
            "not that of a Redis",
        ),
        (
            format!("https://{user}@127.0.0.1:8443"),
            "https is not spoken",
        ),
        (
            format!("http://{user}@127.0.0.1:1/?t={CANARY}"),
            "127.0.0.1:1/resilience: connection refused",
        ),
        (
            format!("http://{user}@no-such-host.invalid"),
            "no-such-host.invalid/resilience: ",
        ),
    ] {
        let error = error_of(&url)?;
        assert!(error.contains(why), "{error}");
    }
    let answers = [
        (
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "404 Not Found: is the router of the console there",
        ),
        (
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
            "wants to know who asks",
        ),
        (
            "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
            "302 Found: it leads elsewhere",
        ),
        (
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
            "answers 503",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"status\":\"UP\"}",
            "something else than the JSON of a console",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n<h1>\u{1b}[2J\n",
            "something else than the JSON of a console",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"verdict\":",
            "/resilience: ",
        ),
        ("* OK IMAP4 ready\r\n", "/resilience: "),
    ];
    for (answer, why) in answers {
        let at = answering(answer)?;
        let error = error_of(&format!("http://{user}@{at}/?t={CANARY}"))?;
        assert!(error.contains(why), "{answer}: {error}");
        assert!(error.contains(&at.to_string()), "{error}");
    }
    Ok(())
}

#[test]
fn a_command_line_that_is_wrong_is_told_so() -> TestResult {
    let wrong = top(&[]).output()?;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr).contains("the URL is missing")
            && text(&wrong.stderr).contains("Usage:")
    );
    let help = top(&["--help"]).output()?;
    assert!(help.status.success() && text(&help.stdout).contains("--once"));
    Ok(())
}

/// Not `--once`, and nobody who looks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_terminal_it_says_what_to_do() -> TestResult {
    let at = answering(
        "HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n{\"verdict\":\"up\",\"at_ms\":1,\"breakers\":[]}",
    )?;
    let shown = top(&[&format!("http://{at}")]).output()?;
    assert_eq!(shown.status.code(), Some(1));
    assert!(
        text(&shown.stderr).contains("--once"),
        "{}",
        text(&shown.stderr)
    );
    Ok(())
}
