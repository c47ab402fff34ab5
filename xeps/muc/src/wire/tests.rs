use stonechat_stanza::jid::Jid;
use stonechat_stanza::payload::ParseError;
use stonechat_stanza::{Element, Payload};

use super::*;

fn element(xml: &str) -> Element {
    xml.parse().expect("XML")
}

fn both<T: Payload>(xml: &str) -> T {
    let read = T::parse(&element(xml)).expect("it is read");
    assert_eq!(read.to_element(), element(xml), "it is written as it was read");
    read
}

fn jid(text: &str) -> Jid {
    text.parse().expect("an address")
}

/// Examples 26 and 35 to 39.
#[test]
fn entering_has_a_password_and_a_history() {
    let enter: Enter =
        both("<x xmlns='http://jabber.org/protocol/muc'><password>cauldronburn</password></x>");
    assert_eq!(enter.password.as_deref(), Some("cauldronburn"));
    assert!(!format!("{enter:?}").contains("cauldron"));
    for (attribute, history) in [
        ("maxchars='65000'", History { maxchars: Some(65000), ..History::default() }),
        ("maxstanzas='20'", History::last(20)),
        ("seconds='180'", History::seconds(180)),
        (
            "since='1970-01-01T00:00:00Z'",
            History { since: "1970-01-01T00:00:00Z".parse().ok(), ..History::default() },
        ),
        ("maxchars='0'", History::NOTHING),
    ] {
        let xml = format!("<x xmlns='http://jabber.org/protocol/muc'><history {attribute}/></x>");
        assert_eq!(both::<Enter>(&xml).history, Some(history));
    }
}

/// Examples 50 and 90.
#[test]
fn a_room_says_who_did_what_to_whom() {
    let user: User = both(
        "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='none'><actor nick='Fluellen'/>\
         <reason>Avaunt, you cullion!</reason></item><status code='110'/><status code='307'/></x>",
    );
    let item = user.item.expect("an item");
    assert_eq!((item.affiliation, item.role), (Some(Affiliation::None), Some(Role::None)));
    assert_eq!(item.actor, Some(Actor { nick: Some("Fluellen".into()), jid: None }));
    assert_eq!(item.reason.as_deref(), Some("Avaunt, you cullion!"));
    assert!(user.codes.has(code::SELF) && user.codes.has(code::KICKED) && !user.codes.has(code::BANNED));
    let user: User = both(
        "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='member' role='participant' \
         jid='hag66@shakespeare.lit/pda' nick='oldhag'/><status code='303'/></x>",
    );
    assert_eq!(user.item.expect("an item").nick.as_deref(), Some("oldhag"));
}

/// Examples 56 to 59, and 202.
#[test]
fn invitations_their_refusal_and_the_end_of_a_room() {
    let user: User = both(
        "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='crone1@shakespeare.lit/desktop'>\
         <reason>Hey Hecate</reason><continue thread='e0ffe42b'/></invite><password>cauldronburn</password></x>",
    );
    let invite = Invite {
        to: None,
        from: Some(jid("crone1@shakespeare.lit/desktop")),
        reason: Some("Hey Hecate".into()),
        continued: Some("e0ffe42b".into()),
    };
    assert!(!format!("{user:?}").contains("cauldron"));
    assert_eq!((user.invites, user.password.as_deref()), (vec![invite], Some("cauldronburn")));
    let user: User = both(
        "<x xmlns='http://jabber.org/protocol/muc#user'><decline to='crone1@shakespeare.lit'><reason>Sorry</reason></decline></x>",
    );
    assert_eq!(user.decline.expect("it is declined").to, Some(jid("crone1@shakespeare.lit")));
    let user: User = both(
        "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='none'/>\
         <destroy jid='coven@chat.shakespeare.lit'><reason>Macbeth doth come.</reason></destroy></x>",
    );
    let destroy = user.destroy.expect("it is destroyed");
    assert_eq!(destroy.venue.expect("another room"), "coven@chat.shakespeare.lit");
}

/// Examples 129, 131, 155, 158 and 201.
#[test]
fn requests_of_admins_and_owners() {
    let admin: Admin =
        both("<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='member'/></query>");
    assert_eq!(admin.items[0].affiliation, Some(Affiliation::Member));
    let admin: Admin = both(
        "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='none' jid='hag66@shakespeare.lit'/>\
         <item affiliation='member' jid='hecate@shakespeare.lit'/></query>",
    );
    let hecate = "hecate@shakespeare.lit".parse().expect("an address");
    assert_eq!(admin.items[1], Item::with_affiliation(hecate, Affiliation::Member));
    let owner: Owner = both(
        "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>",
    );
    assert!(owner.form.is_some());
    assert_eq!(both::<Owner>("<query xmlns='http://jabber.org/protocol/muc#owner'/>"), Owner::default());
    both::<Owner>(
        "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy jid='coven@chat.shakespeare.lit'><reason>Macbeth doth come.</reason></destroy></query>",
    );
}

/// XEP-0249 examples 1 and 2; XEP-0421 example 4.
#[test]
fn direct_invitations_and_occupants() {
    let invite: DirectInvite = both(
        "<x xmlns='jabber:x:conference' jid='darkcave@macbeth.shakespeare.lit' password='cauldronburn' reason='Hey Hecate' \
         continue='true' thread='e0ffe42b'/>",
    );
    assert!(invite.continues && !format!("{invite:?}").contains("cauldron"));
    let one = "<x xmlns='jabber:x:conference' jid='darkcave@macbeth.shakespeare.lit' continue='1'/>";
    assert!(DirectInvite::parse(&element(one)).expect("it is read").continues);
    let none: Result<DirectInvite, ParseError> =
        DirectInvite::parse(&element("<x xmlns='jabber:x:conference'>Hey</x>"));
    assert!(none.is_err(), "what old rooms add to their invitations is none");
    let id: OccupantId =
        both("<occupant-id xmlns='urn:xmpp:occupant-id:0' id='dd72603deec90a38ba552f7c68cbcc61bca202cd'/>");
    assert_eq!(id.id.len(), 40);
}
