//! The house stands: no crate depends on one above it, no room of a crate imports in a circle with another, and what circles there are among files
//! are named and explained. And the paths in `ARCHITECTURE.md` exist.
//!
//! A room is a top-level module of a crate, with the files beneath it. The head of a folder assembles what lies beneath it, so its imports of that
//! are not counted. A circle of files is explained in the head of its room by a line `` //! Circle: `room::one`, `room::two`: why ``. An explanation
//! of a circle that is there no more fails as well. For one of rooms there is no explanation: what both need goes into a room below them.

#[path = "layering/circles.rs"]
mod circles;
#[path = "layering/modules.rs"]
mod modules;
#[path = "layering/source.rs"]
mod source;
#[path = "layering/tokens.rs"]
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use circles::circles;
use modules::Crate;

/// What a crate of the core may depend on in this workspace. Crates that are not listed, such as those of features to come, may depend on any of
/// these; none of these on them.
const CORE: [(&str, &[&str]); 8] = [
    ("redis-resilient-macros", &[]),
    ("redis-resilient-runtime", &[]),
    ("redis-resilient-testkit", &[]),
    ("redis-resilient-connection", &["redis-resilient-runtime"]),
    (
        "redis-resilient-coordination",
        &["redis-resilient-connection", "redis-resilient-runtime"],
    ),
    (
        "redis-resilient-cache",
        &["redis-resilient-connection", "redis-resilient-runtime"],
    ),
    (
        "redis-resilient-journal",
        &[
            "redis-resilient-connection",
            "redis-resilient-coordination",
            "redis-resilient-runtime",
        ],
    ),
    (
        FACE,
        &[
            "redis-resilient-cache",
            "redis-resilient-connection",
            "redis-resilient-console",
            "redis-resilient-coordination",
            "redis-resilient-http",
            "redis-resilient-journal",
            "redis-resilient-macros",
            "redis-resilient-runtime",
            "redis-resilient-settings",
            "redis-resilient-telemetry",
        ],
    ),
];

/// Examples in the documentation of other crates name it, so it may be a dev-dependency of all.
const FACE: &str = "redis-resilient";

/// Folders whose crates are no part of the product.
const BESIDE: [&str; 4] = ["tests", "examples", "benches", "fuzz"];

struct Package {
    name: String,
    lib: PathBuf,
    normal: BTreeSet<String>,
    dev: BTreeSet<String>,
}

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the workspace").to_owned()
}

/// The crates of the product, as cargo sees them.
fn packages() -> Vec<Package> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{output:?}");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut packages = Vec::new();
    for package in list(&metadata["packages"]) {
        let manifest = text(&package["manifest_path"]);
        let folder = Path::new(&manifest).strip_prefix(root());
        let folder = folder.expect("it is in the workspace").components().next();
        let folder = folder.map(|part| part.as_os_str().to_string_lossy().into_owned());
        if folder.is_some_and(|folder| BESIDE.contains(&folder.as_str())) {
            continue;
        }
        let is_of = |target: &serde_json::Value, kinds: &[&str]| {
            let mut kind = list(&target["kind"]).into_iter();
            kind.any(|kind| kinds.contains(&text(&kind).as_str()))
        };
        let targets = list(&package["targets"]);
        let find = |kinds| targets.iter().find(|target| is_of(target, kinds));
        // A program has its rooms too.
        let Some(lib) = find(&["lib", "proc-macro"]).or_else(|| find(&["bin"])) else {
            continue;
        };
        let (mut normal, mut dev) = (BTreeSet::new(), BTreeSet::new());
        for dependency in list(&package["dependencies"]) {
            if dependency["path"].is_null() {
                continue;
            }
            match dependency["kind"].as_str() {
                Some("dev") => dev.insert(text(&dependency["name"])),
                _ => normal.insert(text(&dependency["name"])),
            };
        }
        packages.push(Package {
            name: text(&package["name"]),
            lib: PathBuf::from(text(&lib["src_path"])),
            normal,
            dev,
        });
    }
    assert!(
        packages.len() >= CORE.len(),
        "cargo has named too few crates"
    );
    packages
}

#[test]
fn no_crate_depends_on_one_above_it() {
    let packages = packages();
    let arrows: BTreeMap<_, _> = packages
        .iter()
        .map(|package| (package.name.clone(), package.normal.clone()))
        .collect();
    assert_eq!(circles(&arrows), Vec::<BTreeSet<String>>::new());
    for (name, allowed) in CORE {
        let package = packages.iter().find(|package| package.name == name);
        let package = package.unwrap_or_else(|| panic!("there is no crate {name}"));
        for other in &package.normal {
            assert!(
                allowed.contains(&other.as_str()),
                "{name} depends on {other}, which is above it"
            );
        }
        for other in package.dev.difference(&package.normal) {
            // Itself, with features for tests.
            let is_allowed = other == FACE || other == name;
            assert!(is_allowed, "{name} depends on {other} in its tests");
        }
    }
    for package in &packages {
        println!("{} -> {:?}", package.name, package.normal);
    }
}

#[test]
fn no_room_imports_in_a_circle() {
    let mut wrong = Vec::new();
    for package in packages() {
        let krate = Crate::read(&package.lib);
        let rooms = krate.rooms();
        println!("{}: {rooms:?}", package.name);
        for circle in circles(&rooms) {
            wrong.push(format!("{}: a circle of rooms: {circle:?}", package.name));
            wrong.extend(krate.arrows_among_rooms(&circle));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn circles_of_files_are_named_and_explained() {
    let mut wrong = Vec::new();
    for package in packages() {
        let krate = Crate::read(&package.lib);
        let found = circles(&krate.files());
        let explained = krate.explanations();
        for circle in &found {
            let names = circle
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ");
            println!("{}: Circle: {names}", package.name);
            if !explained.contains(circle) {
                wrong.push(format!(
                    "{}: not explained: //! Circle: {names}: why",
                    package.name
                ));
                wrong.extend(krate.arrows_among_files(circle));
            }
        }
        for circle in &explained {
            if !found.contains(circle) {
                wrong.push(format!(
                    "{}: there is no such circle any more: {circle:?}",
                    package.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_paths_in_the_architecture_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("it is there");
    let quoted = text.split('`').skip(1).step_by(2);
    let paths: Vec<_> = quoted
        .filter(|quoted| !quoted.contains([' ', ':', '(', '<', '#']))
        .filter(|quoted| {
            quoted.ends_with('/') || matches!(quoted.rsplit_once('.'), Some((_, "rs" | "md")))
        })
        .collect();
    assert!(paths.len() > 30, "{paths:?}");
    for path in paths {
        assert!(root().join(path).exists(), "there is no {path}");
    }
    assert!(text.lines().count() <= 200, "it is to be read at once");
}
