//! The example of a project that builds on Stonechat (`examples/downstream`): it builds as such a project does, its own tests
//! pass, and people chat on its server, which has the extension of somebody else.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use stonechat_tests::{Process, Raw, Stream, WITHIN, tempdir, trusting};

const SETTINGS: &str = r#"
host = "localhost"

[accounts]
user1 = "pw-user1"
user2 = "pw-user2"

[server.authentication]
iterations = 4096

[[server.listeners]]
address = "127.0.0.1:0"
kind = "direct-tls"

[server.extensions.mute]
words = 3
"#;

/// What was built.
struct Built {
    server: PathBuf,
    tests: Vec<PathBuf>,
}

/// Builds the project, without the network: with the versions that the tree around it has, in the same folder, so that
/// what both depend on is there already.
fn built() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let project = root.join("examples/downstream");
        std::fs::copy(root.join("Cargo.lock"), project.join("Cargo.lock"))
            .expect("the versions can be copied");
        let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "build",
                "--bins",
                "--tests",
                "--workspace",
                "--offline",
                "--message-format",
                "json-render-diagnostics",
            ])
            .arg("--target-dir")
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap())
            .current_dir(&project)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .expect("Cargo can be run");
        assert!(built.status.success(), "the project does not build");
        let messages = String::from_utf8_lossy(&built.stdout).into_owned();
        let made: Vec<Value> = messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let programs = |is_test: bool| {
            let made = made.iter().filter(move |made| made["profile"]["test"] == is_test);
            made.filter_map(|made| made["executable"].as_str()).map(PathBuf::from)
        };
        Built { server: programs(false).next().expect("there is a server"), tests: programs(true).collect() }
    })
}

#[test]
fn the_extension_of_somebody_else_passes_its_own_tests() {
    let tests = &built().tests;
    assert!(tests.len() >= 2, "unit tests, and tests on the host for tests: {tests:?}");
    for test in tests {
        let output = Process::spawn(Command::new(test)).finish(Duration::from_secs(120)).expect_success();
        assert!(output.stdout.contains("test result: ok"), "{}", output.stdout);
    }
}

#[test]
fn people_chat_on_a_server_of_ones_own_that_has_the_extension_of_somebody_else() {
    let folder = tempdir();
    std::fs::write(folder.path().join("chatd.toml"), SETTINGS).unwrap();
    let mut command = Command::new(&built().server);
    command.arg(folder.path());
    let server = Process::spawn(command);
    let address = server.wait_for(Stream::Stdout, WITHIN, "where it listens", |line| {
        line.strip_prefix("listening on ")?.trim().parse().ok()
    });
    let log_in = |user: &str| {
        let trust = trusting(&folder.path().join("cert.pem"));
        let mut raw = Raw::try_authenticated(address, trust, user).expect("the account is there");
        raw.bind("there");
        raw
    };
    let (mut juliet, mut romeo) = (log_in("user1"), log_in("user2"));

    juliet.send(
        "<iq type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    );
    let features = juliet.until("</iq>");
    for feature in ["urn:example:mute:0", "urn:xmpp:carbons:2"] {
        assert!(features.contains(feature), "{features}");
    }
    juliet.send("<iq type='set' id='m'><mute xmlns='urn:example:mute:0'><word>rain</word></mute></iq>");
    assert!(juliet.next_whole().unwrap().contains("result"));
    for text in ["Rain again!", "The sun shines."] {
        romeo.send(format!("<message type='chat' to='user1@localhost/there'><body>{text}</body></message>"));
    }
    let message = juliet.until("</message>");
    assert!(message.contains("The sun shines.") && !message.contains("Rain"), "{message}");
    // The configuration's limit is the extension's.
    juliet.send(
        "<iq type='set' id='n'><mute xmlns='urn:example:mute:0'><word>a</word><word>b</word><word>c</word></mute></iq>",
    );
    assert!(juliet.until("</iq>").contains("resource-constraint"));

    server.signal(Signal::INT);
    let _ = server.finish(WITHIN).expect_success();
}
