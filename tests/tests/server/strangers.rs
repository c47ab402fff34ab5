//! What a stranger learns of accounts from a server with all its extensions: nothing, not even whether they exist.

use stonechat_tests::{Raw, Settings};

/// Elements that a server or client has an answer for, and one that nobody has.
const REQUESTS: &[(&str, &str)] = &[
    ("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
    ("get", "<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>"),
    ("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>"),
    ("get", "<query xmlns='jabber:iq:last'/>"),
    ("get", "<query xmlns='jabber:iq:version'/>"),
    ("get", "<query xmlns='jabber:iq:register'/>"),
    ("set", "<query xmlns='jabber:iq:register'><username>x</username><password>y</password></query>"),
    ("set", "<query xmlns='jabber:iq:register'><remove/></query>"),
    ("get", "<query xmlns='jabber:iq:roster'/>"),
    ("set", "<query xmlns='jabber:iq:roster'><item jid='a@b.example'/></query>"),
    ("get", "<query xmlns='jabber:iq:private'><x xmlns='urn:x'/></query>"),
    ("get", "<vCard xmlns='vcard-temp'/>"),
    ("get", "<time xmlns='urn:xmpp:time'/>"),
    ("get", "<ping xmlns='urn:xmpp:ping'/>"),
    ("get", "<blocklist xmlns='urn:xmpp:blocking'/>"),
    ("set", "<block xmlns='urn:xmpp:blocking'><item jid='a@b.example'/></block>"),
    ("set", "<unblock xmlns='urn:xmpp:blocking'/>"),
    ("set", "<enable xmlns='urn:xmpp:carbons:2'/>"),
    ("set", "<enable xmlns='urn:xmpp:push:0' jid='push.example' node='x'/>"),
    ("set", "<disable xmlns='urn:xmpp:push:0' jid='push.example'/>"),
    ("get", "<query xmlns='urn:xmpp:mam:2'/>"),
    ("set", "<query xmlns='urn:xmpp:mam:2'/>"),
    ("get", "<prefs xmlns='urn:xmpp:mam:2'/>"),
    ("set", "<prefs xmlns='urn:xmpp:mam:2' default='never'/>"),
    ("get", "<metadata xmlns='urn:xmpp:mam:2'/>"),
    ("get", "<list xmlns='urn:xmpp:cam:0'/>"),
    ("set", "<revoke xmlns='urn:xmpp:cam:0' id='x'/>"),
    ("get", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='x'/></pubsub>"),
    ("set", "<command xmlns='http://jabber.org/protocol/commands' node='x'/>"),
    ("get", "<unknown xmlns='urn:x:unknown'/>"),
    ("set", "<unknown xmlns='urn:x:unknown'/>"),
    ("result", ""),
    ("get", ""),
];

const OTHERS: &[&str] = &[
    "<presence to='{}'/>",
    "<presence to='{}' type='unavailable'/>",
    "<presence to='{}' type='probe'/>",
    "<presence to='{}' type='subscribe'/>",
    "<presence to='{}' type='subscribed'/>",
    "<presence to='{}' type='unsubscribe'/>",
    "<presence to='{}' type='unsubscribed'/>",
    "<presence to='{}' type='error'/>",
    "<message to='{}' type='error'/>",
    "<message to='{}' type='headline'><body>x</body></message>",
    "<message to='{}' type='groupchat'><body>x</body></message>",
    "<message to='{}'><received xmlns='urn:xmpp:receipts' id='1'/></message>",
    "<message to='{}'><body>x</body></message>",
    "<message to='{}' type='chat'><body>x</body></message>",
    "<message to='{}' type='chat'><body>x</body><no-store xmlns='urn:xmpp:hints'/></message>",
    "<message to='{}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
];

#[test]
fn nothing_that_a_stranger_sends_tells_online_offline_and_absent_accounts_apart() {
    let server = Settings::new().start_with_users(3);
    let mut online = Raw::login(&server, "user1", "there");
    online.send("<presence/>");
    online.ping("online");
    let mut stranger = Raw::login(&server, "user3", "stranger");
    stranger.send("<presence/>");
    stranger.ping("online");

    let requests =
        REQUESTS.iter().map(|(kind, payload)| format!("<iq type='{kind}' id='q' to='{{}}'>{payload}</iq>"));
    let mut number = 0;
    for template in requests.chain(OTHERS.iter().map(|template| (*template).to_owned())) {
        for resource in ["", "/there", "/gone"] {
            let mut told = |name: &str| {
                let jid = format!("{name}@localhost");
                stranger.send(template.replace("{}", &format!("{jid}{resource}")));
                number += 1;
                let id = format!("after-{number}");
                stranger.ping(&id).replace(&jid, "NAME").replace(&id, "ID")
            };
            let absent = told("nobody");
            for name in ["user1", "user2"] {
                assert_eq!(told(name), absent, "{name}{resource}: {template}");
            }
        }
    }
    drop(online);
}
