//! What the console's live page costs a service: processor time of the process, with so many functions and so many that watch.
//!
//! ```sh
//! cargo run --release -p redis-resilient-benches --bin console             # 1,000 functions, 10 watchers, 20 s
//! cargo run --release -p redis-resilient-benches --bin console -- 100 1 10
//! ```
//!
//! Those who watch are a process of their own, which is this program again.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use redis::RedisResult;
use redis_resilient::console::{Access, Console};
use redis_resilient::{Backoff, Breaker, Policy, Registry};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, at, watchers] = &arguments[..]
        && first == "watch"
    {
        let at = at.parse().expect("an address");
        return watch(at, watchers.parse().expect("a number"));
    }
    let number = |at: usize, default| {
        let given = arguments.get(at).and_then(|text| text.parse().ok());
        given.unwrap_or(default)
    };
    let (functions, watchers, seconds) = (number(0, 1_000), number(1, 10), number(2, 20));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    list(functions);
    runtime.block_on(measure(functions, watchers as usize, seconds));
}

/// So many functions that have something to tell, ten to a breaker.
fn list(functions: u32) {
    let breakers: Vec<&'static Breaker> = (0..functions.div_ceil(10))
        .map(|number| {
            let name = format!("service::breaker_{number:03}").leak();
            let breaker: &'static Breaker = Box::leak(Box::new(Breaker::new(name)));
            Registry::global().register(breaker);
            breaker
        })
        .collect();
    for number in 0..functions {
        let breaker = breakers[number as usize / 10];
        let name: &'static str =
            format!("service::module_{}::function_{number}", number / 50).leak();
        let policy = Policy::new(name)
            .breaker(breaker)
            .retries(1)
            .backoff(Backoff::none());
        let failed: RedisResult<()> = policy.run_blocking(|| {
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
        });
        assert!(failed.is_err());
    }
}

async fn measure(functions: u32, watchers: usize, seconds: u32) {
    let console = Console::new(Access::read_only());
    let app: axum::Router = console.router();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let at = listener.local_addr().expect("it listens");
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let idle = over(seconds.min(5)).await;
    let mut watching = Watching::start(at, watchers);
    while console.watchers() < watchers {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let watched = over(seconds).await;
    watching.end();
    println!("{functions} functions, {watchers} watchers, {seconds} s");
    println!("nobody watches: {idle:.2} % of one core");
    println!("all watch:      {watched:.2} % of one core");
    server.abort();
}

/// The share of one core that this process takes, in per cent.
async fn over(seconds: u32) -> f64 {
    let (begun, before) = (Instant::now(), processor_time());
    tokio::time::sleep(Duration::from_secs(seconds.into())).await;
    let took = processor_time().saturating_sub(before);
    took.as_secs_f64() * 100.0 / begun.elapsed().as_secs_f64()
}

/// Of this process, its own and that which the kernel spends for it.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(not(target_os = "linux"))]
fn processor_time() -> Duration {
    Duration::ZERO
}

struct Watching(Child);

impl Watching {
    fn start(at: SocketAddr, watchers: usize) -> Self {
        let program = std::env::current_exe().expect("this program");
        let arguments = ["watch".to_owned(), at.to_string(), watchers.to_string()];
        Self(
            Command::new(program)
                .args(arguments)
                .spawn()
                .expect("it starts"),
        )
    }

    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads on and on, and opens another stream when one ends, as browsers do.
fn watch(at: SocketAddr, watchers: usize) {
    let threads = (0..watchers).map(|_| {
        thread::spawn(move || {
            loop {
                if let Ok(mut stream) = TcpStream::connect(at) {
                    let request = format!(
                        "GET /resilience/events HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n"
                    );
                    let _ = stream.write_all(request.as_bytes());
                    let mut bytes = vec![0; 1 << 16];
                    while matches!(stream.read(&mut bytes), Ok(1..)) {}
                }
                thread::sleep(Duration::from_millis(500));
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        let _ = thread.join();
    }
}
