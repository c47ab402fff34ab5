//! What is left of a file when the power fails while a program writes it: what had been synced, and of the rest whatever the disk had
//! come to by chance. The program runs under `strace`, which writes down what it did; from that any moment of it can be had again.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// What a disk writes as one.
const SECTOR: usize = 512;

/// The system calls that a [`Trace`] is made of.
pub(crate) const CALLS: &str = "pwrite64,pwritev,ftruncate,fallocate,fsync,fdatasync,unlink,unlinkat,rename,renameat2,write,writev,sendto,sendmsg";

/// Something that was done to a file, and when it was done.
#[derive(Debug, Clone)]
struct Change {
    file: PathBuf,
    what: What,
    done: usize,
}

#[derive(Debug, Clone)]
enum What {
    Bytes(usize, Vec<u8>),
    Length(usize),
}

/// A wait for the disk.
#[derive(Debug, Clone)]
struct Sync {
    file: PathBuf,
    began: usize,
    done: usize,
}

/// What the program has said to somebody, and when it began to.
#[derive(Debug, Clone)]
struct Said {
    to: String,
    text: String,
    began: usize,
}

/// What a program did. Moments are lines of what `strace` has written.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    changes: Vec<Change>,
    syncs: Vec<Sync>,
    said: Vec<Said>,
    end: usize,
}

impl Trace {
    /// Reads what `strace -f -y -xx` has written.
    ///
    /// # Panics
    /// When a file is removed or renamed that was written or synced, or allocated room, which this knows nothing about.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut trace = Self::default();
        // By thread: the calls that others have come between.
        let mut begun: HashMap<&str, (&str, usize)> = HashMap::new();
        for (now, line) in text.lines().enumerate() {
            trace.end = now + 1;
            let Some((thread, call)) = line.split_once(' ') else { continue };
            let call = call.trim_start();
            if let Some(call) = call.strip_suffix(" <unfinished ...>") {
                begun.insert(thread, (call, now));
            } else if call.ends_with("= ?") {
                begun.entry(thread).or_insert((call, now));
            } else if call.starts_with("<... ") {
                if let Some((call, began)) = begun.remove(thread) {
                    trace.call(call, result(line), began, now);
                }
            } else {
                trace.call(call, result(line), now, now);
            }
        }
        // The end came in the middle of these. Something may have been said all the same.
        for (call, began) in begun.into_values() {
            if let Some((_, arguments)) = call.split_once('(').filter(|(name, _)| says(name)) {
                trace.say(arguments, began);
            }
        }
        trace
    }

    fn say(&mut self, arguments: &str, began: usize) {
        let text = String::from_utf8_lossy(&quoted(arguments)).into_owned();
        self.said.push(Said { to: described(arguments), text, began });
    }

    fn call(&mut self, call: &str, result: Option<usize>, began: usize, done: usize) {
        let (Some((name, arguments)), Some(result)) = (call.split_once('('), result) else { return };
        let file = described(arguments);
        match name {
            "fsync" | "fdatasync" => self.syncs.push(Sync { file: file.into(), began, done }),
            "pwrite64" => {
                let mut bytes = quoted(arguments);
                bytes.truncate(result);
                self.changes.push(Change { file: file.into(), what: What::Bytes(last(call), bytes), done });
            }
            "ftruncate" => {
                self.changes.push(Change { file: file.into(), what: What::Length(last(call)), done });
            }
            _ if says(name) => self.say(arguments, began),
            _ => {
                let name = String::from_utf8_lossy(&quoted(arguments)).into_owned();
                let known = self.changes.iter().any(|change| change.file == Path::new(&name));
                assert!(!known, "this knows nothing of what `{call}` leaves");
            }
        }
    }

    /// The same, had the program never waited for the disk.
    #[must_use]
    pub fn without_syncs(&self) -> Self {
        Self { syncs: Vec::new(), ..self.clone() }
    }

    /// The moment after the last.
    #[must_use]
    pub const fn end(&self) -> usize {
        self.end
    }

    /// All that had been said before a moment, to each to whom something was: what `strace` calls the other end, and the text.
    #[must_use]
    pub fn said(&self, moment: usize) -> BTreeMap<&str, String> {
        let mut all: BTreeMap<&str, String> = BTreeMap::new();
        for said in self.said.iter().filter(|said| said.began < moment) {
            all.entry(&said.to).or_default().push_str(&said.text);
        }
        all
    }

    /// How often the disk was waited for, for a file, before a moment.
    #[must_use]
    pub fn syncs(&self, file: &Path, moment: usize) -> usize {
        self.syncs.iter().filter(|sync| sync.file == file && sync.done < moment).count()
    }

    /// Whether a file was written before a moment.
    #[must_use]
    pub fn has_written(&self, file: &Path, moment: usize) -> bool {
        self.changes.iter().any(|change| change.file == file && change.done < moment)
    }

    /// What is left of a file that began as `bytes`, when the power fails at a moment. `survives` says for each sector that was not
    /// synced whether it had got to the disk all the same.
    #[must_use]
    pub fn left(
        &self,
        file: &Path,
        mut bytes: Vec<u8>,
        moment: usize,
        mut survives: impl FnMut() -> bool,
    ) -> Vec<u8> {
        let synced = self.syncs.iter().filter(|sync| sync.file == file && sync.done < moment);
        // What was done before a wait began that has ended.
        let synced = synced.map(|sync| sync.began).max().unwrap_or(0);
        for change in self.changes.iter().filter(|change| change.file == file && change.done < moment) {
            let sure = change.done < synced;
            match &change.what {
                What::Length(length) if sure || survives() => bytes.resize(*length, 0),
                What::Length(_) => {}
                What::Bytes(at, written) => {
                    for (number, sector) in written.chunks(SECTOR).enumerate() {
                        if sure || survives() {
                            put(&mut bytes, at + number * SECTOR, sector);
                        }
                    }
                }
            }
        }
        bytes
    }
}

/// Whether a call of this name tells somebody something.
fn says(name: &str) -> bool {
    matches!(name, "write" | "writev" | "sendto" | "sendmsg")
}

fn put(bytes: &mut Vec<u8>, at: usize, sector: &[u8]) {
    let end = at + sector.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[at..end].copy_from_slice(sector);
}

/// What a call gave; `None` when it failed or never ended.
fn result(line: &str) -> Option<usize> {
    line.rsplit_once(" = ")?.1.split(' ').next()?.parse().ok()
}

/// The last argument of a call, a number.
fn last(call: &str) -> usize {
    let arguments = call.rsplit_once(" = ").map_or(call, |(call, _)| call).trim_end().trim_end_matches(')');
    let number = arguments.rsplit(", ").next().unwrap_or_default();
    number.parse().unwrap_or_else(|_| panic!("no number ends the call: {:.80}", call))
}

/// What `strace -y` says of the descriptor that comes first.
fn described(arguments: &str) -> String {
    let name = arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(name, _)| name);
    String::from_utf8_lossy(&bytes(name.unwrap_or_default())).into_owned()
}

/// All strings of a call, one after the other.
fn quoted(arguments: &str) -> Vec<u8> {
    assert!(!arguments.contains("\"..."), "strace has cut a string short");
    arguments.split('"').skip(1).step_by(2).flat_map(bytes).collect()
}

/// What `strace -xx` has written as numbers; the rest as it is.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let number = rest.strip_prefix("\\x").and_then(|hex| u8::from_str_radix(hex.get(..2)?, 16).ok());
        let taken = if number.is_some() { 4 } else { first.len_utf8() };
        match number {
            Some(number) => bytes.push(number),
            None => bytes.extend_from_slice(&rest.as_bytes()[..taken]),
        }
        rest = &rest[taken..];
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a` is written twice and synced between, while another thread says something and writes a third time.
    const TEXT: &str = "\
10 pwrite64(3<\\x2f\\x61>, \"\\x68\\x69\", 2, 0) = 2
11 fdatasync(3<\\x2f\\x61> <unfinished ...>
10 pwrite64(3<\\x2f\\x61>, \"\\x6f\", 1, 1) = 1
10 sendto(9<socket:[5]>, \"\\x3c\\x61\\x2f\\x3e\", 4, MSG_NOSIGNAL, NULL, 0) = 4
11 <... fdatasync resumed>)          = 0
10 sendto(9<socket:[5]>, \"\\x78\", 1, MSG_NOSIGNAL, NULL, 0) = -1 EAGAIN (Resource temporarily unavailable)
10 fsync(3<\\x2f\\x61>) = 0
10 ftruncate(3<\\x2f\\x61>, 0) = 0
10 +++ killed by SIGKILL +++
";

    fn left(moment: usize, survives: bool) -> String {
        let left = Trace::read(TEXT).left(Path::new("/a"), b"...".to_vec(), moment, || survives);
        String::from_utf8(left).unwrap()
    }

    #[test]
    fn only_what_was_written_before_a_wait_that_has_ended_is_sure() {
        for (moment, sure, all) in [
            (0, "...", "..."),
            (1, "...", "hi."),
            (4, "...", "ho."),
            (5, "hi.", "ho."),
            (7, "ho.", "ho."),
            (9, "ho.", ""),
        ] {
            assert_eq!((left(moment, false), left(moment, true)), (sure.into(), all.into()), "{moment}");
        }
    }

    #[test]
    fn what_was_said_is_known_from_when_it_began() {
        let trace = Trace::read(TEXT);
        assert!(trace.said(3).is_empty());
        assert_eq!(trace.said(trace.end()), BTreeMap::from([("socket:[5]", "<a/>".to_owned())]));
        assert!(trace.has_written(Path::new("/a"), 1) && !trace.has_written(Path::new("/b"), 9));
        assert_eq!((trace.syncs(Path::new("/a"), 4), trace.syncs(Path::new("/a"), 9)), (0, 2));
    }

    #[test]
    fn what_was_being_said_at_the_end_may_have_been_heard() {
        for text in [
            "1 write(9<socket:[5]>, \"\\x78\", 1 <unfinished ...>\n",
            "1 write(9<socket:[5]>, \"\\x78\", 1 <unfinished ...>\n1 <... write resumed>)  = ?\n",
            "1 write(9<socket:[5]>, \"\\x78\", 1) = ?\n",
        ] {
            let trace = Trace::read(text);
            assert_eq!(trace.said(trace.end())["socket:[5]"], "x", "{text}");
        }
    }

    #[test]
    fn sectors_survive_one_by_one() {
        let hex = "\\x61".repeat(SECTOR * 2 + 1);
        let trace = Trace::read(&format!("1 pwrite64(3<\\x2f\\x61>, \"{hex}\", 1025, 0) = 1025\n"));
        let mut number = 0;
        let left = trace.left(Path::new("/a"), Vec::new(), 1, || {
            number += 1;
            number != 2
        });
        assert_eq!((left.len(), left[SECTOR - 1], left[SECTOR], left[2 * SECTOR]), (1025, b'a', 0, b'a'));
    }

    #[test]
    #[should_panic(expected = "knows nothing")]
    fn a_file_that_goes_is_not_overlooked() {
        let _ = Trace::read("1 pwrite64(3<\\x2f\\x61>, \"x\", 1, 0) = 1\n1 unlink(\"\\x2f\\x61\") = 0\n");
    }
}
