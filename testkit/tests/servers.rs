//! Which servers a test runs on, and what the variable that lists them does.

use std::{
    env,
    ffi::OsString,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use redis_resilient_testkit::{
    RealRedis, ServerProgram, StartError, TlsAuthority, fetch_server, servers,
};

/// Set for the process in which [`in_a_process`] runs a test.
const INNER: &str = "TESTKIT_INNER";

/// Runs a test in a process of its own with that `REDIS_SERVER_BIN`, and returns what it prints.
fn in_a_process(test: &str, list: impl Into<OsString>) -> (bool, String) {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INNER, "1")
        .env("REDIS_SERVER_BIN", list.into())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}

fn is_inner() -> bool {
    env::var_os(INNER).is_some()
}

/// A program that calls itself such a server.
fn pretender(dir: &Path, version_line: &str) -> PathBuf {
    let path = dir.join(version_line.replace(' ', "-"));
    fs::write(&path, format!("#!/bin/sh\necho '{version_line}'\n")).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn the_first_at_hand_is_the_one_that_is_used() {
    let first = servers().unwrap().collect::<Vec<_>>().remove(0);
    assert_eq!(RealRedis::start().unwrap().program(), &first);
}

#[test]
fn each_is_there_once_and_is_the_one_it_says() {
    let all: Vec<ServerProgram> = servers().unwrap().collect();
    for program in &all {
        let same = all
            .iter()
            .filter(|one| one.to_string() == program.to_string());
        assert_eq!(same.count(), 1, "{program} in {all:?}");
        let server = RealRedis::builder().program(program).start().unwrap();
        let client = redis::Client::open(server.url()).unwrap();
        let info: String = redis::cmd("INFO")
            .arg("server")
            .query(&mut client.get_connection().unwrap())
            .unwrap();
        let version = program.to_string();
        let version = version.split_once(' ').unwrap().1;
        assert!(
            info.contains(&format!("_version:{version}")),
            "{program}: {info}"
        );
    }
}

#[test]
fn the_variable_lists_them_in_its_order() {
    if is_inner() {
        for program in servers().unwrap() {
            println!("{program};");
        }
        return;
    }
    let dir = RealRedis::start().unwrap();
    let list = [
        "Valkey server v=9.1.2 sha=0",
        "Redis server v=7.0.15 sha=0",
        "Valkey server v=9.1.2 sha=1",
        "KeyDB server v=6.3.4 sha=0",
    ];
    let list = list.map(|line| pretender(dir.dir(), line));
    let list = env::join_paths(list).unwrap();
    let (passed, said) = in_a_process("the_variable_lists_them_in_its_order", list);
    assert!(passed, "{said}");
    let named: Vec<_> = said
        .lines()
        .filter_map(|line| line.strip_suffix(';')?.rsplit("... ").next())
        .collect();
    assert_eq!(named, ["Valkey 9.1.2", "Redis 7.0.15", "KeyDB 6.3.4"]);
}

#[test]
fn one_of_the_list_that_does_not_run_is_an_error() {
    if is_inner() {
        drop(servers().unwrap());
        return;
    }
    let dir = RealRedis::start().unwrap();
    let good = pretender(dir.dir(), "Redis server v=7.0.15 sha=0");
    let list = env::join_paths([good, "/no/such/server".into()]).unwrap();
    let (passed, said) = in_a_process("one_of_the_list_that_does_not_run_is_an_error", list);
    assert!(!passed && said.contains("/no/such/server"), "{said}");
}

#[test]
fn a_listed_program_finds_the_libraries_of_its_package() {
    if is_inner() {
        drop(servers().unwrap());
        return;
    }
    for program in servers().unwrap() {
        let test = "a_listed_program_finds_the_libraries_of_its_package";
        let (passed, said) = in_a_process(test, program.path());
        assert!(passed, "{said}");
    }
}

#[test]
fn a_server_that_speaks_no_tls_is_passed_over_where_it_is_needed() {
    if is_inner() {
        let authority = TlsAuthority::new();
        let server = RealRedis::builder().tls(authority.server()).start();
        println!("{};", server.unwrap().program());
        return;
    }
    let all: Vec<_> = servers().unwrap().collect();
    let speaks_tls = |program: &&ServerProgram| {
        let builder = RealRedis::builder().program(program);
        builder.tls(TlsAuthority::new().server()).start().is_ok()
    };
    let (Some(with), Some(without)) = (
        all.iter().find(speaks_tls),
        all.iter().find(|program| !speaks_tls(program)),
    ) else {
        eprintln!("not seen: all servers at hand are alike");
        return;
    };
    let list = env::join_paths([without.path(), with.path()]).unwrap();
    let test = "a_server_that_speaks_no_tls_is_passed_over_where_it_is_needed";
    let (passed, said) = in_a_process(test, list);
    assert!(passed && said.contains(&format!("{with};")), "{said}");
}

#[test]
fn a_loop_that_is_left_says_on_which_server() {
    if is_inner() {
        for program in servers().unwrap() {
            assert_eq!(program.version(), (1, 0, 0));
        }
        return;
    }
    let dir = RealRedis::start().unwrap();
    let list = ["Redis server v=1.0.0 sha=0", "Valkey server v=2.0.0 sha=0"];
    let list = list.map(|line| pretender(dir.dir(), line));
    let list = env::join_paths(list).unwrap();
    let (passed, said) = in_a_process("a_loop_that_is_left_says_on_which_server", list);
    assert!(!passed && said.contains("left on Valkey 2.0.0"), "{said}");
}

#[test]
fn what_cannot_be_fetched_is_an_error_that_names_it() {
    let error = fetch_server("no-such-server").unwrap_err();
    assert!(matches!(error, StartError::NotFetched { .. }), "{error:?}");
    assert!(error.to_string().contains("no-such-server"), "{error}");
}
