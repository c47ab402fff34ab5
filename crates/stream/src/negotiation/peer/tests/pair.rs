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
    /// What may be sent back, what has come of it, and what of that is acknowledged.
    back: Option<Pair>,
    heard: u32,
    acknowledged_back: Option<u32>,
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
            back: None,
            heard: 0,
            acknowledged_back: None,
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
                OutgoingAction::Stanza(_) => self.heard += 1,
                OutgoingAction::AckWanted => self.out.acknowledge(self.heard),
                OutgoingAction::Judge { pair, stream, key } => {
                    let answer =
                        if secret().is_key(&pair, &stream, &key) { Answer::Valid } else { Answer::Invalid };
                    self.out.judged(&pair, &stream, answer);
                }
                OutgoingAction::Misaddressed(_) | OutgoingAction::Close(_) => {}
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
                IncomingAction::Bidirectional(pair) => self.back = Some(pair),
                IncomingAction::Acknowledged(handled) => self.acknowledged_back = Some(handled),
                IncomingAction::Stanza(_)
                | IncomingAction::Misaddressed { .. }
                | IncomingAction::Close(_) => {}
            }
        }
        said
    }
}

fn send(external: bool) -> Purpose {
    Purpose::Send { external, dialback: Some(secret()), management: Management::Enable, bidi: false }
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
        let purpose = Purpose::Send { external: true, dialback: None, management, bidi: false };
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

/// XEP-0288 examples 3 and 5, with XEP-0198 on it: what comes back is counted as well, and is of that pair alone.
#[test]
fn stanzas_come_back_on_the_stream_where_both_sides_can() {
    for (external, asks, offers) in
        [(true, true, true), (false, true, true), (true, false, true), (true, true, false)]
    {
        let offer = Offer { external, dialback: true, management: true, bidi: offers, ..Offer::default() };
        let Purpose::Send { dialback, management, .. } = send(true) else { panic!() };
        let purpose = Purpose::Send { external: true, dialback, management, bidi: asks };
        let mut play = Play::begin(capulet_to_montague(), purpose, offer);
        if let Some((pair, ..)) = play.asked.clone() {
            assert_eq!(play.back, None, "nothing comes back before it is known who asks");
            play.inn.verified(&pair, Answer::Valid);
            play.go();
        }
        assert!(play.established);
        let is_bidi = asks && offers;
        assert_eq!(play.back, is_bidi.then(|| capulet_to_montague().inverse()));
        assert_eq!((play.out.is_bidi(), play.inn.is_bidi()), (is_bidi, is_bidi));
        if !is_bidi {
            continue;
        }
        for frame in play.readers.0.read(&format!("{BACK}{BACK}<r xmlns='urn:xmpp:sm:3'/>")) {
            play.out.frame(frame, 0);
        }
        play.go();
        assert_eq!((play.heard, play.acknowledged_back), (2, Some(2)));
        // Who is spoken with forth is spoken with back.
        for frame in play.readers.1.read(MESSAGE) {
            play.inn.frame(frame, 0);
        }
        play.go();
    }
}

#[test]
fn a_side_that_is_done_hears_what_is_still_under_way() {
    let offer = Offer { external: true, bidi: true, ..Offer::default() };
    let purpose = Purpose::Send { external: true, dialback: None, management: Management::Off, bidi: true };
    let mut play = Play::begin(capulet_to_montague(), purpose, offer);
    play.out.finish();
    assert_eq!(play.outgoing(), "</stream:stream>");
    for frame in play.readers.0.read(BACK) {
        play.out.frame(frame, 0);
    }
    assert_eq!((play.outgoing().as_str(), play.heard), ("", 1));
    play.out.frame(Frame::Close, 0);
    assert_eq!(play.outgoing(), "", "it was said before");
}
