//! RFC 6121 appendix A.3 with a contact at another server: what comes in every state, once and then once more, as links that break may have
//! it.

mod common;

use common::host;
use stonechat_extension::test_host::TestHost;
use stonechat_stanza::Kind as StanzaKind;
use stonechat_xep_presence::subscription::{Direction, Kind, Standing, State, process};

const ASKS: &str = "a/1 → <presence to='b@example.net' type='subscribe'/>";
const GRANTS: &str = "a/1 → <presence to='b@example.net' type='subscribed'/>";
const IS_ASKED: &str = "peer → <presence from='b@example.net' to='a@example.org' type='subscribe'/>";
const IS_GRANTED: &str = "peer → <presence from='b@example.net' to='a@example.org' type='subscribed'/>";

/// What leads to a state.
const fn way_to(state: State) -> &'static [&'static str] {
    match state {
        State::None => &[],
        State::NonePendingOut => &[ASKS],
        State::NonePendingIn => &[IS_ASKED],
        State::NonePendingOutIn => &[ASKS, IS_ASKED],
        State::To => &[ASKS, IS_GRANTED],
        State::ToPendingIn => &[ASKS, IS_GRANTED, IS_ASKED],
        State::From => &[IS_ASKED, GRANTS],
        State::FromPendingOut => &[IS_ASKED, GRANTS, ASKS],
        State::Both => &[ASKS, IS_GRANTED, IS_ASKED, GRANTS],
    }
}

/// Subscription and question in the roster; a contact that is not there is one without either.
async fn shown(host: &TestHost) -> (String, bool) {
    let client = host.connect("a/roster").await;
    let answer = client.ask("<iq type='get' id='get'><query xmlns='jabber:iq:roster'/></iq>").await;
    host.disconnect("a/roster").await;
    let query: stonechat_xep_roster::Query = answer.get().expect("a roster").expect("a query");
    let item = query.items.into_iter().find(|item| item.jid.as_str() == "b@example.net");
    item.map_or_else(|| ("none".to_owned(), false), |item| (item.subscription.to_string(), item.ask))
}

fn expected(state: State) -> (String, bool) {
    let subscription = match (state.is_to(), state.is_from()) {
        (false, false) => "none",
        (true, false) => "to",
        (false, true) => "from",
        (true, true) => "both",
    };
    (subscription.to_owned(), state.is_pending_out())
}

/// What was said to the other server about subscriptions.
fn answers(host: &TestHost) -> Vec<Kind> {
    std::iter::from_fn(|| host.to_peer())
        .filter_map(|stanza| match stanza.kind() {
            StanzaKind::Presence(kind) => Kind::of(kind),
            other => panic!("{other:?} to the peer"),
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_a_peer_sends_twice_does_what_it_does_once_in_every_state() {
    for state in State::ALL {
        for kind in Kind::ALL {
            let host = host().await;
            host.federate();
            host.run(&format!("a/1 online\n{}\na/1 forgets", way_to(state).join("\n"))).await;
            assert_eq!(shown(&host).await, expected(state), "{state:?}");
            answers(&host);
            let mut standing = Standing { state, approved: false };
            for time in ["once", "twice"] {
                let step = process(standing, Direction::Inbound, kind);
                standing = step.standing;
                let script = format!(
                    "peer → <presence from='b@example.net' to='a@example.org' type='{}'/>\na/1 forgets",
                    kind.as_type().as_str().unwrap()
                );
                host.run(&script).await;
                let replies: Vec<Kind> = step.reply.into_iter().collect();
                assert_eq!(answers(&host), replies, "{kind:?} in {state:?}, {time}");
                assert_eq!(shown(&host).await, expected(standing.state), "{kind:?} in {state:?}, {time}");
            }
        }
    }
}

/// §4.3, §4.5: presence, its end, and probes, as often as they come; what is of no known type changes nothing.
#[tokio::test(start_paused = true)]
async fn presence_that_comes_again_is_shown_again_and_a_probe_is_answered_again() {
    let host = host().await;
    host.federate();
    host.run(&format!("a/1 online\n{}\na/1 forgets", way_to(State::Both).join("\n"))).await;
    while host.to_peer().is_some() {}
    for stanza in [
        "<presence from='b@example.net/x' to='a@example.org'/>",
        "<presence from='b@example.net/x' to='a@example.org' type='unavailable'/>",
    ] {
        let script =
            format!("peer → {stanza}\na/1 ← {stanza}\npeer → {stanza}\na/1 ← {stanza}\npeer ← nothing");
        host.run(&script).await;
    }
    host.run(
        "peer → <presence from='b@example.net' to='a@example.org' type='probe'/>
         peer ← <presence from='a@example.org/1' to='b@example.net'/>
         peer → <presence from='b@example.net' to='a@example.org' type='probe'/>
         peer ← <presence from='a@example.org/1' to='b@example.net'/>
         peer → <presence from='b@example.net/x' to='a@example.org' type='invisible'/>
         a/1 ← nothing",
    )
    .await;
    assert_eq!(shown(&host).await, expected(State::Both));
}
