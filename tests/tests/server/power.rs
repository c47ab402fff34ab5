//! What the server has acknowledged survives a power failure, in which what was written and not synced is lost.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use stonechat_tests::{Raw, Server, Settings, TempDir, Trace, WITHIN, tempdir};

const SENDERS: usize = 3;
/// In each of the two halves.
const MESSAGES: usize = 60;
/// Messages of a sender under way at the same time.
const WINDOW: usize = 8;
/// At so many moments the power fails.
const FAILURES: usize = 12;

const DATABASE: &str = "data/stonechat.db";
const LOG: &str = "data/stonechat.db-wal";

fn settings() -> Settings {
    let listener = "address = '127.0.0.1:0'\nkind = 'starttls'\nplaintext = true";
    let listener: toml::Table = listener.parse().expect("it is TOML");
    // In the clear, so that one can see in the trace what was acknowledged.
    Settings::new()
        .set("listeners", vec![listener])
        .set("hosts.localhost.anonymous", true)
        .set("extensions.offline.max-messages", 100_000)
        .set("limits.mailbox_bytes", 16 << 20)
}

/// What happened while the server ran under strace, until it was killed.
struct Run {
    trace: Trace,
    folder: PathBuf,
    /// What the database was before.
    before: Vec<u8>,
}

/// Somebody anonymous, whose stanzas are acknowledged (XEP-0198).
fn sender(server: &Server, number: usize) -> Raw {
    let mut raw = Raw::connect(server.c2s());
    raw.open("localhost");
    raw.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>");
    raw.until("<success");
    raw.until(">");
    raw.open("localhost");
    raw.bind(&format!("sender-{number}-"));
    raw.send("<enable xmlns='urn:xmpp:sm:3'/>");
    raw.until("<enabled");
    raw.until(">");
    raw
}

/// Sends these messages to who is not there, and waits until all are acknowledged.
fn send(raw: &mut Raw, number: usize, messages: std::ops::Range<usize>) {
    let (mut next, mut acknowledged) = (messages.start, messages.start);
    while acknowledged < messages.end {
        while next < messages.end.min(acknowledged + WINDOW) {
            raw.send(format!(
                "<message type='chat' to='user1@localhost' id='m{next}'><body>{number} {next}</body></message>\
                 <r xmlns='urn:xmpp:sm:3'/>"
            ));
            next += 1;
        }
        let answer = raw.next_element().expect("the server goes on");
        acknowledged = handled(&answer).unwrap_or_else(|| panic!("no acknowledgement: {answer}"));
    }
}

/// The last `h` of the acknowledgements in a text.
fn handled(text: &str) -> Option<usize> {
    let (_, last) = text.rsplit_once("<a xmlns='urn:xmpp:sm:3' h='")?;
    last.split('\'').next()?.parse().ok()
}

fn run() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| {
        let (_, folder) = settings().start_with_users(1).stop();
        let path = folder.path().to_owned();
        let before = std::fs::read(path.join(DATABASE)).expect("there is a database");
        let trace = traced(folder, |server| {
            let mut senders: Vec<Raw> = (0..SENDERS).map(|number| sender(server, number)).collect();
            for half in 0..2 {
                std::thread::scope(|scope| {
                    for (number, raw) in senders.iter_mut().enumerate() {
                        scope.spawn(move || send(raw, number, half * MESSAGES..(half + 1) * MESSAGES));
                    }
                });
                // What is in the log is copied into the database in a quiet moment.
                let deadline = Instant::now() + WITHIN;
                while half == 0 && std::fs::read(path.join(DATABASE)).expect("it is there") == before {
                    assert!(Instant::now() < deadline, "nothing is copied into the database");
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        });
        Run { trace, folder: path, before }
    })
}

/// What a server did until it was killed after this work.
fn traced(folder: TempDir, work: impl FnOnce(&Server)) -> Trace {
    let traces = tempdir();
    let file = traces.path().join("trace");
    let server = Server::start_traced(folder, &file);
    work(&server);
    let _folder = server.kill();
    let text = std::fs::read_to_string(&file).expect("strace has written what it saw");
    assert!(text.ends_with("+++ killed by SIGKILL +++\n"), "the trace is not whole");
    Trace::read(&text)
}

/// How many messages of each sender had been acknowledged.
fn acknowledged(run: &Run, moment: usize) -> Vec<usize> {
    let said = run.trace.said(moment);
    let of = |number: usize| {
        let own = said.values().find(|text| text.contains(&format!("/sender-{number}-")));
        own.and_then(|text| handled(text)).unwrap_or(0)
    };
    (0..SENDERS).map(of).collect()
}

/// The messages of each sender that are there when the server is started with what is left.
fn found(run: &Run, moment: usize, trace: &Trace, mut survives: impl FnMut() -> bool) -> Vec<Vec<usize>> {
    let folder = tempdir();
    std::fs::create_dir(folder.path().join("data")).expect("a folder can be made");
    std::fs::write(folder.path().join("stonechat.toml"), settings().to_toml()).expect("it can be written");
    for (name, before) in [(DATABASE, run.before.clone()), (LOG, Vec::new())] {
        let left = trace.left(&run.folder.join(name), before, moment, &mut survives);
        std::fs::write(folder.path().join(name), left).expect("it can be written");
    }
    let server = Server::start_in(folder);
    let mut found = vec![Vec::new(); SENDERS];
    for body in waiting(&server) {
        let (number, message) = body.split_once(' ').expect("two numbers");
        let number: usize = number.parse().expect("a number");
        found[number].push(message.parse().expect("a number"));
    }
    found
}

/// All bodies that wait for the account, in order.
fn waiting(server: &Server) -> Vec<String> {
    let mut raw = Raw::login(server, "user1", "recipient");
    raw.send("<presence/>");
    let mut text = raw.ping("after-presence");
    text.push_str(&raw.ping("fence"));
    let bodies = text.split("<body>").skip(1);
    bodies.map(|rest| rest.split("</body>").next().unwrap_or_default().to_owned()).collect()
}

/// Numbers that look random and are the same each time.
struct Luck(u64);

impl Luck {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

#[test]
fn what_was_acknowledged_is_there_once_and_in_order_whenever_the_power_fails() {
    let run = run();
    let end = run.trace.end();
    assert!(run.trace.has_written(&run.folder.join(DATABASE), end), "no checkpoint came in between");
    assert_eq!(acknowledged(run, end), [2 * MESSAGES; SENDERS]);
    let mut luck = Luck(0x5743_0198_2026_1129);
    for failure in 1..=FAILURES {
        let moment = match failure {
            FAILURES => end,
            _ => end * failure / FAILURES + usize::try_from(luck.next() % 50).expect("it is small"),
        };
        // None of what was not synced survives, half of it, or all.
        let chance = failure as u64 % 3;
        let found = found(run, moment, &run.trace, || luck.next() % 2 < chance);
        for (number, (acknowledged, found)) in acknowledged(run, moment).into_iter().zip(found).enumerate() {
            let expected: Vec<usize> = (0..found.len()).collect();
            assert_eq!(found, expected, "sender {number} at {moment} of {end}");
            let count = found.len();
            assert!(count >= acknowledged, "sender {number} at {moment}: {count} of {acknowledged}");
        }
    }
}

/// So that one can believe the other test.
#[test]
fn a_server_that_synced_nothing_would_be_found_out() {
    let run = run();
    let end = run.trace.end();
    let careless = run.trace.without_syncs();
    let found = found(run, end, &careless, || false);
    assert_eq!(found, vec![Vec::<usize>::new(); SENDERS], "of {:?}", acknowledged(run, end));
}

/// Messages that come together are made durable together.
#[test]
fn many_acknowledgements_wait_for_the_disk_once() {
    const TOGETHER: usize = 500;
    let (_, folder) = settings().start().stop();
    let log = folder.path().join(LOG);
    let trace = traced(folder, |server| {
        let mut raw = sender(server, 0);
        // To itself, who is there. All are archived.
        let text = |number| format!("<message type='chat'><body>{number}</body></message>");
        raw.send("<presence/>");
        raw.send((0..TOGETHER).map(text).collect::<String>());
        let mut acknowledged = 0;
        while acknowledged <= TOGETHER {
            raw.send("<r xmlns='urn:xmpp:sm:3'/>");
            let mut said = std::iter::from_fn(|| raw.next_element());
            acknowledged = said.find_map(|text| handled(&text)).expect("the server goes on");
        }
    });
    let syncs = trace.syncs(&log, trace.end());
    assert!(syncs > 0 && syncs * 5 < TOGETHER, "{syncs} times for {TOGETHER}");
}
