//! What `Connection` costs over redis-rs's own, while all is well: GETs to a real server on this machine. Prints one table.

use redis::aio::ConnectionLike;
use redis::{AsyncCommands, AsyncConnectionConfig, Client, Commands, IntoConnectionInfo};
use redis_resilient::connection::Connector;
use redis_resilient_benches::batch::compare;
use redis_resilient_benches::server::Server;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const ROUNDS: usize = 1001;
const QUICK_ROUNDS: usize = 101;
/// In a turn.
const CALLS: u32 = 128;
/// For an answer, on the busiest machine. Both have such a timer.
const ENOUGH: Duration = Duration::from_secs(60);
const KEY: &str = "key";

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
    let connector = Connector::builder(server.url.as_str())?
        .response_timeout(ENOUGH)
        .build();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    client.get_connection()?.set::<_, _, ()>(KEY, "a value")?;

    println!(
        "| GET | µs, redis-rs | µs, ours | ratio | µs of the processor, redis-rs | ours | ratio |"
    );
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
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(ENOUGH));
    let theirs = runtime.block_on(client.get_multiplexed_async_connection_with_config(&config))?;
    let ours = runtime.block_on(connector.get())?;
    print(
        "`MultiplexedConnection` over itself, one after the other",
        CALLS,
        &mut || serial(&runtime, theirs.clone(), CALLS),
        &mut || serial(&runtime, theirs.clone(), CALLS),
    );
    print(
        "`Connection` over `MultiplexedConnection`, one after the other",
        CALLS,
        &mut || serial(&runtime, theirs.clone(), CALLS),
        &mut || serial(&runtime, ours.clone(), CALLS),
    );
    print(
        "the same, with `Connector::get` for each",
        CALLS,
        &mut || serial(&runtime, theirs.clone(), CALLS),
        &mut || {
            runtime.block_on(async {
                for _ in 0..CALLS {
                    get(&mut connector.get().await.expect("the server is there")).await;
                }
            });
        },
    );
    for callers in [8, 64] {
        let each = CALLS / 8;
        print(
            &format!("`Connection` over `MultiplexedConnection`, {callers} callers at once"),
            callers * each,
            &mut || together(&runtime, &theirs, callers, each),
            &mut || together(&runtime, &ours, callers, each),
        );
    }
    let mut theirs = client.get_connection()?;
    let mut ours = connector.get_blocking()?;
    print(
        "`BlockingConnection` over `redis::Connection`, one after the other",
        CALLS,
        &mut || serial_blocking(&mut theirs, CALLS),
        &mut || serial_blocking(&mut ours, CALLS),
    );
    Ok(())
}

async fn get(connection: &mut (impl ConnectionLike + Send + Sync)) {
    let value: String = connection.get(KEY).await.expect("the server is there");
    std::hint::black_box(value);
}

fn serial<C: ConnectionLike + Send + Sync>(runtime: &Runtime, mut connection: C, calls: u32) {
    runtime.block_on(async {
        for _ in 0..calls {
            get(&mut connection).await;
        }
    });
}

/// So many callers at once on one connection, so many calls each.
fn together<C>(runtime: &Runtime, connection: &C, callers: u32, calls: u32)
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    let set = LocalSet::new();
    for _ in 0..callers {
        let mut connection = connection.clone();
        set.spawn_local(async move {
            for _ in 0..calls {
                get(&mut connection).await;
            }
        });
    }
    runtime.block_on(set);
}

fn serial_blocking(connection: &mut impl redis::ConnectionLike, calls: u32) {
    for _ in 0..calls {
        let value: String = connection.get(KEY).expect("the server is there");
        std::hint::black_box(value);
    }
}
