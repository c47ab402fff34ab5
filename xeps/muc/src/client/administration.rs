//! What moderators, admins and owners do (§8, §9, §10).

use stonechat_extension::client::RequestError;
use stonechat_stanza::forms::{self, Field, Form};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Payload, Stanza, iq, message};

use super::Rooms;
use crate::{Admin, Affiliation, Destroy, Item, Owner, REQUEST, Role};

impl Rooms {
    /// Changes the role of an occupant: gives and takes voice (§8.3, §8.4), makes somebody moderator (§9.6, §9.7).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn set_role(
        &self,
        room: &BareJid,
        nick: &str,
        role: Role,
        reason: Option<&str>,
    ) -> Result<(), RequestError> {
        let items = vec![Item::with_role(nick, role).because(reason)];
        self.set(room, &Admin { items }).await
    }

    /// Puts an occupant out of the room (§8.2); they may come back.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn kick(&self, room: &BareJid, nick: &str, reason: Option<&str>) -> Result<(), RequestError> {
        self.set_role(room, nick, Role::None, reason).await
    }

    /// Changes what a person is to the room (§9.1 to §9.5, §10.3 to §10.8).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn set_affiliation(
        &self,
        room: &BareJid,
        who: BareJid,
        affiliation: Affiliation,
        reason: Option<&str>,
    ) -> Result<(), RequestError> {
        let items = vec![Item::with_affiliation(who, affiliation).because(reason)];
        self.set(room, &Admin { items }).await
    }

    /// Puts a person out of the room for good (§9.1).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn ban(&self, room: &BareJid, who: BareJid, reason: Option<&str>) -> Result<(), RequestError> {
        self.set_affiliation(room, who, Affiliation::Outcast, reason).await
    }

    /// Who has an affiliation (§9.2, §9.5, §10.5, §10.8).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn affiliated(
        &self,
        room: &BareJid,
        affiliation: Affiliation,
    ) -> Result<Vec<Item>, RequestError> {
        let items = vec![Item { affiliation: Some(affiliation), ..Item::default() }];
        self.listed(room, items).await
    }

    /// Which occupants have a role (§8.5, §9.8).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn with_role(&self, room: &BareJid, role: Role) -> Result<Vec<Item>, RequestError> {
        let items = vec![Item { role: Some(role), ..Item::default() }];
        self.listed(room, items).await
    }

    /// How a room can be configured (§10.1.3, §10.2); `None` when it cannot.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn configuration(&self, room: &BareJid) -> Result<Option<Form>, RequestError> {
        let question = Stanza::iq(iq::Type::Get).with_to(room.clone()).with(&Owner::default());
        let answer = self.handle.exchange(question).await?;
        Ok(answer.get::<Owner>()?.and_then(|owner| owner.form))
    }

    /// Configures a room by a form that is filled out. An [empty one](Form::new) takes a room that was made just now as it is (§10.1.2), and
    /// [a cancellation](Form::cancel) makes it go away again.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn configure(&self, room: &BareJid, form: Form) -> Result<(), RequestError> {
        self.set(room, &Owner { form: Some(form), destroy: None }).await
    }

    /// Takes a room that was made just now as it is, so that others may enter (§10.1.2).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn accept(&self, room: &BareJid) -> Result<(), RequestError> {
        self.configure(room, Form::new(forms::Type::Submit)).await
    }

    /// Ends a room (§10.9).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn destroy(&self, room: &BareJid, destroy: Destroy) -> Result<(), RequestError> {
        self.set(room, &Owner { form: None, destroy: Some(destroy) }).await
    }

    /// Asks for voice in a moderated room (§7.13). When it is given, [`News::Changed`](super::News::Changed) tells.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn request_voice(&self, room: &BareJid) -> Result<(), RequestError> {
        let role = Field::bare("muc#role").with_value(Role::Participant.as_str());
        self.form(room, Form::of(forms::Type::Submit, REQUEST).with_field(role)).await
    }

    /// Gives voice to who has asked for it, or does not (§8.6): the answer to [`News::VoiceRequested`](super::News::VoiceRequested).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn answer_voice(&self, room: &BareJid, asked: &Form, allow: bool) -> Result<(), RequestError> {
        let kept = ["muc#role", "muc#jid", "muc#roomnick"];
        let fields = kept.into_iter().filter_map(|var| Some((var, asked.field(var)?.values.clone())));
        let form = fields.fold(Form::of(forms::Type::Submit, REQUEST), |form, (var, values)| {
            form.with_field(Field::bare(var).with_values(values))
        });
        let allow = Field::bare("muc#request_allow").with_value(if allow { "true" } else { "false" });
        self.form(room, form.with_field(allow)).await
    }

    async fn form(&self, room: &BareJid, form: Form) -> Result<(), RequestError> {
        let message = Stanza::message(message::Type::Normal).with_to(room.clone()).with(&form);
        self.handle.send(message).await?;
        Ok(())
    }

    async fn listed(&self, room: &BareJid, items: Vec<Item>) -> Result<Vec<Item>, RequestError> {
        let question = Stanza::iq(iq::Type::Get).with_to(room.clone()).with(&Admin { items });
        let answer = self.handle.exchange(question).await?;
        Ok(answer.get::<Admin>()?.unwrap_or_default().items)
    }

    async fn set(&self, room: &BareJid, what: &impl Payload) -> Result<(), RequestError> {
        let request = Stanza::iq(iq::Type::Set).with_to(room.clone()).with(what);
        self.handle.exchange(request).await.map(drop)
    }
}
