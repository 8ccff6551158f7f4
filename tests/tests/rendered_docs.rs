//! What `rustdoc` makes of annotated functions: the section that the attribute adds, in the place and the shape where a reader looks for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

type TestResult = Result<(), Box<dyn std::error::Error>>;

const FIXTURE: &str = include_str!("../rendered/lib.rs");

const MANIFEST: &str = r#"
[package]
name = "rendered"
edition = "2024"

[dependencies]
redis-resilient = { path = "FACE", default-features = false }

[workspace]
"#;

/// Documents the fixture in a package of its own. Of its dependencies only what is checked has to be built.
fn documented() -> io::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rendered");
    fs::create_dir_all(package.join("src"))?;
    fs::write(package.join("src/lib.rs"), FIXTURE)?;
    let face = root.join("redis-resilient").display().to_string();
    // In TOML a backslash would escape what follows it.
    let manifest = MANIFEST.replace("FACE", &face.replace('\\', "/"));
    fs::write(package.join("Cargo.toml"), manifest)?;
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock"))?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["doc", "--offline", "--no-deps", "--target-dir", "target"])
        .current_dir(&package)
        .env("RUSTDOCFLAGS", "-Dwarnings")
        .env_remove("RUSTFLAGS")
        .output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("cargo doc: {text}")));
    }
    Ok(package.join("target/doc/rendered"))
}

/// The page without its tags, each run of space as one.
fn text_of(page: &Path) -> io::Result<String> {
    let html = fs::read_to_string(page)?;
    let mut text = String::new();
    for part in html.split('<') {
        let (_, outside) = part.split_once('>').unwrap_or(("", part));
        text.push_str(outside);
    }
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn documented_functions_tell_how_resilient_they_are() -> TestResult {
    let docs = documented()?;

    let page = fs::read_to_string(docs.join("fn.user_name.html"))?;
    let (errors, resilience) = (page.find(">Errors</a>"), page.find(">Resilience</a>"));
    let (errors, resilience) = (
        errors.ok_or("no Errors")?,
        resilience.ok_or("no Resilience")?,
    );
    assert!(errors < resilience, "the user's own text comes first");
    assert_eq!(
        page.matches("<li>").count(),
        5 + page.matches("<li><a").count()
    );
    let text = text_of(&docs.join("fn.user_name.html"))?;
    for sentence in [
        "Reads the name of a user.",
        "Up to 3 attempts, each cut off after 250 ms.",
        "Pauses between the attempts that double from 50 ms to at most 1 s, shortened at random.",
        "Attempts and pauses take at most 900 ms together. The fallback comes on top of that.",
        "Circuit breaker: SESSIONS.",
        "Fallback: from_replica, then Ok(None). At most 64 calls run it at once.",
    ] {
        assert!(text.contains(sentence), "no {sentence:?} in {text}");
    }
    assert!(
        page.contains("<code>SESSIONS</code>"),
        "code looks like code"
    );

    let text = text_of(&docs.join("fn.by_attribute.html"))?;
    for sentence in [
        "Says so without slashes.",
        "One attempt and up to patience.retries() retries.",
        "No pauses between the attempts.",
        "No retry begins later than 5 s after the call.",
        "No circuit breaker.",
        "No fallback: after the last attempt its error is returned.",
    ] {
        assert!(text.contains(sentence), "no {sentence:?} in {text}");
    }

    let text = text_of(&docs.join("struct.Connection.html"))?;
    assert!(text.contains("Reads it from Redis."), "{text}");
    assert!(text.contains("One attempt."), "{text}");

    let text = text_of(&docs.join("fn.count.html"))?;
    for sentence in [
        "DEL and INCR are not repeated after a failure that may have executed them.",
        "Fallback: Ok(0). It answers for outages only, not for wrong credentials or settings.",
    ] {
        assert!(text.contains(sentence), "no {sentence:?} in {text}");
    }
    let text = text_of(&docs.join("fn.count_at_least_once.html"))?;
    let sentence = "When a reply is lost, INCR may be executed twice.";
    assert!(text.contains(sentence), "{text}");

    // Documentation that nobody wrote would keep `missing_docs` from saying so.
    let text = text_of(&docs.join("fn.undocumented.html"))?;
    assert!(!text.contains("Resilience"), "{text}");
    Ok(())
}
