//! What a hit of the cache costs over a raw `GET` with the same decoding, against a real server on this machine. Prints one table.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncCommands, AsyncConnectionConfig, Client, Commands, IntoConnectionInfo};
use redis_resilient::cache::Cache;
use redis_resilient::connection::Connector;
use redis_resilient_benches::batch::compare;
use redis_resilient_benches::server::Server;
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const ROUNDS: usize = 1001;
const QUICK_ROUNDS: usize = 101;
/// In a turn.
const CALLS: u32 = 128;
/// Of each of several at once.
const EACH: u32 = 16;
const RAW: &str = "raw";
const ENOUGH: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Some 200 bytes of JSON.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct User {
    id: u64,
    name: String,
    email: String,
    tags: Vec<String>,
    is_active: bool,
}

impl User {
    fn any() -> Self {
        Self {
            id: 7,
            name: "Ann Example".to_owned(),
            email: "ann@example.com".to_owned(),
            tags: ["reader", "writer", "early", "paying"]
                .map(str::to_owned)
                .to_vec(),
            is_active: true,
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let rounds = if is_quick { QUICK_ROUNDS } else { ROUNDS };
    let server = Server::start()?;
    let info = server.url.as_str().into_connection_info()?;
    // As ours has it.
    let tcp = info.tcp_settings().clone().set_nodelay(true);
    let client = Client::open(info.set_tcp_settings(tcp))?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(ENOUGH));
    let raw = runtime.block_on(client.get_multiplexed_async_connection_with_config(&config))?;
    let mut raw_blocking = client.get_connection()?;
    raw_blocking.set::<_, _, ()>(RAW, serde_json::to_vec(&User::any())?)?;

    let connector = Connector::builder(server.url.as_str())?
        .response_timeout(ENOUGH)
        .build();
    let plain = Cache::builder("plain")
        .ttl(HOUR)
        .timeout(ENOUGH)
        .build(&connector);
    let stale = Cache::builder("stale")
        .ttl(HOUR)
        .stale_if_error(HOUR)
        .timeout(ENOUGH)
        .build(&connector);
    for cache in [&plain, &stale] {
        let _ = runtime.block_on(cache.put(7, &User::any()))?;
    }

    println!("| hit | µs, `GET` | µs, ours | ratio | µs of the processor, `GET` | ours | ratio |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--quick")
        .collect();
    let print = |what: &str, calls: u32, theirs: &mut dyn FnMut(), ours: &mut dyn FnMut()| {
        if wanted.is_empty() || wanted.iter().any(|wanted| what.contains(wanted)) {
            println!("| {what} | {} |", compare(rounds, calls, theirs, ours));
        }
    };
    for (name, cache) in [("", &plain), (", with `stale_if_error`", &stale)] {
        print(
            &format!("one after the other, over redis-rs's connection{name}"),
            CALLS,
            &mut || serial(&runtime, async || get(&mut raw.clone()).await),
            &mut || serial(&runtime, async || hit(cache).await),
        );
        print(
            &format!("the same over `Connector::get`{name}"),
            CALLS,
            &mut || {
                serial(&runtime, async || {
                    get(&mut connector.get().await.expect("the server is there")).await;
                });
            },
            &mut || serial(&runtime, async || hit(cache).await),
        );
        print(
            &format!("64 callers at once, over redis-rs's connection{name}"),
            64 * EACH,
            &mut || raw_together(&runtime, &raw),
            &mut || together(&runtime, cache),
        );
        print(
            &format!("synchronous, over redis-rs's connection{name}"),
            CALLS,
            &mut || {
                for _ in 0..CALLS {
                    let bytes: Vec<u8> = raw_blocking.get(RAW).expect("the server is there");
                    decode(&bytes);
                }
            },
            &mut || {
                for _ in 0..CALLS {
                    let user = cache.get_or_load_blocking(7, || Err::<User, _>("it is there"));
                    black_box(user).expect("it is a hit");
                }
            },
        );
    }
    Ok(())
}

fn decode(bytes: &[u8]) {
    let user: User = serde_json::from_slice(bytes).expect("it is one");
    black_box(user);
}

async fn get(connection: &mut (impl ConnectionLike + Send + Sync)) {
    let bytes: Vec<u8> = connection.get(RAW).await.expect("the server is there");
    decode(&bytes);
}

async fn hit(cache: &Cache<User>) {
    let user = cache
        .get_or_load(7, || async { Err::<User, _>("it is there") })
        .await;
    black_box(user).expect("it is a hit");
}

fn serial(runtime: &Runtime, call: impl AsyncFn()) {
    runtime.block_on(async {
        for _ in 0..CALLS {
            call().await;
        }
    });
}

fn together(runtime: &Runtime, cache: &Cache<User>) {
    let set = LocalSet::new();
    for _ in 0..64 {
        let cache = cache.clone();
        set.spawn_local(async move {
            for _ in 0..EACH {
                hit(&cache).await;
            }
        });
    }
    runtime.block_on(set);
}

fn raw_together(runtime: &Runtime, connection: &MultiplexedConnection) {
    let set = LocalSet::new();
    for _ in 0..64 {
        let mut connection = connection.clone();
        set.spawn_local(async move {
            for _ in 0..EACH {
                get(&mut connection).await;
            }
        });
    }
    runtime.block_on(set);
}
