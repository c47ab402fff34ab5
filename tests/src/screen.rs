//! A terminal with a program in it.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::{Process, Stream, WITHIN, foreign};

/// How many were started.
static STARTED: AtomicUsize = AtomicUsize::new(0);

const WIDTH: &str = "120";
const HEIGHT: usize = 40;

/// A terminal with a program in it, 120 columns wide and 40 rows high: tmux in control mode, which says when something on the screen has
/// changed.
#[derive(Debug)]
pub struct Screen {
    tmux: Process,
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
        tmux.args(["new-session", "-x", WIDTH, "-y", &HEIGHT.to_string()]);
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
        Self { tmux }
    }

    /// Waits until the screen shows a text, and returns all that it shows then.
    ///
    /// # Panics
    /// With the transcript, when it does not in time.
    #[track_caller]
    pub fn shows(&mut self, text: &str) -> String {
        let until = Instant::now() + WITHIN;
        loop {
            let screen = self.capture();
            if screen.contains(text) {
                return screen;
            }
            // A screen that changes all the time says something again and again.
            assert!(Instant::now() < until, "the screen does not show {text}, but\n{screen}");
            // What changed after that was captured is said after it.
            self.tmux.wait_for(Stream::Stdout, WITHIN, &format!("that the screen shows {text}"), |line| {
                line.starts_with("%output").then_some(())
            });
        }
    }

    fn capture(&mut self) -> String {
        self.tmux.send_line("capture-pane -p");
        let mut screen = String::new();
        let mut inside = false;
        // Replies stand between `%begin` and `%end`; those of earlier commands are empty.
        self.tmux.wait_for(Stream::Stdout, WITHIN, "the screen", |line| {
            match line {
                line if line.starts_with("%begin") => inside = true,
                line if line.starts_with("%end") && screen.lines().count() >= HEIGHT => return Some(()),
                line if line.starts_with("%end") => {
                    inside = false;
                    screen.clear();
                }
                line if inside => {
                    screen.push_str(line);
                    screen.push('\n');
                }
                _ => {}
            }
            None
        });
        screen
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
