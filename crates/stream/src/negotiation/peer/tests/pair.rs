//! Three servers' machines with each other, byte for byte.

use stonechat_stanza::sm;

use super::*;
use crate::dialback::Answer;
use crate::negotiation::Tls;

/// A stream from one machine to the other, with what each hands out.
struct Play {
    out: Outgoing,
    inn: Incoming,
    readers: (Reader, Reader),
    offer: Offer,
    established: bool,
    answered: Option<Answer>,
    asked: Option<(Pair, String, String)>,
    judged: Option<(Pair, String, String)>,
    authorized: Vec<Pair>,
    counting: Counting,
    acknowledged: Option<u32>,
}

impl Play {
    fn begin(pair: Pair, purpose: Purpose, offer: Offer) -> Self {
        let config = OutgoingConfig { pair, tls: Tls::Required, purpose };
        let incoming = IncomingConfig { tls: Tls::Required, max_pairs: 2, default_host: None };
        let mut play = Self {
            out: Outgoing::new(config),
            inn: Incoming::new(incoming),
            readers: (Reader::new(), Reader::new()),
            offer,
            established: false,
            answered: None,
            asked: None,
            judged: None,
            authorized: Vec::new(),
            counting: Counting::Off,
            acknowledged: None,
        };
        play.go();
        play
    }

    /// Until nobody has anything to say.
    fn go(&mut self) {
        loop {
            let (to_in, to_out) = (self.outgoing(), self.incoming());
            if to_in.is_empty() && to_out.is_empty() {
                return;
            }
            for frame in self.readers.1.read(&to_in) {
                self.inn.frame(frame, 0);
            }
            for frame in self.readers.0.read(&to_out) {
                self.out.frame(frame, 0);
            }
        }
    }

    fn outgoing(&mut self) -> String {
        let mut said = String::new();
        while let Some(action) = self.out.next_action() {
            match action {
                OutgoingAction::Send(bytes) => said.push_str(&text(bytes)),
                OutgoingAction::Restart => self.readers.0.reset(),
                OutgoingAction::StartTls => {
                    self.readers.0.reset();
                    self.out.tls_established();
                }
                OutgoingAction::Established(established) => {
                    self.established = true;
                    self.counting = established.counting;
                }
                OutgoingAction::Acknowledged(handled) => self.acknowledged = Some(handled),
                OutgoingAction::Answered(answer) => self.answered = Some(answer),
                OutgoingAction::Close(_) => {}
            }
        }
        said
    }

    fn incoming(&mut self) -> String {
        let mut said = String::new();
        while let Some(action) = self.inn.next_action() {
            match action {
                IncomingAction::Send(bytes) => said.push_str(&text(bytes)),
                IncomingAction::HostWanted(_) => self.inn.host(Some(self.offer.clone())),
                IncomingAction::Restart => self.readers.1.reset(),
                IncomingAction::StartTls => {
                    self.readers.1.reset();
                    self.inn.tls_established();
                }
                IncomingAction::Verify { pair, stream, key } => self.asked = Some((pair, stream, key)),
                IncomingAction::Judge { pair, stream, key } => self.judged = Some((pair, stream, key)),
                IncomingAction::Authorized(pair) => self.authorized.push(pair),
                IncomingAction::Enable(sm::Enable { resume, .. }) => {
                    let id = resume.then(|| "new".to_owned());
                    self.inn.enabled(&sm::Enabled { id, resume, max: None, location: None });
                }
                IncomingAction::Resume(sm::Resume { previd, .. }) => self.inn.resumed(&previd, 7),
                IncomingAction::AckWanted => self.inn.acknowledge(8),
                IncomingAction::Stanza(_)
                | IncomingAction::Misaddressed { .. }
                | IncomingAction::Close(_) => {}
            }
        }
        said
    }
}

fn send(external: bool) -> Purpose {
    Purpose::Send { external, dialback: Some(secret()), management: Management::Enable }
}

#[test]
fn certificates_that_are_good_are_enough() {
    let offer = Offer { external: true, dialback: true, ..Offer::default() };
    let play = Play::begin(capulet_to_montague(), send(true), offer);
    assert!(play.established && play.asked.is_none());
    assert_eq!(play.authorized, [capulet_to_montague()]);
    assert_eq!(play.counting, Counting::Off, "it is not offered");
}

#[test]
fn stanzas_are_counted_where_both_sides_can() {
    let resume = Management::Resume { id: "old".to_owned(), handled: 0 };
    for (management, counting) in [
        (Management::Off, Counting::Off),
        (Management::Enable, Counting::Anew { id: Some("new".to_owned()) }),
        (resume, Counting::Resumed { handled: 7 }),
    ] {
        let offer = Offer { external: true, management: true, ..Offer::default() };
        let purpose = Purpose::Send { external: true, dialback: None, management };
        let mut play = Play::begin(capulet_to_montague(), purpose, offer);
        assert!(play.established);
        assert_eq!(play.inn.counts(), counting != Counting::Off);
        assert_eq!(play.counting, counting);
        if counting != Counting::Off {
            let request = play.readers.1.read("<r xmlns='urn:xmpp:sm:3'/>").remove(0);
            play.inn.frame(request, 0);
            play.go();
            assert_eq!(play.acknowledged, Some(8));
        }
    }
}

/// XEP-0220 §1.4: all four steps, and the key is found good by whoever has made it, or by nobody.
#[test]
fn dialback_goes_its_way_through_three_servers() {
    for (secret, expected) in [(secret(), Answer::Valid), (Secret::new([8; 32]), Answer::Invalid)] {
        let offer = Offer { dialback: true, ..Offer::default() };
        let mut first = Play::begin(capulet_to_montague(), send(true), offer.clone());
        let (pair, stream, key) = first.asked.clone().expect("the key has come");

        let purpose = Purpose::Verify { stream: stream.clone(), key };
        let back = Pair { sender: pair.target.clone(), target: pair.sender.clone() };
        let mut second = Play::begin(back, purpose, offer);
        let (judged, id, key) = second.judged.clone().expect("the question has come");
        assert_eq!((&judged, &id), (&pair, &stream));
        let answer = if secret.is_key(&judged, &id, &key) { Answer::Valid } else { Answer::Invalid };
        second.inn.judged(&judged, &id, answer);
        second.go();
        assert_eq!(second.answered, Some(expected.clone()));

        first.inn.verified(&pair, expected.clone());
        first.go();
        assert_eq!(first.established, expected == Answer::Valid);
        assert_eq!(first.authorized.len(), usize::from(expected == Answer::Valid));
    }
}
