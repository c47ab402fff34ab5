//! Two accounts that send each other what they like agree in the end.

use std::collections::VecDeque;

use proptest::prelude::*;
use stonechat_xep_presence::subscription::{Direction, Kind, Standing, process};

/// What one of the two users does.
#[derive(Debug, Clone, Copy)]
enum Act {
    Send(Kind),
    /// Removes the other from the roster (RFC 6121 §2.5.2).
    Remove,
}

/// Two accounts, and what is under way to each.
#[derive(Debug, Default)]
struct World {
    standing: [Standing; 2],
    inbox: [VecDeque<Kind>; 2],
}

impl World {
    fn act(&mut self, who: usize, act: Act) {
        match act {
            Act::Send(kind) => {
                let step = process(self.standing[who], Direction::Outbound, kind);
                self.standing[who] = step.standing;
                if step.pass {
                    self.inbox[1 - who].push_back(kind);
                }
            }
            Act::Remove => {
                let state = std::mem::take(&mut self.standing[who]).state;
                if state.is_to() || state.is_pending_out() {
                    self.inbox[1 - who].push_back(Kind::Unsubscribe);
                }
                if state.is_from() || state.is_pending_in() {
                    self.inbox[1 - who].push_back(Kind::Unsubscribed);
                }
            }
        }
    }

    /// Processes the next stanza for that account, if there is one.
    fn receive(&mut self, who: usize) -> bool {
        let Some(kind) = self.inbox[who].pop_front() else { return false };
        let step = process(self.standing[who], Direction::Inbound, kind);
        self.standing[who] = step.standing;
        self.inbox[1 - who].extend(step.reply);
        true
    }

    /// Processes everything; it has to come to an end.
    fn settle(&mut self) {
        let mut steps = 0;
        while self.receive(0) || self.receive(1) {
            steps += 1;
            assert!(steps < 1000, "the two answer each other for ever");
        }
    }

    /// What a server does when its user logs in: it probes those whom the user sees, and asks again where there is no answer.
    fn log_in(&mut self, who: usize) {
        let state = self.standing[who].state;
        if state.is_to() && !self.standing[1 - who].state.is_from() {
            self.inbox[who].push_back(Kind::Unsubscribed);
        }
        if state.is_pending_out() {
            self.inbox[1 - who].push_back(Kind::Subscribe);
        }
        self.settle();
    }

    /// Whether what `who` believes of its own subscription is what the other believes of it.
    fn agrees(&self, who: usize) -> bool {
        let (mine, theirs) = (self.standing[who].state, self.standing[1 - who].state);
        mine.is_to() == theirs.is_from() && mine.is_pending_out() == theirs.is_pending_in()
    }
}

fn act() -> impl Strategy<Value = (usize, Act)> {
    let kinds = prop::sample::select(Kind::ALL.to_vec()).prop_map(Act::Send);
    (0..2_usize, prop_oneof![8 => kinds, 1 => Just(Act::Remove)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn both_sides_agree_after_each_act_when_stanzas_do_not_cross(acts in prop::collection::vec(act(), 1..40)) {
        let mut world = World::default();
        for (who, act) in acts {
            world.act(who, act);
            world.settle();
            prop_assert!(world.agrees(0) && world.agrees(1), "after {:?} of {}: {:?}", act, who, world.standing);
        }
    }

    #[test]
    fn nobody_believes_to_see_or_to_have_asked_in_vain_after_logging_in_when_stanzas_have_crossed(
        acts in prop::collection::vec((act(), 0..3_usize, 0..3_usize), 1..40),
    ) {
        let mut world = World::default();
        for ((who, act), first, second) in acts {
            world.act(who, act);
            (0..first).for_each(|_| { world.receive(0); });
            (0..second).for_each(|_| { world.receive(1); });
        }
        world.settle();
        world.log_in(0);
        world.log_in(1);
        for who in 0..2 {
            let (mine, theirs) = (world.standing[who].state, world.standing[1 - who].state);
            prop_assert!(!mine.is_to() || theirs.is_from(), "{:?}", world.standing);
            prop_assert!(!mine.is_pending_out() || theirs.is_pending_in(), "{:?}", world.standing);
        }
    }
}
