//! A child process, never left behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::output::Captured;
use crate::{Output, Stream};

/// A running program: its output is captured, its input can be written, and it is killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    pid: Pid,
    stdin: Option<ChildStdin>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    child: Child,
    exit: Option<ExitStatus>,
    stdout: Captured,
    stderr: Captured,
}

impl Process {
    /// Starts the program. Its three standard streams are ours, whatever `command` says of them.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    #[must_use]
    pub fn spawn(mut command: Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("standard output is a pipe");
        let stderr = child.stderr.take().expect("standard error is a pipe");
        let pid = Pid::from_child(&child);
        let state = State { child, exit: None, stdout: Captured::default(), stderr: Captured::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });

        let (to, from) = (Arc::clone(&shared), stdout);
        thread::spawn(move || to.capture(Stream::Stdout, from));
        let (to, from) = (Arc::clone(&shared), stderr);
        thread::spawn(move || to.capture(Stream::Stderr, from));
        let to = Arc::clone(&shared);
        thread::spawn(move || to.await_exit(pid));
        Self { name, pid, stdin, shared }
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits for a line of which `wanted` makes a value, and returns that. Lines that came before are offered
    /// too, but each line only once: the next call goes on behind the line that this one took. `what` is what
    /// the panic says was waited for.
    ///
    /// # Panics
    /// With the transcript, when `limit` passes or the stream ends without such a line.
    #[track_caller]
    pub fn wait_for<T>(
        &self,
        stream: Stream,
        limit: Duration,
        what: &str,
        mut wanted: impl FnMut(&str) -> Option<T>,
    ) -> T {
        self.wait(stream, limit, &mut wanted).unwrap_or_else(|in_time| {
            let why =
                if in_time { "and will not: the stream ended".to_owned() } else { format!("in {limit:?}") };
            panic!("{} did not say {what} {why}\n{}", self.name, self.transcript())
        })
    }

    /// As [`wait_for`](Self::wait_for), but `None` when `limit` passes or the stream ends without such a line.
    pub fn wait_up_to<T>(
        &self,
        stream: Stream,
        limit: Duration,
        mut wanted: impl FnMut(&str) -> Option<T>,
    ) -> Option<T> {
        self.wait(stream, limit, &mut wanted).ok()
    }

    /// Without such a line, says whether the stream ended in time.
    fn wait<T>(
        &self,
        stream: Stream,
        limit: Duration,
        wanted: &mut impl FnMut(&str) -> Option<T>,
    ) -> Result<T, bool> {
        let mut found = None;
        let in_time = self.shared.wait(limit, |state| {
            let captured = state.stream(stream);
            found = captured.take(wanted);
            found.is_some() || captured.is_at_end
        });
        found.ok_or(in_time)
    }

    /// Writes a line to the program's standard input.
    ///
    /// # Panics
    /// With the transcript, when the program has closed it.
    #[track_caller]
    pub fn send_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("the standard input was closed before");
        if let Err(error) = stdin.write_all(format!("{line}\n").as_bytes()) {
            panic!("{} does not read: {error}\n{}", self.name, self.transcript());
        }
    }

    /// Ends the program's standard input.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Sends the program a signal, unless it has ended.
    ///
    /// # Panics
    /// When the system does not let us.
    pub fn signal(&self, signal: Signal) {
        self.shared.signal(self.pid, signal);
    }

    /// How the program ended, if it has.
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.shared.lock().exit
    }

    /// All that the program has written so far, on both streams.
    #[must_use]
    pub fn transcript(&self) -> String {
        let state = self.shared.lock();
        format!("--- stdout\n{}--- stderr\n{}---", state.stdout.text(), state.stderr.text())
    }

    /// Ends the program's standard input, waits for the program to end by itself, and returns all that it wrote.
    ///
    /// # Panics
    /// With the transcript, when `limit` passes first; the program is killed then.
    #[track_caller]
    #[must_use]
    pub fn finish(mut self, limit: Duration) -> Output {
        self.close_stdin();
        let ended =
            |state: &mut State| state.exit.is_some() && state.stdout.is_at_end && state.stderr.is_at_end;
        if !self.shared.wait(limit, ended) {
            let transcript = self.transcript();
            self.signal(Signal::KILL);
            panic!("{} did not end in {limit:?}\n{transcript}", self.name);
        }
        let state = self.shared.lock();
        Output {
            name: self.name.clone(),
            status: state.exit.expect("waited for"),
            stdout: state.stdout.text().to_owned(),
            stderr: state.stderr.text().to_owned(),
        }
    }
}

/// Kills the program and waits until it is gone.
impl Drop for Process {
    fn drop(&mut self) {
        self.shared.signal(self.pid, Signal::KILL);
        // Not endless: a process can be stuck in the kernel, and the test has something else to say.
        self.shared.wait(Duration::from_secs(10), |state| state.exit.is_some());
    }
}

impl Shared {
    /// A thread of ours that panicked while it held the lock left nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `is_done`; false when `limit` passes first.
    fn wait(&self, limit: Duration, mut is_done: impl FnMut(&mut State) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        let mut state = self.lock();
        while !is_done(&mut state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            (state, _) = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    /// Under the lock and only while the child is not reaped, so that the id is still the child's.
    fn signal(&self, pid: Pid, signal: Signal) {
        let state = self.lock();
        if state.exit.is_none() {
            kill_process(pid, signal).expect("a child that was not reaped can be sent signals");
        }
    }

    fn capture(&self, stream: Stream, from: impl Read) {
        let mut from = BufReader::new(from);
        loop {
            // By lines, so that no character is cut; a line without an end still fills no memory.
            let mut line = Vec::new();
            let read = from.by_ref().take(64 * 1024).read_until(b'\n', &mut line);
            let is_at_end = matches!(read, Ok(0) | Err(_));
            let mut state = self.lock();
            let captured = state.stream(stream);
            captured.push(&line);
            captured.is_at_end = is_at_end;
            drop(state);
            self.changed.notify_all();
            if is_at_end {
                return;
            }
        }
    }

    fn await_exit(&self, pid: Pid) {
        // Without reaping, so that whoever holds the lock and sees no exit may signal the id.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(pid), options), Err(rustix::io::Errno::INTR)) {}
        let mut state = self.lock();
        state.exit = state.child.wait().ok();
        drop(state);
        self.changed.notify_all();
    }
}

impl State {
    fn stream(&mut self, stream: Stream) -> &mut Captured {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}
