//! What a process and its children use, from Linux' `/proc`.

use std::fs;
use std::time::Duration;

use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

use crate::{Context, Error, Result};

/// Memory of a process tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident, in KiB. Pages that processes share count for each.
    pub rss: u64,
    /// Resident, in KiB. Pages that processes share count in parts (proportional set size).
    pub pss: u64,
    /// The part of it that is no file's: heap and stacks, in KiB. It does not depend on who else runs the same program.
    pub anonymous: u64,
}

/// CPU time of a process and of all below it, in microseconds: exact, as the scheduler has it, that of threads which are gone included.
///
/// # Errors
/// When the process is gone.
pub fn cpu_micros(root: u32) -> Result<u64> {
    let used: Duration = tree(root)?.into_iter().filter_map(used).sum();
    Ok(u64::try_from(used.as_micros()).unwrap_or(u64::MAX))
}

/// What a process has used; `None` when it is gone.
fn used(process: u32) -> Option<Duration> {
    let clock = clock_getcpuclockid(Pid::from_raw(process.try_into().ok()?)).ok()?;
    clock.now().ok().map(Duration::from)
}

/// Memory of a process and of all below it.
///
/// # Errors
/// When it cannot be read, because the process is gone or belongs to somebody else.
pub fn memory(root: u32) -> Result<Memory> {
    let mut sum = Memory::default();
    for process in tree(root)? {
        let file = format!("/proc/{process}/smaps_rollup");
        let text = match fs::read_to_string(&file) {
            Err(_) if process != root => continue,
            read => read.during(file)?,
        };
        sum.rss += field(&text, "Rss:");
        sum.pss += field(&text, "Pss:");
        sum.anonymous += field(&text, "Pss_Anon:");
    }
    Ok(sum)
}

/// Files and sockets that a process, and all below it, have open.
///
/// # Errors
/// When the process is gone.
pub fn descriptors(root: u32) -> Result<usize> {
    entries(root, "fd")
}

/// Threads of a process and of all below it.
///
/// # Errors
/// When the process is gone.
pub fn threads(root: u32) -> Result<usize> {
    entries(root, "task")
}

fn entries(root: u32, of: &str) -> Result<usize> {
    let mut sum = 0;
    for process in tree(root)? {
        match fs::read_dir(format!("/proc/{process}/{of}")) {
            Err(_) if process != root => {}
            read => sum += read.during(of)?.count(),
        }
    }
    Ok(sum)
}

/// A process and all below it.
///
/// # Errors
/// When the process is gone.
pub fn tree(root: u32) -> Result<Vec<u32>> {
    if parent(root).is_none() {
        return Err(Error::Server(format!("process {root} is gone")));
    }
    let names =
        fs::read_dir("/proc").during("/proc")?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let all: Vec<(u32, u32)> =
        names.filter_map(|name| name.parse().ok()).filter_map(|id| Some((id, parent(id)?))).collect();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(all.iter().filter(|(_, of)| *of == parent).map(|(id, _)| *id));
        next += 1;
    }
    Ok(found)
}

fn parent(process: u32) -> Option<u32> {
    parse_parent(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// The name, in parentheses, may hold anything; behind it are the state and numbers (proc(5)).
fn parse_parent(line: &str) -> Option<u32> {
    let (_, behind) = line.rsplit_once(')')?;
    behind.split_whitespace().nth(1)?.parse().ok()
}

fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let line = "42 (a) b) c) S 7 42 42 0 -1 4194304 100 0 0 0 31 11 5 6 20 0 1 0 100 0 0";
        assert_eq!((parse_parent(line), parse_parent("nothing")), (Some(7), None));
    }

    #[test]
    fn this_process_has_memory_and_is_its_own_root() {
        let own = std::process::id();
        let memory = memory(own).unwrap();
        assert!(memory.rss > 100 && memory.pss > memory.anonymous && memory.anonymous > 0, "{memory:?}");
        assert_eq!(tree(own).unwrap()[0], own);
        assert!(cpu_micros(own).is_ok());
    }

    #[test]
    fn work_shows() {
        let own = std::process::id();
        let before = cpu_micros(own).unwrap();
        let began = std::time::Instant::now();
        while cpu_micros(own).unwrap() == before {
            assert!(began.elapsed().as_secs() < 30, "no work is seen");
        }
        assert!(cpu_micros(own).unwrap() > before);
    }

    #[test]
    fn this_process_has_threads_and_one_more_file_when_it_opens_one() {
        let own = std::process::id();
        assert!(threads(own).unwrap() >= 1);
        let held: Vec<fs::File> = (0..50).map(|_| fs::File::open("/proc/self/stat").unwrap()).collect();
        assert!(descriptors(own).unwrap() > held.len());
    }

    #[test]
    fn a_child_belongs_to_the_tree() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        assert!(tree(std::process::id()).unwrap().contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
