//! profanity, on a screen of its own.

use std::path::Path;

use stonechat_tests::{Process, Server, Settings, Stream, WITHIN, foreign};

/// A terminal with profanity in it: tmux in control mode, which says when something on the screen has changed.
struct Screen {
    tmux: Process,
}

impl Screen {
    fn profanity(server: &Server, folder: &Path) -> Self {
        let accounts = folder.join(".local/share/profanity");
        std::fs::create_dir_all(&accounts).expect("a folder can be made");
        let port = server.c2s().port();
        let account = format!(
            "[user1@localhost]\nenabled=true\njid=user1@localhost\nresource=screen\nserver=127.0.0.1\nport={port}\n\
             password=pw-user1\ntls.policy=trust\n"
        );
        std::fs::write(accounts.join("accounts"), account).expect("a file can be written");
        let profanity = foreign::program("profanity").get_program().to_owned();
        let mut tmux = foreign::program("tmux");
        // A server of its own, which ends with the session.
        tmux.arg("-S").arg(folder.join("tmux")).args(["-f", "/dev/null", "-C"]);
        tmux.args(["new-session", "-x", "120", "-y", "40"]).arg(profanity).args(["-a", "user1@localhost"]);
        tmux.env("HOME", folder).env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env_remove("TMUX");
        for variable in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            tmux.env_remove(variable);
        }
        Self { tmux: Process::spawn(tmux) }
    }

    /// Waits until the screen shows a text.
    fn shows(&mut self, text: &str) {
        loop {
            self.tmux.send_line("capture-pane -p");
            let mut screen = String::new();
            let mut inside = false;
            // Replies stand between `%begin` and `%end`; those of earlier commands are empty.
            self.tmux.wait_for(Stream::Stdout, WITHIN, "the screen", |line| {
                match line {
                    line if line.starts_with("%begin") => inside = true,
                    line if line.starts_with("%end") && screen.lines().count() >= 40 => return Some(()),
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
            if screen.contains(text) {
                return;
            }
            // What changed after that was captured is said after it.
            self.tmux.wait_for(Stream::Stdout, WITHIN, &format!("that the screen shows {text}"), |line| {
                line.starts_with("%output").then_some(())
            });
        }
    }

    fn types(&mut self, line: &str) {
        self.tmux.send_line(&format!("send-keys -l '{line}'"));
        self.tmux.send_line("send-keys Enter");
    }
}

#[test]
fn profanity_logs_in_and_chats_with_slixmpp() {
    let server = Settings::new().start_with_users(2);
    let folder = server.folder().join("home");
    let mut screen = Screen::profanity(&server, &folder);
    screen.shows("user1@localhost/screen logged in successfully");

    let other = foreign::start_script(&server, "answer.py", &["echo", "user2@localhost", "from the screen"]);
    other.wait_for(Stream::Stdout, WITHIN, "online", |line| (line == "online").then_some(()));
    screen.types("/msg user2@localhost from the screen");
    other.wait_for(Stream::Stdout, WITHIN, "what was typed", |line| {
        (line == "from user1@localhost: from the screen").then_some(())
    });
    screen.shows("echo of from the screen");
    foreign::succeed(&server, other);
    screen.types("/quit");
    screen
        .tmux
        .wait_for(Stream::Stdout, WITHIN, "that it is over", |line| line.starts_with("%exit").then_some(()));
}
