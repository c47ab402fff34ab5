//! profanity, on a screen of its own.

use std::path::Path;

use stonechat_tests::{Screen, Server, Settings, Stream, WITHIN, foreign};

fn profanity(server: &Server, folder: &Path) -> Screen {
    let accounts = folder.join(".local/share/profanity");
    std::fs::create_dir_all(&accounts).expect("a folder can be made");
    let port = server.c2s().port();
    let account = format!(
        "[user1@localhost]\nenabled=true\njid=user1@localhost\nresource=screen\nserver=127.0.0.1\nport={port}\n\
         password=pw-user1\ntls.policy=trust\n"
    );
    std::fs::write(accounts.join("accounts"), account).expect("a file can be written");
    let mut profanity = foreign::program("profanity");
    profanity.args(["-a", "user1@localhost"]);
    Screen::start(&profanity, folder)
}

#[test]
fn profanity_logs_in_and_chats_with_slixmpp() {
    let server = Settings::new().start_with_users(2);
    let folder = server.folder().join("home");
    let mut screen = profanity(&server, &folder);
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
    screen.ends();
}
