//! The commands of the terminal client against the server.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::{Place, fails};
use serde_json::Value;
use stonechat_tests::{Dns, Output, Process, Server, Settings, Srv, Stream, WITHIN, free_port};

/// The client's program, for nobody.
fn command(server: &Server, args: &[&str]) -> Command {
    Place::of(server).command(args)
}

/// The same, for a user of the server.
fn of_user(server: &Server, user: &str, args: &[&str]) -> Command {
    Place::of(server).of_user(user, args)
}

fn run(server: &Server, user: &str, args: &[&str]) -> Output {
    Place::of(server).run(user, args)
}

fn next(listener: &Process, event: &str) -> Value {
    listener.wait_for(Stream::Stdout, WITHIN, event, |line| {
        let value: Value = serde_json::from_str(line).unwrap();
        (value["event"] == event).then_some(value)
    })
}

#[test]
fn what_is_sent_is_listened_to() {
    let server = Settings::new().start_with_users(2);
    let listener = Process::spawn(of_user(&server, "user2", &["listen", "--count", "2"]));
    assert!(next(&listener, "online")["jid"].as_str().unwrap().starts_with("user2@localhost/"));
    let _ = run(&server, "user1", &["send", "user2@localhost", "hello", "there <&>"]).expect_success();
    let message = next(&listener, "message");
    assert_eq!((&message["body"], &message["type"]), (&"hello there <&>".into(), &"chat".into()));
    assert!(message["from"].as_str().unwrap().starts_with("user1@localhost/"));

    let mut sender = Process::spawn(of_user(&server, "user1", &["send", "user2@localhost"]));
    sender.send_line("from standard input");
    let _ = sender.finish(WITHIN).expect_success();
    assert_eq!(next(&listener, "message")["body"], "from standard input");
    let _ = listener.finish(WITHIN).expect_success();
}

#[test]
fn direct_tls_works_as_well() {
    let server = Settings::new().start_with_users(1);
    let port = server.c2s_direct_tls().port().to_string();
    let output =
        run(&server, "user1", &["--direct-tls", "--port", &port, "ping", "localhost"]).expect_success();
    assert!(output.stdout.starts_with("localhost answers after "), "{output}");
}

#[test]
fn servers_and_clients_are_pinged_and_discovered() {
    let server = Settings::new().start_with_users(2);
    let listener = Process::spawn(of_user(&server, "user2", &["listen"]));
    let jid = next(&listener, "online")["jid"].as_str().unwrap().to_owned();
    for to in [&["ping"][..], &["ping", "localhost"], &["ping", &jid]] {
        let output = run(&server, "user1", to).expect_success();
        assert!(output.stdout.contains(" answers after "), "{output}");
    }
    let output = run(&server, "user1", &["disco"]).expect_success();
    assert!(output.stdout.lines().any(|line| line == "feature urn:xmpp:ping"), "{output}");
    let output = run(&server, "user1", &["disco", "--json", "localhost"]).expect_success();
    let info: Value = serde_json::from_str(&output.stdout).unwrap();
    assert!(info["features"].as_array().unwrap().contains(&"urn:xmpp:ping".into()), "{info}");
    listener.signal(rustix::process::Signal::TERM);
    let _ = listener.finish(WITHIN).expect_success();
}

#[test]
fn contacts_are_added_listed_and_removed() {
    let server = Settings::new().start_with_users(2);
    let add = ["roster", "add", "user2@localhost", "--name", "Two", "--group", "Friends"];
    let _ = run(&server, "user1", &add).expect_success();
    let listed = run(&server, "user1", &["roster", "list"]).expect_success();
    assert_eq!(listed.stdout, "user2@localhost none (asked) \"Two\" [Friends]\n");
    let listed = run(&server, "user1", &["roster", "list", "--json"]).expect_success();
    let item: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!((&item["jid"], &item["asked"]), (&"user2@localhost".into(), &true.into()));
    let _ = run(&server, "user1", &["roster", "remove", "user2@localhost"]).expect_success();
    assert_eq!(run(&server, "user1", &["roster", "list"]).expect_success().stdout, "");
    fails(run(&server, "user1", &["roster", "remove", "user2@localhost"]), 1);
}

#[test]
fn the_archive_is_read_and_exported() {
    let server = Settings::new().start_with_users(2);
    let listener = Process::spawn(of_user(&server, "user2", &["listen", "--count", "3"]));
    next(&listener, "online");
    for text in ["one", "two", "three"] {
        let _ = run(&server, "user1", &["send", "user2@localhost", text]).expect_success();
    }
    let _ = listener.finish(WITHIN).expect_success();
    let last = run(&server, "user1", &["archive", "user2@localhost", "--last", "2"]).expect_success();
    let bodies: Vec<_> = last.stdout.lines().map(|line| line.rsplit_once(": ").unwrap().1).collect();
    assert_eq!(bodies, ["two", "three"], "{last}");
    let all = run(&server, "user2", &["archive", "user1@localhost", "--export"]).expect_success();
    let told = all.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let bodies: Vec<_> = told.map(|message| message["body"].as_str().unwrap().to_owned()).collect();
    assert_eq!(bodies, ["one", "two", "three"]);
    assert_eq!(all.stderr, "", "no bar where there is no terminal");
    let none = run(&server, "user1", &["archive", "nobody@localhost"]).expect_success();
    assert_eq!(none.stdout, "");
}

#[test]
fn a_password_is_changed_and_the_old_one_is_no_good() {
    let server = Settings::new().start_with_users(1);
    let mut passwd = Process::spawn(of_user(&server, "user1", &["passwd"]));
    passwd.send_line("another one");
    let _ = passwd.finish(WITHIN).expect_success();
    let said = fails(run(&server, "user1", &["ping"]), 77);
    assert!(said.contains("password") && !said.contains("pw-user1"), "{said}");
    let mut new = of_user(&server, "user1", &["ping"]);
    new.env("STONECHAT_PASSWORD", "another one");
    let _ = Process::spawn(new).finish(WITHIN).expect_success();
}

#[test]
fn an_account_is_registered_where_that_may_be() {
    let server = Settings::new().set("extensions.register.allow-creation", true).start();
    let registers = |args: &[&str]| run(&server, "user3", &[&["register"], args].concat());
    let said = registers(&[]).expect_success();
    assert_eq!(said.stdout, "user3@localhost is registered\n");
    let _ = run(&server, "user3", &["ping"]).expect_success();
    assert!(fails(registers(&[]), 1).contains("taken"));
    assert!(fails(registers(&["--field", "colour=red"]), 64).contains("colour"));
    let refused = fails(registers(&["--field", "password=secret"]), 64);
    assert!(!refused.contains("secret"), "{refused}");

    // A new password is the first line of standard input.
    let mut without = of_user(&server, "user4", &["register"]);
    without.env_remove("STONECHAT_PASSWORD");
    let mut registering = Process::spawn(without);
    registering.send_line("pw-user4");
    let _ = registering.finish(WITHIN).expect_success();
    let _ = run(&server, "user4", &["ping"]).expect_success();

    let closed = Settings::new().start();
    let said = fails(run(&closed, "user3", &["register"]), 1);
    assert!(said.contains("localhost registers nobody"), "{said}");
}

/// By who logs in, and by who does not.
#[test]
fn the_name_server_that_is_named_is_asked_where_the_server_is() {
    let domain = "chat.example";
    let server = Settings::new().host(domain).set("extensions.register.allow-creation", true).start();
    server.add_user("user1@chat.example", "pw-user1");
    let (name, target) = (format!("_xmpp-client._tcp.{domain}"), "localhost".to_owned());
    let dns = Dns::start(vec![Srv { name, priority: 1, port: server.c2s().port(), target }]);
    for (user, command) in [("user1", "ping"), ("user3", "register")] {
        let mut asks = Place::of(&server).command(&[command]);
        asks.env("STONECHAT_JID", format!("{user}@{domain}"))
            .env("STONECHAT_PASSWORD", format!("pw-{user}"))
            .env("STONECHAT_CA", server.certificate(domain))
            .env("STONECHAT_NAME_SERVER", dns.address().to_string());
        let _ = Process::spawn(asks).finish(WITHIN).expect_success();
    }
}

#[test]
fn each_way_to_fail_has_its_exit_code() {
    let server = Settings::new().start_with_users(1);
    // The command line.
    assert_eq!(run(&server, "user1", &["send", "@@"]).status.code(), Some(64));
    fails(run(&server, "user1", &["send", "user1@localhost"]), 64);
    fails(Process::spawn(command(&server, &["ping"])).finish(WITHIN), 64);
    // A wrong password.
    let mut wrong = of_user(&server, "user1", &["ping"]);
    wrong.env("STONECHAT_PASSWORD", "wrong");
    fails(Process::spawn(wrong).finish(WITHIN), 77);
    // A certificate that the system does not trust, and one of another domain.
    let mut distrust = of_user(&server, "user1", &["ping"]);
    distrust.env_remove("STONECHAT_CA").env_remove("SSL_CERT_FILE");
    assert!(fails(Process::spawn(distrust).finish(WITHIN), 80).contains("--ca"));
    let (port, stranger) = (server.c2s_direct_tls().port().to_string(), "user1@example.org");
    fails(run(&server, "user1", &["--jid", stranger, "--direct-tls", "--port", &port, "ping"]), 80);
    // Nobody there.
    let port = free_port().to_string();
    fails(run(&server, "user1", &["--port", &port, "ping"]), 69);
    // Refused.
    fails(run(&server, "user1", &["--jid", stranger, "ping"]), 1);
    let said = fails(run(&server, "user1", &["send", "nobody@elsewhere.example", "hello"]), 1);
    assert!(said.contains("nobody@elsewhere.example"), "{said}");
    // Somebody who takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    for command in ["ping", "register"] {
        fails(run(&server, "user1", &["--port", &port, "--timeout", "1", command]), 75);
    }
    // A configuration with a mistake.
    let config = server.folder().join("client.toml");
    std::fs::write(&config, "password = 'secret'\n").unwrap();
    let said = fails(run(&server, "user1", &["--config", config.to_str().unwrap(), "ping"]), 78);
    assert!(said.contains("client.toml") && !said.contains("secret"), "{said}");
}

#[test]
fn files_stand_in_for_the_environment_when_nobody_else_may_read_the_passwords() {
    let server = Settings::new().start_with_users(1);
    let folder = server.folder().join(".config/stonechat");
    std::fs::create_dir_all(&folder).unwrap();
    let (port, ca) = (server.c2s().port(), server.certificate("localhost"));
    let config = format!("jid = 'user1@localhost'\nhost = '127.0.0.1'\nport = {port}\nca = {ca:?}\n");
    std::fs::write(folder.join("config.toml"), config).unwrap();
    let keyring = folder.join("keyring");
    std::fs::write(&keyring, "user1@localhost pw-user1\n").unwrap();
    let with = |mode: u32| {
        set_mode(&keyring, mode);
        Process::spawn(command(&server, &["ping"])).finish(WITHIN)
    };
    let said = fails(with(0o644), 78);
    assert!(said.contains("chmod 600"), "{said}");
    let _ = with(0o600).expect_success();
}

#[test]
fn extensions_are_configured_in_the_file_and_a_mistake_is_named() {
    let server = Settings::new().start_with_users(1);
    let config = server.folder().join("client.toml");
    let pings = |text: &str| {
        std::fs::write(&config, text).unwrap();
        run(&server, "user1", &["--config", config.to_str().unwrap(), "ping"])
    };
    let _ = pings("[extensions.receipts]\nanswer = 'nobody'\n[extensions.version]\nenabled = false\n")
        .expect_success();
    let said = fails(pings("[extensions.receipts]\nansver = 'nobody'\n"), 78);
    assert!(said.contains("extensions.receipts") && said.contains("did you mean `answer`?"), "{said}");
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_program_documents_itself() {
    let server = Settings::new().start();
    let of = |args: &[&str]| Process::spawn(command(&server, args)).finish(WITHIN).expect_success().stdout;
    let help = of(&["--help"]);
    for told in ["Examples:", "Exit codes:", "STONECHAT_PASSWORD", "NO_COLOR"] {
        assert!(help.contains(told), "{help}");
    }
    assert!(of(&["man"]).contains(".TH stonechat"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(of(&["completions", shell]).contains("archive"), "{shell}");
    }
}
