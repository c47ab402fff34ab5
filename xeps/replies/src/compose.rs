//! Making and reading a reply.

use stonechat_stanza::payload::Builder;
use stonechat_stanza::sid::StanzaId;
use stonechat_stanza::{Kind, Stanza, message, ns};
use stonechat_xep_fallback::{Fallback, body_without};

use crate::{NS, Reply};

/// The answer to a message, to where it came from, with the beginning of the body as quotation (§3.1). `None` when the message cannot be
/// referred to: it has no id, or comes from a room that has given it none (§4), or it says not from whom it is.
#[must_use]
pub fn reply(to: &Stanza, text: &str) -> Option<Stanza> {
    let from = to.from()?;
    let room = to.kind() == Kind::Message(message::Type::Groupchat);
    let (kind, back) = match to.kind() {
        Kind::Message(message::Type::Groupchat) => (message::Type::Groupchat, from.to_bare().into()),
        Kind::Message(message::Type::Error) => return None,
        Kind::Message(kind) => (kind, from.to_jid()),
        _ => return None,
    };
    let id = if room { id_of_room(to, from.bare_str())? } else { to.id()?.to_owned() };
    let quotation = body(to).map(|body| quote(&body)).unwrap_or_default();
    let mut answer = Stanza::message(kind).with_to(back);
    answer.push_element(&Builder::new("body", ns::CLIENT).text(format!("{quotation}{text}")).build());
    answer.push(&Reply { to: Some(from.to_jid()), id });
    if !quotation.is_empty() {
        let length = u32::try_from(quotation.chars().count()).ok()?;
        answer.push(&Fallback::beginning(NS, length));
    }
    Some(answer)
}

/// The text of a message without what it quotes of the message that it answers.
#[must_use]
pub fn body(message: &Stanza) -> Option<String> {
    body_without(message, &[NS])
}

fn quote(text: &str) -> String {
    text.lines().map(|line| format!("> {line}\n")).collect()
}

/// The id that a room has given (§4), and nobody else.
fn id_of_room(message: &Stanza, room: &str) -> Option<String> {
    let ids = message.children().filter_map(|child| child.parse::<StanzaId>().ok());
    ids.into_iter().find(|id| id.by.as_str() == room).map(|id| id.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stanza(xml: &str) -> Stanza {
        Stanza::parse(xml.as_bytes()).expect(xml)
    }

    #[test]
    fn in_a_room_only_the_room_s_id_counts() {
        // §4.
        let message = |ids: &str| {
            stanza(&format!(
                "<message from='room@muc.example/anna' type='groupchat' id='own'><body>x</body>{ids}</message>"
            ))
        };
        let id = "<stanza-id xmlns='urn:xmpp:sid:0' by='eve@example.com' id='forged'/><stanza-id xmlns='urn:xmpp:sid:0' by='room@muc.example' id='room-1'/>";
        let answer = reply(&message(id), "y").expect("a reply");
        assert_eq!(answer.get::<Reply>().unwrap().unwrap().id, "room-1");
        assert_eq!(answer.to().unwrap().as_str(), "room@muc.example");
        assert!(reply(&message(""), "y").is_none());
    }

    #[test]
    fn a_reply_to_a_reply_quotes_what_is_new() {
        let first = stanza("<message from='a@b/c' id='1' type='chat'><body>one\ntwo</body></message>");
        let mut second = reply(&first, "three").expect("a reply");
        assert_eq!(second.get::<Fallback>().unwrap(), Some(Fallback::beginning(NS, 12)));
        second.set_from(Some("d@e/f".parse().unwrap()));
        second.set_id(Some("2"));
        let third = reply(&second, "four").expect("a reply");
        assert!(third.to_string().contains("<body>&gt; three\nfour</body>"), "{third}");
    }

    #[test]
    fn what_has_no_id_or_sender_or_is_an_error_is_not_replied_to() {
        for xml in [
            "<message from='a@b/c' type='chat'/>",
            "<message id='1' type='chat'/>",
            "<message from='a@b/c' id='1' type='error'/>",
            "<presence from='a@b/c' id='1'/>",
        ] {
            assert!(reply(&stanza(xml), "x").is_none(), "{xml}");
        }
    }

    #[test]
    fn the_example_is_read() {
        let message = stanza(
            "<message to='anna@example.com' id='message-id2' type='chat'><body>Great idea!</body>\
            <reply to='anna@example.com/tablet' id='message-id1' xmlns='urn:xmpp:reply:0' /></message>",
        );
        let expected =
            Reply { to: Some("anna@example.com/tablet".parse().unwrap()), id: "message-id1".into() };
        assert_eq!(message.get::<Reply>(), Ok(Some(expected)));
        assert_eq!(body(&message).as_deref(), Some("Great idea!"));
    }
}
