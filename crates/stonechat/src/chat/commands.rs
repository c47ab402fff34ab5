//! What can be typed: messages, and commands.

use stonechat_jid::BareJid;
use stonechat_stanza::{Payload as _, Stanza};
use stonechat_xep_chatstates::State as ChatState;
use stonechat_xep_correction::correct;
use stonechat_xep_reactions::react;
use stonechat_xep_replies::Reply;
use stonechat_xep_retraction::retract;

use super::address::{Address, answer, author};
use super::conversation::Conversation;
use super::event::Effect;
use super::line::{Line, Remark, State};
use super::model::Model;
use super::room::Whom;
use super::said::Change;
use crate::stanzas;

/// The commands, with what follows them.
pub(crate) const COMMANDS: [(&str, &str); 21] = [
    ("/open", "JID: open a conversation"),
    ("/close", "close this conversation; leave this room"),
    ("/join", "ROOM [NICK]: enter a room"),
    ("/leave", "leave this room"),
    ("/invite", "JID [REASON]: invite somebody to this room"),
    ("/nick", "NAME: be called otherwise in this room"),
    ("/subject", "[TEXT]: say the subject of this room, or give it another one"),
    ("/names", "say who is in this room"),
    ("/whisper", "NICK TEXT: say something to one alone in this room"),
    ("/bookmark", "remember this room, and enter it by itself"),
    ("/forget", "forget this room, and leave it"),
    ("/reply", "TEXT: answer the chosen message, or the last one"),
    ("/react", "EMOJI…: react to it; without one, take it back"),
    ("/correct", "TEXT: another text for the chosen message of yours, or the last one"),
    ("/retract", "take it back"),
    ("/add", "JID [NAME]: add a contact, and ask to see its presence"),
    ("/remove", "JID: remove a contact"),
    ("/accept", "JID: let somebody see your presence"),
    ("/refuse", "JID: do not let somebody see your presence"),
    ("/help", "say what can be typed"),
    ("/quit", "leave"),
];

impl Model {
    pub(super) fn enter(&mut self) -> Vec<Effect> {
        let text = self.input.take();
        let text = text.trim();
        let done = match text.strip_prefix('/') {
            // Two slashes are a text that begins with one.
            Some(rest) if !rest.starts_with('/') => self.command(text),
            Some(text) => self.speak(text),
            None if text.is_empty() => Ok(Vec::new()),
            None => self.speak(text),
        };
        done.unwrap_or_else(|notice| {
            self.notice = Some(notice);
            Vec::new()
        })
    }

    fn command(&mut self, text: &str) -> Result<Vec<Effect>, String> {
        let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        let (jid, name) = rest.split_once(' ').unwrap_or((rest, ""));
        if let Some(done) = self.room_command(command, rest) {
            return done;
        }
        let jid = || BareJid::parse(jid).map_err(|error| format!("{command} JID: {error}"));
        match command {
            "/quit" => Ok(vec![Effect::Quit]),
            "/help" => {
                let words = COMMANDS.map(|(command, what)| format!("{command} {what}"));
                self.notice = Some(words.join("; "));
                Ok(Vec::new())
            }
            "/close" => Ok(self.close()),
            "/open" => Ok(self.conversation(&jid()?).map_or_else(Vec::new, |at| self.show(at))),
            "/reply" => self.reply(rest),
            "/react" => self.react(rest),
            "/correct" => self.correct(rest),
            "/retract" => self.retract(),
            "/add" => Ok(vec![Effect::Add { jid: jid()?, name: name.trim().to_owned() }]),
            "/remove" => Ok(vec![Effect::Remove(jid()?)]),
            "/accept" | "/refuse" => {
                let (jid, accept) = (jid()?, command == "/accept");
                self.requests.remove(&jid);
                Ok(vec![Effect::Answer { jid, accept }])
            }
            _ => Err(format!("{command} is no command: /help says what can be typed")),
        }
    }

    pub(super) fn close(&mut self) -> Vec<Effect> {
        let mut effects = self.stop_typing(ChatState::Active);
        if let Some(at) = self.current.take() {
            let closed = self.conversations.remove(at);
            effects.extend(closed.room.map(|_| Effect::Leave(closed.with)));
            self.current = self.conversations.len().checked_sub(1).map(|last| last.min(at));
        }
        effects
    }

    fn talking(&mut self) -> Result<&mut Conversation, String> {
        self.typing = None;
        self.shown_mut().ok_or_else(|| "to whom? Open a conversation: /open JID".to_owned())
    }

    /// Says something to all with whom the conversation is.
    fn speak(&mut self, text: &str) -> Result<Vec<Effect>, String> {
        let whom = if self.shown_room().is_some() { Whom::All } else { Whom::Peer };
        self.say(text, whom, None)
    }

    /// Sends a message in the conversation that is shown, in answer to another one or not.
    pub(super) fn say(
        &mut self,
        text: &str,
        whom: Whom,
        reply: Option<&Line>,
    ) -> Result<Vec<Effect>, String> {
        let (id, at, account) = (self.fresh_id(), self.now, self.account.clone());
        let conversation = self.talking()?;
        let address = conversation.address(&whom)?;
        let stanza = match reply {
            None => stanzas::saying(address.kind, address.to.clone(), &id, text),
            Some(line) => answer(conversation, line, &account, text).ok_or(NO_NAME)?.with_id(&id),
        };
        let stanza = address.written_on(stanza, &id);
        conversation.scroll = 0;
        conversation.unread = 0;
        conversation.chosen = None;
        let by = conversation.room.as_ref().map(|room| room.speaker(&room.nick));
        let reply = reply.and_then(|line| line.name().map(str::to_owned));
        let line = Line::new(Some(id.clone()), true, at, text.to_owned(), State::Queued);
        conversation.insert(Line { by, whom, reply, ..line });
        let mut effects = self.read();
        effects.push(Effect::Send { stanza, follow: Some(id) });
        Ok(effects)
    }

    fn reply(&mut self, text: &str) -> Result<Vec<Effect>, String> {
        if text.is_empty() {
            return Err("/reply TEXT: what is the answer?".to_owned());
        }
        let chosen = self.talking()?.target(false).cloned().ok_or(NO_MESSAGE)?;
        self.say(text, chosen.whom.clone(), Some(&chosen))
    }

    fn react(&mut self, emojis: &str) -> Result<Vec<Effect>, String> {
        let all: Vec<String> = emojis.split_whitespace().map(str::to_owned).collect();
        let of = |id: &str, address: &Address| react(address.to.clone(), address.kind, id, &all);
        self.about(false, Change::Reacted(all.clone()), of)
    }

    fn retract(&mut self) -> Result<Vec<Effect>, String> {
        let of = |id: &str, address: &Address| retract(address.to.clone(), address.kind, id);
        self.about(true, Change::Retracted, of)
    }

    fn correct(&mut self, text: &str) -> Result<Vec<Effect>, String> {
        if text.is_empty() {
            return Err("/correct TEXT: what is right?".to_owned());
        }
        let conversation = self.talking()?;
        let answer = conversation.target(true).and_then(|line| {
            let to = conversation.answered(line).and_then(|original| author(conversation, original));
            Some(Reply { to, id: line.reply.clone()? })
        });
        let of = |id: &str, address: &Address| {
            // It is complete (XEP-0308 §4): an answer stays one.
            let mut right = stanzas::saying(address.kind, address.to.clone(), "", text);
            answer.iter().for_each(|answer| right.push_element(&answer.to_element()));
            correct(id, right)
        };
        self.about(true, Change::Corrected(text.to_owned()), of)
    }

    /// Says something about the chosen message, or the last one: one's own, or the other side's. It goes to those to whom the message went.
    fn about(
        &mut self,
        own: bool,
        change: Change,
        stanza: impl FnOnce(&str, &Address) -> Stanza,
    ) -> Result<Vec<Effect>, String> {
        let (id, at) = (self.fresh_id(), self.now);
        let conversation = self.talking()?;
        let line = conversation.target(own).ok_or(NO_MESSAGE)?;
        // A correction names the message by the id that its sender gave it, everywhere (XEP-0308 §3).
        let name = if let Change::Corrected(_) = change { line.id.as_deref() } else { line.name() };
        let (about, whom) = (name.ok_or(NO_NAME)?.to_owned(), line.whom.clone());
        let address = conversation.address(&whom)?;
        let stanza = address.written_on(stanza(&about, &address).with_id(&id), &id);
        conversation.chosen = None;
        let (by, archive_id, follow) = (None, None, Some(id.clone()));
        let remark = Remark { about, mine: true, by, whom, id: follow.clone(), archive_id, at, change };
        conversation.remark(remark);
        if let Some(corrected) = conversation.mine(&id) {
            // The right text is on its way now.
            corrected.state = State::Queued;
        }
        Ok(vec![Effect::Send { stanza, follow }])
    }
}

const NO_MESSAGE: &str = "there is no such message: Up and Down choose one";
const NO_NAME: &str = "that message has no id by which the others know it";
