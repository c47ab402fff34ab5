//! What a process and its children use, from Linux' `/proc`.

use std::fs;

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

/// A line of `/proc/PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    parent: u32,
    ticks: u64,
}

/// CPU time of a process and of all below it, in microseconds. Of the threads that run it is exact; what threads have
/// used that are gone is known in the system's clock ticks only, of 10 ms mostly, so that a later figure can be less than
/// an earlier one by that much.
///
/// # Errors
/// When the process is gone.
pub fn cpu_micros(root: u32) -> Result<u64> {
    let per_tick = 1_000_000 / rustix::param::clock_ticks_per_second().max(1);
    let used = |process| Some(running_micros(process).max(stat(process)?.ticks * per_tick));
    Ok(tree(root)?.into_iter().filter_map(used).sum())
}

/// What the threads of a process that still run have used, in microseconds; nothing when the kernel keeps no record.
fn running_micros(process: u32) -> u64 {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return 0 };
    let files = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok());
    files.filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok()).sum::<u64>() / 1000
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
    if stat(root).is_none() {
        return Err(Error::Server(format!("process {root} is gone")));
    }
    let names =
        fs::read_dir("/proc").during("/proc")?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let all: Vec<(u32, u32)> =
        names.filter_map(|name| name.parse().ok()).filter_map(|id| Some((id, stat(id)?.parent))).collect();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(all.iter().filter(|(_, of)| *of == parent).map(|(id, _)| *id));
        next += 1;
    }
    Ok(found)
}

fn stat(process: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// The name, in parentheses, may hold anything; behind it are numbers (proc(5)).
fn parse_stat(line: &str) -> Option<Stat> {
    let (_, behind) = line.rsplit_once(')')?;
    let fields: Vec<&str> = behind.split_whitespace().collect();
    let number = |field: usize| fields.get(field)?.parse::<u64>().ok();
    Some(Stat { parent: fields.get(1)?.parse().ok()?, ticks: number(11)? + number(12)? })
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
        assert_eq!(parse_stat(line), Some(Stat { parent: 7, ticks: 42 }));
        assert_eq!(parse_stat("nothing"), None);
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
