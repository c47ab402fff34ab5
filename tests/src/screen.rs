//! A terminal with a program in it.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::{Process, Stream, WITHIN, foreign};

/// How many were started.
static STARTED: AtomicUsize = AtomicUsize::new(0);

const WIDTH: usize = 120;
const HEIGHT: usize = 40;
/// A screen is looked at again after so long, whether it is said to have changed or not.
const GLANCE: Duration = Duration::from_millis(300);

/// A terminal with a program in it, at first 120 columns wide and 40 rows high: tmux in control mode, which says when the program writes.
#[derive(Debug)]
pub struct Screen {
    tmux: Process,
    /// How often it was looked at.
    looks: usize,
}

/// What the screen shows, and whether the program may have written something after that.
struct Capture {
    screen: String,
    is_old: bool,
}

impl Screen {
    /// Starts a program, with its arguments and what the command says of its environment. `folder` is its home, and where tmux has its socket.
    ///
    /// # Panics
    /// When there is no tmux, or it does not start in time.
    #[track_caller]
    #[must_use]
    pub fn start(program: &Command, folder: &Path) -> Self {
        let mut tmux = foreign::program("tmux");
        // A server of its own, which ends with the session; one that is about to end has another socket.
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        tmux.arg("-S").arg(folder.join(format!("tmux-{number}"))).args(["-f", "/dev/null", "-C"]);
        tmux.args(["new-session", "-x", &WIDTH.to_string(), "-y", &HEIGHT.to_string()]);
        tmux.arg(program.get_program()).args(program.get_args());
        tmux.env("HOME", folder).env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env_remove("TMUX");
        for variable in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            tmux.env_remove(variable);
        }
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => tmux.env(name, value),
                None => tmux.env_remove(name),
            };
        }
        let tmux = Process::spawn(tmux);
        // Before that there is nothing that a command could be about.
        tmux.wait_for(Stream::Stdout, WITHIN, "that there is a session", |line| {
            line.starts_with("%session-changed").then_some(())
        });
        Self { tmux, looks: 0 }
    }

    /// Waits until the screen shows a text, and returns all that it shows then.
    ///
    /// # Panics
    /// With the transcript, when it does not in time.
    #[track_caller]
    pub fn shows(&mut self, text: &str) -> String {
        self.comes_to(text, |screen| screen.contains(text))
    }

    /// Waits until the screen is as it is wanted, and returns all that it shows then.
    ///
    /// # Panics
    /// With what it shows, when it does not come to that in time.
    #[track_caller]
    pub fn comes_to(&mut self, what: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + WITHIN;
        loop {
            let Capture { screen, is_old } = self.capture();
            if is_wanted(&screen) {
                return screen;
            }
            // A screen that changes all the time says something again and again.
            assert!(Instant::now() < until, "the screen does not show {what}, but\n{screen}");
            if !is_old {
                // Not all that changes it is written by the program, as when it gets another size.
                self.tmux
                    .wait_up_to(Stream::Stdout, GLANCE, |line| line.starts_with("%output").then_some(()));
            }
        }
    }

    #[track_caller]
    fn capture(&mut self) -> Capture {
        self.looks += 1;
        let mark = format!("look {}", self.looks);
        self.tmux.send_line(&format!("display-message -p '{mark}'"));
        self.tmux.send_line("capture-pane -p");
        let (mut reply, mut end) = (String::new(), None);
        let (mut is_marked, mut is_old) = (false, false);
        // The reply behind the one with the mark is the screen. Replies stand between `%begin` and `%end` with the same numbers.
        self.tmux.wait_for(Stream::Stdout, WITHIN, "what the screen shows", |line| {
            match (&end, line.strip_prefix("%begin ")) {
                (None, Some(numbers)) => {
                    end = Some(format!("%end {numbers}"));
                    reply.clear();
                }
                (None, None) => is_old |= line.starts_with("%output"),
                (Some(last), _) if line == last && is_marked => return Some(()),
                (Some(last), _) if line == last => {
                    end = None;
                    is_marked = reply.trim_end() == mark;
                }
                (Some(_), _) => {
                    reply.push_str(line);
                    reply.push('\n');
                }
            }
            None
        });
        Capture { screen: reply, is_old }
    }

    /// Makes the terminal another size, as who drags at its window.
    pub fn resize(&mut self, width: usize, height: usize) {
        self.tmux.send_line(&format!("resize-window -x {width} -y {height}"));
    }

    /// Types a text, and Enter.
    pub fn types(&mut self, line: &str) {
        self.text(line);
        self.key("Enter");
    }

    /// Types a text without Enter. There may be no `'` in it.
    pub fn text(&mut self, text: &str) {
        self.tmux.send_line(&format!("send-keys -l '{text}'"));
    }

    /// Presses a key, as tmux calls it: `Tab`, `C-n`, `PPage`.
    pub fn key(&mut self, key: &str) {
        self.tmux.send_line(&format!("send-keys {key}"));
    }

    /// Waits until the program, and with it the terminal, has ended.
    ///
    /// # Panics
    /// With the transcript, when it does not in time.
    #[track_caller]
    pub fn ends(&self) {
        self.tmux.wait_for(Stream::Stdout, WITHIN, "that it is over", |line| {
            line.starts_with("%exit").then_some(())
        });
    }
}
