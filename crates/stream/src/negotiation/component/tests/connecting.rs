//! The rules of the component's side.

use super::*;

/// What a machine says and how it ends, when the server says this.
fn hear(xml: &str) -> (String, Option<ConnectingError>, usize) {
    let mut stream = Connecting::new(&domain(), secret());
    let mut reader = Reader::new();
    let (mut said, mut end, mut stanzas) = (String::new(), None, 0);
    let mut act = |stream: &mut Connecting| {
        while let Some(action) = stream.next_action() {
            match action {
                ConnectingAction::Send(bytes) => said += &text(bytes),
                ConnectingAction::Close(error) => end = Some(error),
                ConnectingAction::Stanza(_) => stanzas += 1,
                ConnectingAction::Established => said += "[established]",
            }
        }
    };
    act(&mut stream);
    for frame in reader.read(xml) {
        stream.frame(frame);
        act(&mut stream);
    }
    (said, end, stanzas)
}

/// XEP-0114 §3, examples 1 to 4.
#[test]
fn it_opens_the_stream_proves_the_secret_and_waits_for_the_word() {
    let (said, end, _) = hear("");
    assert!(said.contains("<stream:stream xmlns='jabber:component:accept'"), "{said}");
    assert!(said.ends_with(" to='plays.shakespeare.lit'>") && end.is_none(), "{said}");
    let (said, ..) = hear(ANSWER);
    assert!(said.ends_with(HANDSHAKE), "{said}");
    let (said, end, stanzas) = hear(&format!("{ANSWER}{GRANTED}{MESSAGE}"));
    assert!(said.ends_with("[established]") && end.is_none() && stanzas == 1, "{said}");
}

#[test]
fn a_server_that_announces_a_version_may_show_features() {
    let (said, end, _) = hear(&format!("{ANSWER}<stream:features/>{GRANTED}"));
    assert!(said.ends_with("[established]") && end.is_none(), "{said}");
}

#[test]
fn the_server_s_reason_is_told() {
    for condition in ["not-authorized", "host-unknown", "conflict"] {
        let error = format!(
            "<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
        );
        let (said, end, _) = hear(&format!("{ANSWER}{error}"));
        assert!(said.ends_with("</stream:stream>"));
        let Some(ConnectingError::Server(error)) = end else { panic!("{end:?}") };
        assert!(error.to_string().contains(condition), "{error}");
    }
}

#[test]
fn nothing_is_taken_before_the_server_has_agreed() {
    for early in
        [MESSAGE, "<x xmlns='urn:x'/>", ANSWER.replace("jabber:component:accept", "jabber:client").as_str()]
    {
        let text = if early.starts_with("<stream") { early.to_owned() } else { format!("{ANSWER}{early}") };
        let (_, end, stanzas) = hear(&text);
        assert!(matches!(end, Some(ConnectingError::Protocol(_))) && stanzas == 0, "{early}: {end:?}");
    }
}

#[test]
fn the_end_is_told() {
    let (said, end, _) = hear(&format!("{ANSWER}{GRANTED}</stream:stream>"));
    assert!(said.ends_with("</stream:stream>") && end == Some(ConnectingError::Ended));
    let mut stream = Connecting::new(&domain(), secret());
    stream.finish();
    stream.finish();
    stream.error(StreamError::reset());
    let closes = std::iter::from_fn(|| stream.next_action());
    assert_eq!(closes.filter(|action| matches!(action, ConnectingAction::Close(_))).count(), 1);
}
