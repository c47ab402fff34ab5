//! What the extension and its service share.

use std::collections::HashMap;

use jiff::Timestamp;
use parking_lot::Mutex;
use stonechat_stanza::Stanza;
use stonechat_stanza::jid::BareJid;
use stonechat_xep_presence::Availability;
use tokio::sync::oneshot;

use super::invitations::Recent;
use super::{Config, Entered, Join, JoinError};
use crate::room::{Phase, Room, Step};

/// Who waits to be in.
pub(super) type Waiter = oneshot::Sender<Result<Entered, JoinError>>;

#[derive(Debug)]
struct State {
    rooms: HashMap<BareJid, (Room, Option<Waiter>)>,
    /// How we are available.
    own: Availability,
    online: bool,
    ticks: bool,
    recent: Recent,
}

#[derive(Debug)]
pub(super) struct Shared {
    config: Config,
    state: Mutex<State>,
}

impl Shared {
    pub(super) fn new(config: Config) -> Self {
        let state = State {
            rooms: HashMap::new(),
            own: Availability::default(),
            online: false,
            ticks: false,
            recent: Recent::default(),
        };
        Self { config, state: Mutex::new(state) }
    }

    /// Does something with a room that we are in or want to be in.
    pub(super) fn with<T>(&self, room: &BareJid, then: impl FnOnce(&mut Room) -> T) -> Option<T> {
        self.state.lock().rooms.get_mut(room).map(|(room, _)| then(room))
    }

    /// As [`with`](Self::with), and with how we are available.
    pub(super) fn with_own<T>(
        &self,
        room: &BareJid,
        then: impl FnOnce(&mut Room, &Availability) -> T,
    ) -> Option<T> {
        let mut state = self.state.lock();
        let State { rooms, own, .. } = &mut *state;
        rooms.get_mut(room).map(|(room, _)| then(room, own))
    }

    /// There is a room to be in.
    pub(super) fn add(&self, address: &BareJid, join: Join, waiter: Waiter) -> Result<(), JoinError> {
        let mut state = self.state.lock();
        if state.rooms.contains_key(address) {
            return Err(JoinError::Already);
        }
        if state.rooms.len() >= self.config.most_rooms {
            return Err(JoinError::TooMany);
        }
        let room = Room::new(address.clone(), join, self.config.most_occupants);
        state.rooms.insert(address.clone(), (room, Some(waiter)));
        Ok(())
    }

    /// Nobody wants to know of it any more.
    pub(super) fn forget(&self, room: &BareJid) {
        let removed = self.state.lock().rooms.remove(room);
        if let Some((_, Some(waiter))) = removed {
            // Who has waited may have given up.
            let _gone = waiter.send(Err(JoinError::Left));
        }
    }

    pub(super) fn waiter(&self, room: &BareJid) -> Option<Waiter> {
        self.state.lock().rooms.get_mut(room)?.1.take()
    }

    pub(super) fn rooms(&self) -> Vec<BareJid> {
        let state = self.state.lock();
        let entered = state.rooms.iter().filter(|(_, (room, _))| room.phase() == Phase::In);
        entered.map(|(address, _)| address.clone()).collect()
    }

    /// What is to be done when the session is gone.
    pub(super) fn session_lost(&self) -> Vec<(BareJid, Vec<Step>)> {
        let mut state = self.state.lock();
        let all = state.rooms.iter_mut();
        all.map(|(address, (room, _))| (address.clone(), room.session_lost())).collect()
    }

    /// Whether there is a session; says whether somebody looks after the rooms, who does so from here on.
    pub(super) fn set_online(&self, online: bool) -> bool {
        let mut state = self.state.lock();
        state.online = online;
        std::mem::replace(&mut state.ticks, true)
    }

    pub(super) fn is_online(&self) -> bool {
        self.state.lock().online
    }

    /// What the passing of time leads to.
    pub(super) fn tick(&self, now: Timestamp) -> Vec<(BareJid, Step)> {
        let mut state = self.state.lock();
        if !state.online {
            return Vec::new();
        }
        let silence = self.config.silence;
        let all = state.rooms.iter_mut();
        all.filter_map(|(address, (room, _))| Some((address.clone(), room.tick(now, silence)?))).collect()
    }

    /// How we are available from here on, and what rooms are told of it.
    pub(super) fn available(&self, own: Availability) -> Vec<Stanza> {
        let mut state = self.state.lock();
        let told = state.rooms.values().filter_map(|(room, _)| room.tell(&own)).collect();
        state.own = own;
        told
    }

    pub(super) fn unavailable(&self) {
        self.state.lock().rooms.values_mut().for_each(|(room, _)| room.unavailable());
    }

    /// Whether an invitation is worth telling (XEP-0249 §4): not where we are, and not twice.
    pub(super) fn is_news(&self, room: &BareJid, now: Timestamp) -> bool {
        let mut state = self.state.lock();
        let there = state.rooms.get(room).is_some_and(|(room, _)| room.phase() == Phase::In);
        !there && state.recent.put(room, now)
    }
}
