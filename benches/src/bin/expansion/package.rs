//! A package of many functions, written below the target directory.

use crate::Result;
use crate::kinds::Kind;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const MANIFEST: &str = r#"
[package]
name = "NAME"
edition = "2024"

[dependencies]
redis = { version = "1", default-features = false, features = ["tokio-comp"] }
redis-resilient = { path = "FACE" }

[workspace]
"#;

const HEAD: &str = r#"#![allow(unused)]
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Commands, Connection, RedisResult};
use redis_resilient::{Breaker, redis_resilient};
use std::hint::black_box;
use std::pin::Pin;

type Boxed<'a> = Pin<Box<dyn Future<Output = RedisResult<Option<String>>> + Send + 'a>>;

static SESSIONS: Breaker = Breaker::new("sessions");

#[inline(never)]
async fn other(_: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<String>> {
    Ok(Some(black_box(id).to_string()))
}

#[inline(never)]
fn sync_other(_: &mut Connection, id: u64) -> RedisResult<Option<String>> {
    Ok(Some(black_box(id).to_string()))
}

fn size<'a, F>(_: impl FnOnce(&'a mut MultiplexedConnection, u64) -> F) -> usize {
    size_of::<F>()
}

"#;

pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) directory: PathBuf,
    pub(crate) target: PathBuf,
    resilient: bool,
}

impl Package {
    pub(crate) fn new(name: &'static str, resilient: bool) -> Result<Self> {
        let program = std::env::current_exe()?;
        let root = program
            .parent()
            .ok_or("no directory")?
            .join("expansion-packages");
        let directory = root.join(name);
        fs::create_dir_all(directory.join("src"))?;
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let face = workspace.join("redis-resilient").display().to_string();
        let manifest = MANIFEST
            .replace("NAME", name)
            .replace("FACE", &face.replace('\\', "/"));
        fs::write(directory.join("Cargo.toml"), manifest)?;
        fs::copy(workspace.join("Cargo.lock"), directory.join("Cargo.lock"))?;
        Ok(Package {
            name,
            directory,
            target: root.join("target"),
            resilient,
        })
    }

    /// So many functions, of all kinds in turn, and a program that has all of them compiled.
    pub(crate) fn write(&self, kinds: &[Kind], count: usize) -> Result<()> {
        let mut text = HEAD.to_owned();
        let mut futures = String::new();
        let mut functions = String::new();
        let mut sizes = String::new();
        for (number, kind) in kinds.iter().cycle().take(count).enumerate() {
            text.push_str(&kind.function(number, self.resilient));
            if kind.is_async() {
                writeln!(futures, "    |conn, id| Box::pin(f{number}(conn, id)),")?;
                if number < kinds.len() {
                    writeln!(
                        sizes,
                        "    println!(\"{}\\t{{}}\", size(f{number}));",
                        kind.name
                    )?;
                }
            } else {
                writeln!(functions, "    f{number},")?;
            }
        }
        write!(
            text,
            "static FUTURES: &[for<'a> fn(&'a mut MultiplexedConnection, u64) -> Boxed<'a>] = &[\n{futures}];\n\
             static FUNCTIONS: &[fn(&mut Connection, u64) -> RedisResult<Option<String>>] = &[\n{functions}];\n\
             fn main() {{\n    black_box(FUTURES);\n    black_box(FUNCTIONS);\n{sizes}}}\n"
        )?;
        fs::write(self.directory.join("src/main.rs"), text)?;
        Ok(())
    }
}
