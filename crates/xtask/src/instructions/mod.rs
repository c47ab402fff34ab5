//! How many instructions and allocations the hot path takes, beside what is recorded in the tree.
//!
//! Times depend on the machine and on what else it does; counts hardly do, so a change that costs shows in them. The
//! example `hot_path` of the benchmarks does one piece of work for a number of rounds under valgrind's callgrind, and
//! then the same for more rounds: the difference is what these rounds took, without start-up and first times.
//!
//! What counts cannot tell: how long an instruction takes, system calls (so the clock is nearly free), and anything
//! about several threads. valgrind's processor has no SHA instructions, so hashing counts for more than it costs.
//! The profiles stay in the target folder's `instructions`, for `callgrind_annotate --inclusive=yes`.

mod callgrind;
mod record;
mod table;

use std::path::{Path, PathBuf};

use crate::built::Programs;
use crate::workspace::Workspace;
use crate::{Error, Result, foreign, say, shell};

use callgrind::Counted;
use record::{Cost, Record};

/// Where the counts are recorded, below the workspace's root.
const FILE: &str = "benches/instructions.toml";
/// So many times the rounds are done in the second run.
const LONGER: u64 = 3;

/// A piece of work that the example can do.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Work {
    name: String,
    rounds: u64,
    /// How many units one round has.
    units: u64,
    /// What a unit is.
    unit: String,
}

/// Counts and compares with what is recorded; with `record` it becomes what is recorded.
///
/// # Errors
/// [`Error::Dearer`] when some work takes noticeably more than recorded, unless that is by another compiler; and when
/// valgrind cannot be installed or the example does not build or run.
pub fn run(workspace: &Workspace, record: bool) -> Result<()> {
    foreign::valgrind()?;
    let program = build(workspace)?;
    let profiles = workspace.target.join("instructions");
    std::fs::create_dir_all(&profiles).map_err(Error::file(&profiles))?;
    let mut counted = Record { compiler: compiler(workspace)?, ..Record::default() };
    let works = works(&shell::output(&mut shell::command(&program, [] as [&str; 0]))?);
    for work in &works {
        counted.work.insert(work.name.clone(), count(&program, work, &profiles)?);
    }
    let file = workspace.root.join(FILE);
    let recorded = Record::read(&file)?;
    say::line(&table::of(&works, &counted, &recorded));
    if record {
        say::line(&format!("recorded in {FILE}"));
        return counted.write(&file);
    }
    judge(&counted, &recorded)
}

/// Whether all is as recorded. Another compiler makes other instructions, so nothing can be said then.
fn judge(counted: &Record, recorded: &Record) -> Result<()> {
    if counted.compiler != recorded.compiler {
        let (now, then) = (&counted.compiler, &recorded.compiler);
        say::line(&format!(
            "not judged: this is {now}, and {FILE} is by {then}; `--record` takes the new counts"
        ));
        return Ok(());
    }
    match counted.dearer_than(recorded) {
        works if works.is_empty() => Ok(()),
        works => Err(Error::Dearer { works: works.join(", ") }),
    }
}

/// Builds as the benchmarks are built: released, with lines for the profiles.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    const PROGRAM: &str = "hot_path";
    let args = ["build", "--profile", "bench", "--package", "stonechat-benches", "--example", PROGRAM];
    let build = &mut shell::cargo(args);
    let programs = Programs::of(build.current_dir(&workspace.root))?;
    programs.get(PROGRAM, cargo_metadata::Target::is_example).map(Into::into)
}

fn compiler(workspace: &Workspace) -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut version = shell::command(rustc, ["--version"]);
    let said = shell::output(version.current_dir(&workspace.root))?;
    Ok(format!("{} on {}", String::from_utf8_lossy(&said).trim(), std::env::consts::ARCH))
}

/// What the example lists: a line for each work with its fields between tabs. Other lines are not for us.
fn works(list: &[u8]) -> Vec<Work> {
    let work = |line: &str| {
        let mut fields = line.split('\t');
        let (name, rounds) = (fields.next()?.to_owned(), fields.next()?.parse().ok()?);
        Some(Work { name, rounds, units: fields.next()?.parse().ok()?, unit: fields.next()?.to_owned() })
    };
    String::from_utf8_lossy(list).lines().filter_map(work).collect()
}

/// What one unit of the work takes.
fn count(program: &Path, work: &Work, profiles: &Path) -> Result<Cost> {
    let few = profile(program, work, work.rounds, &profiles.join(format!("{}.start", work.name)))?;
    let many = profile(program, work, work.rounds * (1 + LONGER), &profiles.join(&work.name))?;
    Ok(Cost::of(many.without(few), work.rounds * LONGER * work.units))
}

/// Runs so many rounds and reads the profile that callgrind writes to `file`.
fn profile(program: &Path, work: &Work, rounds: u64, file: &Path) -> Result<Counted> {
    let mut valgrind = shell::command("valgrind", callgrind::OPTIONS);
    valgrind.arg(format!("--callgrind-out-file={}", file.display()));
    shell::run(valgrind.arg(program).arg(&work.name).arg(rounds.to_string()))?;
    let text = std::fs::read_to_string(file).map_err(Error::file(file))?;
    Counted::read(&text).ok_or_else(|| Error::NoProfile { file: file.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(compiler: &str, instructions: u64) -> Record {
        let cost = Cost { instructions, allocations: 1.0 };
        Record { compiler: compiler.to_owned(), work: [("decode".to_owned(), cost)].into() }
    }

    #[test]
    fn the_example_s_list_is_read_and_other_lines_are_not() {
        let list = b"decode\t1000\t1\tmessage received\nhello\npresence\t40\t50\tdelivery\n";
        let works = works(list);
        assert_eq!(works.len(), 2);
        let presence = Work { name: "presence".into(), rounds: 40, units: 50, unit: "delivery".into() };
        assert_eq!(works[1], presence);
    }

    #[test]
    fn what_costs_noticeably_more_fails_and_is_named() {
        let error = judge(&record("rustc 1", 1040), &record("rustc 1", 1000)).unwrap_err();
        assert!(error.to_string().contains("decode"), "{error}");
        judge(&record("rustc 1", 1020), &record("rustc 1", 1000)).unwrap();
        judge(&record("rustc 1", 10), &record("rustc 1", 1000)).unwrap();
    }

    #[test]
    fn counts_by_another_compiler_are_not_judged() {
        judge(&record("rustc 2", 5000), &record("rustc 1", 1000)).unwrap();
    }
}
