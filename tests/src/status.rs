//! What a server's process holds.

use crate::Server;

/// What a server holds at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Connections, from `stonechatd status`.
    pub connections: usize,
    /// Sessions on all hosts, from `stonechatd status`.
    pub sessions: usize,
    /// Memory that is resident, in bytes, from `/proc`.
    pub resident: usize,
    /// Open files and sockets, from `/proc`.
    pub files: usize,
    /// Threads, from `/proc`.
    pub threads: usize,
}

impl Server {
    /// What the server holds now.
    ///
    /// # Panics
    /// With the transcript, when it does not say.
    #[track_caller]
    #[must_use]
    pub fn status(&self) -> Status {
        let said = self.command(&["status"], &[]).expect_success().stdout;
        let number = |line: &str| line.split_whitespace().last().and_then(|word| word.parse::<usize>().ok());
        let of = |key: &str| {
            let lines = said.lines().filter(|line| line.trim_start().starts_with(key));
            lines.filter_map(number).collect::<Vec<_>>()
        };
        let connections = *of("connections:").first().unwrap_or_else(|| panic!("no connections in {said}"));
        let sessions = of("sessions").iter().sum();
        let process = format!("/proc/{}", self.process().id());
        let text = std::fs::read_to_string(format!("{process}/status")).expect("the process is there");
        let field = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).expect("the field is there");
            line.split_whitespace().nth(1).and_then(|word| word.parse::<usize>().ok()).expect("a number")
        };
        let files = std::fs::read_dir(format!("{process}/fd")).expect("the process is there").count();
        Status { connections, sessions, resident: field("VmRSS:") * 1024, files, threads: field("Threads:") }
    }
}
