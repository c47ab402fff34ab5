//! In-band registration (XEP-0077 §3.1).

use stonechat_stanza::{Element, Kind, Stanza, iq, ns};
use stonechat_stream::negotiation::client::Action;

use super::Connection;
use crate::{Error, Result};

pub(super) async fn register(connection: &mut Connection, account: usize) -> Result<()> {
    let mut negotiation = super::login::negotiation(account, true)?;
    loop {
        while let Some(action) = negotiation.next_action() {
            match action {
                Action::Send(bytes) => connection.send(&bytes).await?,
                Action::Authenticate(_) => negotiation.send_stanza(&request(account)),
                Action::Stanza(answer) if answer.kind() == Kind::Iq(iq::Type::Result) => return Ok(()),
                Action::Stanza(answer) => return Err(Error::Server(format!("refused: {answer}"))),
                Action::Nonza(_) => {}
                other => return Err(Error::Server(format!("{other:?}"))),
            }
        }
        let frame = connection.frame().await?;
        negotiation.frame(frame, connection.pending());
    }
}

fn request(account: usize) -> Stanza {
    let text = |name, text| Element::builder(name, ns::REGISTER).append(text).build();
    let query = Element::builder("query", ns::REGISTER)
        .append(text("username", super::name(account)))
        .append(text("password", super::PASSWORD.to_owned()));
    Stanza::iq(iq::Type::Set).with_id("register").with_element(&query.build())
}
