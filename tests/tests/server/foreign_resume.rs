//! Sessions that other people's clients resume (XEP-0198 §5).

use std::time::Duration;

use stonechat_tests::{Process, Settings, Stream, WITHIN, foreign};

#[test]
fn slixmpp_goes_on_with_its_session_after_a_cut() {
    let server = Settings::new().start_with_users(2);
    foreign::script(&server, "resume.py", &["after_a_cut"]);
}

#[test]
fn xmpp_js_goes_on_with_its_session_after_a_cut() {
    let server = Settings::new().start_with_users(2);
    let echo = foreign::start_script(&server, "answer.py", &["echo", "user2@localhost", "end"]);
    echo.wait_for(Stream::Stdout, WITHIN, "online", |line| (line == "online").then_some(()));
    let mut node = foreign::node();
    foreign::point(&mut node, &server);
    node.args(["resume.mjs", "user1", "user2@localhost"]);
    let output = Process::spawn(node).finish(Duration::from_secs(120));
    assert!(output.status.success(), "{output}\nthe other\n{}", echo.transcript());
    let _ = foreign::succeed(&server, echo);
}
