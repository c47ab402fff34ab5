//! Scripts: tests that read as a conversation.

use std::time::Duration;

use stonechat_stanza::{Element, Stanza, ns};

use super::{DOMAIN, TestHost, matches};

/// Who is at another server, in scripts.
const PEER: &str = "peer";

pub(super) async fn run(host: &TestHost, text: &str) {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Err(problem) = step(host, line).await {
            panic!("in the script, at `{line}`: {problem}");
        }
    }
}

async fn step(host: &TestHost, line: &str) -> Result<(), String> {
    if let Some((client, rest)) = line.split_once('→') {
        return send(host, client.trim(), rest.trim()).await;
    }
    if let Some((client, pattern)) = line.split_once('←') {
        return expect(host, client.trim(), pattern.trim());
    }
    if let Some(seconds) = line.strip_prefix("later ") {
        let seconds = seconds.trim().parse().map_err(|_| "`later` takes seconds")?;
        host.clock().advance(Duration::from_secs(seconds));
        return Ok(());
    }
    let (names, verb) = line.rsplit_once(' ').ok_or("what does that mean?")?;
    let names = names.split(',').map(str::trim);
    match verb {
        "online" => {
            for name in names.clone() {
                host.online(name).await;
            }
            for name in names {
                host.client(name).received();
            }
        }
        "connects" | "connect" => {
            for name in names {
                match is_domain(name) {
                    true => host.component(name).await,
                    false => drop(host.connect(name).await),
                }
            }
        }
        "disconnects" | "disconnect" => {
            for name in names {
                host.disconnect(name).await;
            }
        }
        "exists" | "exist" => {
            for name in names {
                host.account(name).await;
            }
        }
        "forgets" | "forget" => {
            for name in names {
                host.client(name).received();
            }
        }
        _ => return Err(format!("there is no verb `{verb}`")),
    }
    Ok(())
}

/// Whether this is a component's name, and not a client's.
fn is_domain(name: &str) -> bool {
    name.contains('.') && !name.contains('/')
}

async fn send(host: &TestHost, client: &str, what: &str) -> Result<(), String> {
    if client == PEER {
        host.from_peer(what).await;
        return Ok(());
    }
    if is_domain(client) {
        host.from_component(what).await;
        return Ok(());
    }
    if what.starts_with('<') {
        host.client(client).send(what).await;
        return Ok(());
    }
    let (to, children) = what.split_once(':').ok_or("a message is `a/1 → b: <children/>`")?;
    let to = match to.trim().split_once('/') {
        Some((local, resource)) => format!("{local}@{DOMAIN}/{resource}"),
        None => format!("{}@{DOMAIN}", to.trim()),
    };
    host.client(client).send(&format!("<message type='chat' to='{to}'>{children}</message>")).await;
    Ok(())
}

fn expect(host: &TestHost, client: &str, pattern: &str) -> Result<(), String> {
    let received = match client {
        PEER => host.to_peer(),
        domain if is_domain(domain) => host.to_component(domain),
        client => host.client(client).next(),
    };
    if pattern == "nothing" {
        return received.map_or(Ok(()), |stanza| Err(format!("but it received {stanza}")));
    }
    let stanza = received.ok_or("but it received nothing")?;
    let wanted = element(pattern)?;
    let got = stanza.to_element();
    let whole = wanted.ns() == ns::CLIENT && matches!(wanted.name(), "message" | "presence" | "iq");
    let fits =
        if whole { matches(&wanted, &got) } else { got.children().any(|child| matches(&wanted, child)) };
    if fits { Ok(()) } else { Err(format!("but it received {stanza}")) }
}

/// Reads a pattern; a name without a namespace is in the content namespace.
fn element(text: &str) -> Result<Element, String> {
    let wrapped = format!("<message xmlns='{}'>{text}</message>", ns::CLIENT);
    let stanza = Stanza::parse(wrapped.as_bytes()).map_err(|error| error.to_string())?;
    let element = stanza.to_element();
    element.children().next().cloned().ok_or_else(|| "an element is expected".to_owned())
}
