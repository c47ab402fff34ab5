//! Scripts: tests that read as a conversation between the client and its server.

use std::time::Duration;

use stonechat_stanza::{Element, Stanza, ns};

use super::TestClient;
use crate::test_host::matches;

pub(super) fn run(client: &mut TestClient, text: &str) {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Err(problem) = step(client, line) {
            panic!("in the script, at `{line}`: {problem}");
        }
    }
}

fn step(client: &mut TestClient, line: &str) -> Result<(), String> {
    if let Some(xml) = line.strip_prefix("server →") {
        client.receive(xml.trim());
        return Ok(());
    }
    if let Some(pattern) = line.strip_prefix("server ←") {
        let sent = client.sent().map(|stanza| stanza.to_element());
        return expect(sent, pattern.trim());
    }
    if let Some(pattern) = line.strip_prefix("stream ←") {
        let sent = client.element();
        return expect(sent, pattern.trim());
    }
    if let Some(pattern) = line.strip_prefix("app ←") {
        let stanza = client.stanza().map(|inbound| inbound.stanza.to_element());
        return expect(stanza, pattern.trim());
    }
    if let Some(seconds) = line.strip_prefix("later ") {
        let seconds = seconds.trim().parse().map_err(|_| "`later` takes seconds")?;
        client.advance(Duration::from_secs(seconds));
        return Ok(());
    }
    match line {
        "connects" => client.connect(false),
        "resumes" => client.connect(true),
        "disconnects" => client.disconnect(true),
        "loses the session" => client.disconnect(false),
        _ => return Err("what does that mean?".to_owned()),
    }
    Ok(())
}

fn expect(got: Option<Element>, pattern: &str) -> Result<(), String> {
    if pattern == "nothing" {
        return got.map_or(Ok(()), |element| Err(format!("but there is {}", String::from(&element))));
    }
    let got = got.ok_or("but there is nothing")?;
    if matches(&element(pattern)?, &got) { Ok(()) } else { Err(format!("but it is {}", String::from(&got))) }
}

/// Reads a pattern; a name without a namespace is in the content namespace.
fn element(text: &str) -> Result<Element, String> {
    let wrapped = format!("<message xmlns='{}'>{text}</message>", ns::CLIENT);
    let stanza = Stanza::parse(wrapped.as_bytes()).map_err(|error| error.to_string())?;
    stanza.to_element().children().next().cloned().ok_or_else(|| "an element is expected".to_owned())
}
