//! Whatever is changed on the way, nothing panics and nobody is authenticated.

use std::sync::Arc;

use proptest::prelude::*;

use super::{bound_channel, context, lookup, settle};
use crate::client::{self, Login, Reply};
use crate::scram::ClientKeys;
use crate::server::{self, Step};
use crate::{Channel, Mechanism};

/// One change to a message.
#[derive(Clone, Debug)]
enum Change {
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Cut(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
}

impl Change {
    fn apply(&self, message: &[u8]) -> Vec<u8> {
        let mut message = message.to_vec();
        let len = message.len();
        match self {
            Self::Flip(at, bits) => message[at.index(len)] ^= bits,
            Self::Insert(at, byte) => message.insert(at.index(len + 1), *byte),
            Self::Remove(at) => {
                message.remove(at.index(len));
            }
            Self::Cut(at) => message.truncate(at.index(len)),
            Self::Swap(a, b) => message.swap(a.index(len), b.index(len)),
        }
        message
    }
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), 1_u8..).prop_map(|(at, bits)| Change::Flip(at, bits)),
        (at(), prop_oneof![any::<u8>(), prop::sample::select(&b",=mnrpsivehy"[..])])
            .prop_map(|(at, byte)| Change::Insert(at, byte)),
        at().prop_map(Change::Remove),
        at().prop_map(Change::Cut),
        (at(), at()).prop_map(|(a, b)| Change::Swap(a, b)),
    ]
}

/// Keys as a client has them from an earlier login, so that no test derives them anew.
fn cached() -> ClientKeys {
    thread_local! {
        static KEYS: ClientKeys = {
            let hash = crate::scram::Hash::Sha256;
            ClientKeys::from_prepared(hash, "pencil", b"0123456789abcdef", super::ITERATIONS)
        };
    }
    KEYS.with(Clone::clone)
}

struct Both {
    client: client::Exchange,
    server: server::Exchange,
    /// The messages as they would be without any change.
    initial: Vec<u8>,
}

fn both(mechanism: Mechanism) -> Both {
    let channel = bound_channel();
    let context = Arc::new(context(channel.clone()));
    let login = Login::password("juliet", "pencil").with_cached(cached()).acting_as("juliet@example.org");
    let channel = if mechanism.binds_channel() { channel } else { Channel::tls() };
    let choice = super::choose(mechanism, &channel, &login, context.advertised());
    let (client, initial) = client::Exchange::start(choice, login).unwrap();
    Both { client, server: server::Exchange::start(mechanism, context).unwrap(), initial }
}

impl Both {
    fn first(&mut self, message: &[u8]) -> Step {
        let step = self.server.step(message);
        settle(&mut self.server, step, &lookup)
    }
}

fn scram() -> impl Strategy<Value = Mechanism> {
    prop::sample::select(vec![Mechanism::SCRAM_SHA_256, Mechanism::SCRAM_SHA_256_PLUS])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_changed_first_message_of_the_client_does_not_authenticate(mechanism in scram(), change in change()) {
        let mut both = both(mechanism);
        let changed = change.apply(&both.initial);
        prop_assume!(changed != both.initial);
        if let Step::Challenge(challenge) = both.first(&changed)
            && let Ok(Reply::Respond(response)) = both.client.challenge(&challenge)
        {
            let step = both.server.step(&response);
            prop_assert!(matches!(step, Step::Failed(_)), "{step:?}");
        }
    }

    #[test]
    fn a_changed_challenge_does_not_authenticate(mechanism in scram(), change in change()) {
        let mut both = both(mechanism);
        let initial = both.initial.clone();
        let Step::Challenge(challenge) = both.first(&initial) else { panic!() };
        let changed = change.apply(&challenge);
        prop_assume!(changed != challenge);
        if let Ok(Reply::Respond(response)) = both.client.challenge(&changed) {
            let step = both.server.step(&response);
            prop_assert!(matches!(step, Step::Failed(_)), "{step:?}");
        }
    }

    #[test]
    fn a_changed_response_does_not_authenticate(mechanism in scram(), change in change()) {
        let mut both = both(mechanism);
        let initial = both.initial.clone();
        let Step::Challenge(challenge) = both.first(&initial) else { panic!() };
        let Ok(Reply::Respond(response)) = both.client.challenge(&challenge) else { panic!() };
        let changed = change.apply(&response);
        prop_assume!(changed != response);
        let step = both.server.step(&changed);
        prop_assert!(matches!(step, Step::Failed(_)), "{step:?}");
        let again = both.server.step(&response);
        prop_assert!(matches!(again, Step::Failed(_)), "there is no second try: {again:?}");
    }

    #[test]
    fn a_changed_success_does_not_authenticate_the_server(mechanism in scram(), change in change()) {
        let mut both = both(mechanism);
        let initial = both.initial.clone();
        let Step::Challenge(challenge) = both.first(&initial) else { panic!() };
        let Ok(Reply::Respond(response)) = both.client.challenge(&challenge) else { panic!() };
        let Step::Done(done) = both.server.step(&response) else { panic!() };
        let signature = done.data.unwrap();
        let changed = change.apply(&signature);
        prop_assume!(changed != signature);
        // An added optional extension is not signed and changes nothing (RFC 5802 §7).
        prop_assume!(!changed.starts_with(&signature));
        prop_assert!(both.client.success(Some(&changed)).is_err());
    }

    #[test]
    fn no_messages_at_all_make_the_server_panic_or_authenticate(
        mechanism in prop::sample::select([&Mechanism::SCRAM[..], &[Mechanism::Plain]].concat()),
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..4),
    ) {
        let mut server = server::Exchange::start(mechanism, Arc::new(context(bound_channel()))).unwrap();
        for message in messages {
            let step = server.step(&message);
            let step = match step {
                Step::NeedCredentials(wanted) => server.provide(lookup(&wanted.username)),
                other => other,
            };
            prop_assert!(!matches!(step, Step::Done(_)));
        }
    }

    #[test]
    fn no_messages_at_all_make_the_client_panic_or_trust_the_server(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..4),
    ) {
        let mut client = both(Mechanism::SCRAM_SHA_256).client;
        for message in &messages {
            prop_assert!(client.challenge(message).is_err());
        }
        prop_assert!(client.success(messages.last().map(Vec::as_slice)).is_err());
    }
}
