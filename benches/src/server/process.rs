//! A process with its children.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::time::sleep;

use crate::{Context, Error, Result};

/// How long a process may take to end when it is asked to; then it is killed.
const PATIENCE: Duration = Duration::from_secs(15);
/// The file of what a process writes.
const LOG: &str = "output.log";

/// A process with its children, which form a group of their own: signals reach them and nobody else. Killed when dropped.
#[derive(Debug)]
pub(super) struct Process(Child);

impl Process {
    pub(super) fn spawn(mut command: Command, folder: &Path) -> Result<Self> {
        let log = File::options().create(true).append(true).open(folder.join(LOG)).during(LOG)?;
        let copy = log.try_clone().during(LOG)?;
        command.stdin(Stdio::null()).stdout(log).stderr(copy).process_group(0);
        let program = command.get_program().to_string_lossy().into_owned();
        command.spawn().during(program).map(Self)
    }

    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }

    /// Asks the process to end, and waits until it has, with its children.
    pub(super) async fn stop(&mut self) -> Result<()> {
        self.signal(Signal::TERM);
        let asked = Instant::now();
        while !(self.has_ended() && self.is_alone()) {
            if asked.elapsed() > PATIENCE {
                self.signal(Signal::KILL);
            }
            if asked.elapsed() > 2 * PATIENCE {
                return Err(Error::Server(format!("process {} does not end", self.id())));
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Whether no process of its group is left.
    fn is_alone(&self) -> bool {
        self.group().is_none_or(|group| test_kill_process_group(group).is_err())
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group() {
            // It fails when all of them have ended, which is as well.
            let _ = kill_process_group(group, signal);
        }
    }

    fn group(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.0.id()).ok()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !(self.has_ended() && self.is_alone()) {
            self.signal(Signal::KILL);
            let _ = self.0.wait();
        }
    }
}

/// The end of what a process in this folder wrote.
pub(super) fn log(folder: &Path) -> String {
    let text = fs::read(folder.join(LOG)).unwrap_or_default();
    String::from_utf8_lossy(&text[text.len().saturating_sub(4096)..]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn children_end_with_their_process() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo started; wait"]);
        let mut process = Process::spawn(command, folder.path()).unwrap();
        while !log(folder.path()).contains("started") {
            tokio::task::yield_now().await;
        }
        assert!(!process.is_alone() && !process.has_ended());
        process.stop().await.unwrap();
        assert!(process.is_alone() && process.has_ended());
    }
}
