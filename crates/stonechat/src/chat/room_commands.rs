//! What can be typed about rooms.

use stonechat_jid::BareJid;

use super::conversation::Conversation;
use super::event::Effect;
use super::model::Model;
use super::room::{Room, Standing, Whom};

const NO_ROOM: &str = "that is about a room, and none is shown: /join ROOM";

impl Model {
    /// A command that is about rooms; `None` for another one.
    pub(super) fn room_command(&mut self, command: &str, rest: &str) -> Option<Result<Vec<Effect>, String>> {
        let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
        let more = Some(more.trim()).filter(|more| !more.is_empty());
        Some(match command {
            "/join" => self.join(first, more),
            "/leave" => self.leave(),
            "/invite" => self.about_room(|room, _| {
                let who = BareJid::parse(first).map_err(|error| format!("/invite JID: {error}"))?;
                Ok(vec![Effect::Invite { room: room.clone(), who, reason: more.map(str::to_owned) }])
            }),
            "/nick" if rest.is_empty() => Err("/nick NAME: what else to be called?".to_owned()),
            "/nick" => self
                .about_room(|room, _| Ok(vec![Effect::Rename { room: room.clone(), nick: rest.to_owned() }])),
            "/subject" => self.set_subject(rest),
            "/names" => self.names(),
            "/bookmark" => self.about_room(|room, known| {
                Ok(vec![Effect::Bookmark { room: room.clone(), nick: known.nick.clone() }])
            }),
            "/forget" => self.about_room(|room, _| Ok(vec![Effect::Forget(room.clone())])),
            "/whisper" => self.whisper(rest),
            _ => return None,
        })
    }

    /// The room that is shown.
    pub(crate) fn shown_room(&self) -> Option<&Room> {
        self.shown()?.room.as_ref()
    }

    fn about_room(
        &self,
        of: impl FnOnce(&BareJid, &Room) -> Result<Vec<Effect>, String>,
    ) -> Result<Vec<Effect>, String> {
        match self.shown() {
            Some(Conversation { with, room: Some(room), .. }) => of(with, room),
            _ => Err(NO_ROOM.to_owned()),
        }
    }

    fn join(&mut self, room: &str, nick: Option<&str>) -> Result<Vec<Effect>, String> {
        let room = BareJid::parse(room).map_err(|error| format!("/join ROOM [NICK]: {error}"))?;
        let remembered = self.bookmarks.get(&room);
        let own = self.account.local().unwrap_or_default();
        let nick = nick.or(remembered.and_then(|one| one.nick.as_deref())).unwrap_or(own).to_owned();
        let invited = self.invitations.remove(&room).flatten();
        let password = invited.or_else(|| self.bookmarks.get(&room)?.password.clone());
        let Some(at) = self.conversation(&room) else {
            return Err("there are too many conversations".into());
        };
        let conversation = &mut self.conversations[at];
        let is_in = conversation.room.as_ref().is_some_and(|room| !matches!(room.standing, Standing::Out(_)));
        if !is_in {
            conversation.become_room(Room::entering(nick.clone()));
        }
        let mut effects = self.show(at);
        if !is_in {
            effects.push(Effect::Join { room, nick, password });
        }
        Ok(effects)
    }

    fn leave(&mut self) -> Result<Vec<Effect>, String> {
        self.about_room(|_, _| Ok(Vec::new()))?;
        Ok(self.close())
    }

    fn set_subject(&mut self, text: &str) -> Result<Vec<Effect>, String> {
        if text.is_empty() {
            let subject = self.shown_room().ok_or(NO_ROOM)?.subject.clone();
            self.notice = Some(subject.unwrap_or_else(|| "there is no subject".to_owned()));
            return Ok(Vec::new());
        }
        self.about_room(|room, _| Ok(vec![Effect::Subject { room: room.clone(), text: text.to_owned() }]))
    }

    fn names(&mut self) -> Result<Vec<Effect>, String> {
        let occupants = &self.shown_room().ok_or(NO_ROOM)?.occupants;
        let names: Vec<_> = occupants.keys().map(String::as_str).collect();
        self.notice = Some(format!("{} here: {}", names.len(), names.join(", ")));
        Ok(Vec::new())
    }

    /// Says something to one alone in the room that is shown (XEP-0045 §7.5).
    fn whisper(&mut self, rest: &str) -> Result<Vec<Effect>, String> {
        let room = self.shown_room().ok_or(NO_ROOM)?;
        let (other, text) = room.addressed(rest).ok_or("/whisper NICK TEXT: nobody of that name is here")?;
        if text.is_empty() {
            return Err("/whisper NICK TEXT: what is to be said?".to_owned());
        }
        self.say(text, Whom::Alone(other), None)
    }
}
