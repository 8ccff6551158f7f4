use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::waiting::Limits;

/// A directory that is removed with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "rr-journal-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        Self(std::env::temp_dir().join(name))
    }

    fn files(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(&self.0)
            .expect("a directory")
            .map(|file| file.expect("a file").path());
        let mut files: Vec<_> = files.filter(|path| path.extension().is_some()).collect();
        files.sort();
        files
    }

    fn bytes(&self) -> u64 {
        self.files()
            .iter()
            .map(|path| fs::metadata(path).expect("a file").len())
            .sum()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Open {
    keeper: FileKeeper,
    waiting: Arc<Waiting>,
    recovered: Recovered,
}

const SMALL: u64 = 2_000;

fn open_as(scratch: &Scratch, target: &str, moved: bool) -> Result<Open, JournalError> {
    open_with(scratch, target, moved, SMALL)
}

fn open_with(
    scratch: &Scratch,
    target: &str,
    moved: bool,
    segment_bytes: u64,
) -> Result<Open, JournalError> {
    let waiting = Arc::new(Waiting::new(Limits {
        entries: 1_000_000,
        bytes: 1 << 30,
    }));
    let options = Options {
        path: &scratch.0,
        sync: Sync::Group(Duration::ZERO),
        target,
        moved,
    };
    let (keeper, recovered) = FileKeeper::open_with(&options, &waiting, segment_bytes)?;
    Ok(Open {
        keeper,
        waiting,
        recovered,
    })
}

fn open(scratch: &Scratch) -> Open {
    open_as(scratch, "here", false).expect("it can be opened")
}

fn entry(value: u64) -> Entry {
    let key = format!("key{}", value % 7);
    Entry::of_command(
        redis::cmd("SET").arg(key).arg(format!("value {value:08}")),
        value,
    )
}

fn value(kept: &Kept) -> u64 {
    kept.entry.at_ms
}

impl Open {
    fn append(&self, values: impl IntoIterator<Item = u64>) {
        let acknowledgements: Vec<_> = values
            .into_iter()
            .map(|value| {
                let entries = vec![entry(value)];
                let room = self.waiting.admit(&entries).expect("room");
                self.keeper.append(entries, room)
            })
            .collect();
        for acknowledgement in acknowledgements {
            acknowledgement.wait().expect("it is kept");
        }
    }

    fn all(&self) -> Vec<Kept> {
        let mut pass = self.keeper.pass();
        let mut all = Vec::new();
        loop {
            let some = pass.next(50).wait().expect("it can be read");
            if some.is_empty() {
                return all;
            }
            all.extend(some);
        }
    }

    fn values(&self) -> Vec<u64> {
        self.all().iter().map(value).collect()
    }

    fn finish(&self, is_done: impl Fn(u64) -> bool) {
        let done = self
            .all()
            .into_iter()
            .filter(|kept| is_done(value(kept)))
            .collect();
        self.keeper.finish(done).wait().expect("it is written down");
    }
}

#[test]
fn what_is_kept_is_there_when_it_is_opened_again() {
    let scratch = Scratch::new();
    let open_now = open(&scratch);
    assert_eq!(open_now.recovered, Recovered::default());
    open_now.append(0..500);
    open_now.finish(|value| value % 3 == 0);
    let expected: Vec<_> = (0..500).filter(|value| value % 3 != 0).collect();
    assert_eq!(open_now.values(), expected);
    drop(open_now);
    for _ in 0..3 {
        let again = open(&scratch);
        assert_eq!(again.values(), expected);
        assert_eq!((again.recovered.waiting, again.recovered.lost), (333, 0));
        assert_eq!(
            (again.recovered.damaged_bytes, again.waiting.entries()),
            (0, 333)
        );
        assert!(again.waiting.has_one_of(&[b"key1"]));
    }
    let last = open(&scratch);
    last.append([1_000]);
    assert_eq!(last.values(), [&expected[..], &[1_000]].concat());
}

#[test]
fn its_keys_are_free_when_it_is_done_with() {
    let scratch = Scratch::new();
    let open = open(&scratch);
    open.append([0, 1]);
    open.finish(|value| value == 1);
    assert!(open.waiting.has_one_of(&[b"key0"]) && !open.waiting.has_one_of(&[b"key1"]));
    open.finish(|_| true);
    assert_eq!((open.waiting.entries(), open.waiting.bytes()), (0, 0));
}

/// Disk use follows what waits and not what ever was, though a few entries are stuck all the time.
#[test]
fn the_disk_is_given_back_though_the_oldest_waits() {
    let scratch = Scratch::new();
    let open_now = open(&scratch);
    open_now.append(0..3);
    let mut most = 0;
    for round in 0..60 {
        let first = 100 + round * 40;
        open_now.append(first..first + 40);
        open_now.finish(|value| value >= 3 && value != 117);
        most = most.max(scratch.bytes());
    }
    assert!(most < 12 * SMALL, "{most} bytes");
    assert!(scratch.files().len() < 12, "{:?}", scratch.files());
    assert_eq!(open_now.values(), [0, 1, 2, 117]);
    drop(open_now);
    let again = open(&scratch);
    assert_eq!(again.values(), [0, 1, 2, 117]);
    assert_eq!(
        (again.recovered.lost, again.recovered.damaged_bytes),
        (0, 0)
    );
}

#[test]
fn many_restarts_leave_few_files() {
    let scratch = Scratch::new();
    let open = || open_with(&scratch, "here", false, 10 * SMALL).expect("it can be opened");
    for restart in 0..60 {
        open().append([restart]);
    }
    let open = open();
    assert_eq!(open.values(), (0..60).collect::<Vec<_>>());
    assert!(scratch.files().len() < 30, "{:?}", scratch.files());
}

#[test]
fn dead_letters_stay_until_they_are_taken() {
    let scratch = Scratch::new();
    let open_now = open(&scratch);
    open_now.append(0..4);
    for kept in open_now.all().into_iter().take(3) {
        let error = format!("WRONGTYPE {}", value(&kept));
        open_now
            .keeper
            .bury(kept, error)
            .wait()
            .expect("it is kept");
    }
    let ids = |open: &Open| {
        open.keeper
            .dead_letters()
            .iter()
            .map(|letter| letter.id())
            .collect::<Vec<_>>()
    };
    // Others come and go, and segments with them.
    for round in 0..30 {
        open_now.append(100 + round * 40..140 + round * 40);
        open_now.finish(|value| value >= 100);
    }
    assert_eq!(
        (open_now.values(), ids(&open_now)),
        (vec![3], vec![1, 2, 3])
    );
    drop(open_now);
    let again = open(&scratch);
    assert_eq!((again.values(), ids(&again)), (vec![3], vec![1, 2, 3]));
    assert_eq!(again.recovered.dead, 3);
    let letter = &again.keeper.dead_letters()[1];
    assert_eq!(
        (letter.error(), letter.names()),
        ("WRONGTYPE 1", "SET".to_owned())
    );
    assert!(!again.waiting.has_one_of(&[b"key0"]));
    let room = again
        .waiting
        .admit(std::slice::from_ref(&letter.entry))
        .expect("room");
    again
        .keeper
        .exhume(2, Some(room))
        .wait()
        .expect("it is written down");
    again
        .keeper
        .exhume(3, None)
        .wait()
        .expect("it is written down");
    assert_eq!((again.values(), ids(&again)), (vec![3, 1], vec![1]));
    drop(again);
    let last = open(&scratch);
    assert_eq!((last.values(), ids(&last)), (vec![3, 1], vec![1]));
}

#[test]
fn one_process_has_it_and_only_for_one_redis() {
    let scratch = Scratch::new();
    let open_now = open(&scratch);
    let error = open_as(&scratch, "here", false).err().expect("it is open");
    assert!(matches!(error, JournalError::Locked { .. }), "{error}");
    open_now.append([5]);
    drop(open_now);
    let error = open_as(&scratch, "elsewhere", false)
        .err()
        .expect("it is for another Redis");
    let text = error.to_string();
    assert!(
        text.contains("1 writes for here") && text.contains("elsewhere"),
        "{text}"
    );
    let moved = open_as(&scratch, "elsewhere", true).expect("it has moved");
    assert_eq!(moved.values(), [5]);
    moved.finish(|_| true);
    drop(moved);
    // Nothing waits that could go to the wrong one.
    drop(open(&scratch));
}

#[test]
fn after_it_is_closed_it_takes_no_more_and_another_can_open_it() {
    let scratch = Scratch::new();
    let open_now = open(&scratch);
    open_now.append([1]);
    open_now.keeper.close().wait().expect("it is closed");
    let entries = vec![entry(2)];
    let room = open_now.waiting.admit(&entries).expect("room");
    let refused = open_now
        .keeper
        .append(entries, room)
        .wait()
        .expect_err("it is closed");
    assert!(matches!(refused, JournalError::Closed), "{refused}");
    assert_eq!(open_now.waiting.entries(), 1);
    assert_eq!(open(&scratch).values(), [1]);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new();
    open(&scratch).append([1]);
    let mode = |path: &Path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(&scratch.0), 0o700);
    for file in scratch.files() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&scratch.0.join("lock")), 0o600);
}

#[test]
fn a_newer_format_is_not_guessed_at() {
    let scratch = Scratch::new();
    drop(open(&scratch));
    let mut bytes = Vec::new();
    record::write(&mut bytes, 9, record::Kind::Head, 0, b"\x02\x00whatever");
    fs::write(scratch.0.join(format!("{:020}.log", 9)), bytes).expect("it can be written");
    let error = open_as(&scratch, "here", false).err().expect("it is newer");
    assert!(
        matches!(error, JournalError::NewerFormat { version: 2 }),
        "{error}"
    );
}

/// Each prefix of the files is what a killed process may leave: all that it had acknowledged by then is there.
#[test]
fn a_process_may_be_killed_at_any_byte() {
    let scratch = Scratch::new();
    let mut open_now = open(&scratch);
    open_now.append(0..8);
    open_now.finish(|value| value == 2);
    let path = scratch.files().pop().expect("a segment");
    open_now.keeper.close().wait().expect("it is closed");
    let whole = fs::read(&path).expect("it can be read");
    drop(open_now);
    let mut before = 0;
    for length in 0..=whole.len() {
        for file in scratch.files() {
            fs::remove_file(file).expect("it can be removed");
        }
        fs::write(&path, &whole[..length]).expect("it can be written");
        open_now = open(&scratch);
        let values = open_now.values();
        let without_two: Vec<_> = values.iter().copied().filter(|value| *value != 2).collect();
        let expected: Vec<_> = (0..8)
            .filter(|value| *value != 2)
            .take(without_two.len())
            .collect();
        assert_eq!(without_two, expected, "of {length} bytes");
        assert!(
            without_two.len() >= before && open_now.recovered.lost == 0,
            "of {length} bytes"
        );
        before = without_two.len();
        // And it goes on.
        open_now.append([100]);
        assert_eq!(open_now.values().last(), Some(&100));
        drop(open_now);
    }
    assert_eq!(before, 7);
}

/// Whatever happens to the files, no wrong value comes out, and what is lost is said.
#[test]
fn damage_loses_what_it_meets_and_nothing_else() {
    let scratch = Scratch::new();
    let open_now = open(&scratch);
    open_now.append(0..200);
    open_now.finish(|value| value % 2 == 0);
    drop(open_now);
    let files: BTreeMap<_, _> = scratch
        .files()
        .into_iter()
        .map(|path| {
            let bytes = fs::read(&path).expect("it can be read");
            (path, bytes)
        })
        .collect();
    let mut random = fastrand::Rng::with_seed(1);
    for round in 0..1_000 {
        for file in scratch.files() {
            fs::remove_file(file).expect("it can be removed");
        }
        for (path, bytes) in &files {
            fs::write(path, bytes).expect("it can be written");
        }
        let (path, bytes) = files
            .iter()
            .nth(random.usize(..files.len()))
            .expect("a file");
        let mut bytes = bytes.clone();
        let place = random.usize(..bytes.len());
        match round % 3 {
            0 => bytes[place] ^= 1 << random.u8(..8),
            1 => {
                let end = (place + random.usize(1..200)).min(bytes.len());
                bytes[place..end]
                    .iter_mut()
                    .for_each(|byte| *byte = random.u8(..));
            }
            _ => bytes.truncate(place),
        }
        fs::write(path, &bytes).expect("it can be written");
        let open_now = open(&scratch);
        let recovered = open_now.recovered;
        let kept = open_now.all();
        assert!(kept.is_sorted_by_key(|kept| kept.number), "round {round}");
        for kept in &kept {
            assert_eq!(kept.entry, entry(value(kept)), "round {round}");
        }
        let odd = kept.iter().filter(|kept| value(kept) % 2 == 1).count() as u64;
        let missing = 100 - odd;
        // A file that has become shorter may have ended there.
        let is_short = round % 3 == 2;
        let is_told = recovered.lost >= missing || recovered.damaged_bytes > 0 || is_short;
        assert!(
            is_told && (is_short || missing <= 5),
            "round {round}: {missing} missing, {recovered:?}"
        );
        assert!(
            recovered.lost <= missing + 20,
            "round {round}: {missing} missing, {recovered:?}"
        );
    }
}

/// A disk that is full: writes are refused, what was kept stays, and it goes on when there is room.
#[cfg(target_os = "linux")]
#[test]
fn a_write_that_does_not_fit_is_refused_and_nothing_is_lost() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // The limit holds for the process, and this test is one of many: it runs itself alone.
    const ALONE: &str = "RR_JOURNAL_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let name = "file::tests::a_write_that_does_not_fit_is_refused_and_nothing_is_lost";
        // The signal that comes with it would end the process: what a shell ignores, its child does too.
        // And what it prints goes into a pipe, for the limit holds for a file that our own output goes to.
        let output = std::process::Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
            .arg(std::env::current_exe().expect("a path"))
            .args(["--exact", name, "--nocapture"])
            .env(ALONE, "1")
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let scratch = Scratch::new();
    let open_now = open(&scratch);
    open_now.append(0..5);
    let before = getrlimit(Resource::Fsize);
    setrlimit(
        Resource::Fsize,
        Rlimit {
            current: Some(700),
            ..before
        },
    )
    .expect("a limit");
    let big = Entry::of_command(redis::cmd("SET").arg("big").arg(vec![b'x'; 4_000]), 77);
    let room = open_now
        .waiting
        .admit(std::slice::from_ref(&big))
        .expect("room");
    let refused = open_now
        .keeper
        .append(vec![big], room)
        .wait()
        .expect_err("no room on disk");
    assert!(matches!(refused, JournalError::Storage(_)), "{refused}");
    assert!(!open_now.waiting.has_one_of(&[b"big"]));
    assert_eq!(open_now.values(), [0, 1, 2, 3, 4]);
    setrlimit(Resource::Fsize, before).expect("a limit");
    open_now.append([5]);
    drop(open_now);
    let again = open(&scratch);
    assert_eq!(
        (again.values(), again.recovered.lost),
        ((0..=5).collect(), 0)
    );
}
