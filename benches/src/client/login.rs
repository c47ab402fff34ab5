//! From a connection to a session, by XMPP.

use stonechat_sasl::client::{Exchange, Login, Offer, Policy, Reply, choose};
use stonechat_sasl::scram::Advertised;
use stonechat_sasl::{Channel, Mechanism};
use stonechat_stanza::jid::BareJid;
use stonechat_stream::Features;
use stonechat_stream::negotiation::Tls;
use stonechat_stream::negotiation::client::{Action, Config, Negotiation};
use stonechat_stream::sasl::{ChannelBindings, Mechanisms};

use super::{Connection, Target};
use crate::{Error, Result};

/// Negotiates a stream with SCRAM-SHA-256 and binds the resource.
pub(super) async fn log_in(
    target: &Target,
    connection: &mut Connection,
    account: usize,
    resource: &str,
    secure: bool,
) -> Result<()> {
    let mut negotiation = negotiation(account, secure)?;
    let mut exchange: Option<Exchange> = None;
    loop {
        while let Some(action) = negotiation.next_action() {
            match action {
                Action::Send(bytes) => connection.send(&bytes).await?,
                Action::Authenticate(features) => {
                    let (started, initial) = start(target, &features, account, secure)?;
                    negotiation.authenticate(started.mechanism().name(), Some(&initial));
                    exchange = Some(started);
                }
                Action::Challenge(data) => {
                    let exchange =
                        exchange.as_mut().ok_or_else(|| failed("a challenge without a mechanism"))?;
                    negotiation.respond(&answer(exchange, &data)?);
                }
                Action::Success(data) => {
                    let exchange = exchange.take().ok_or_else(|| failed("a success without a mechanism"))?;
                    let authenticated = exchange.success(data.as_deref()).map_err(failed)?;
                    if let Some(keys) = authenticated.keys() {
                        target.cache_keys(account, keys);
                    }
                    negotiation.accept();
                }
                Action::Restart => connection.reset(),
                Action::Authenticated(_) => negotiation.bind(Some(resource)),
                Action::Established(_) => return Ok(()),
                Action::Stanza(_) | Action::Nonza(_) => {}
                other => return Err(failed(format!("{other:?}"))),
            }
        }
        let frame = connection.frame().await?;
        negotiation.frame(frame, connection.pending());
    }
}

/// The beginning of a stream on a connection that has TLS, or will do without.
pub(super) fn negotiation(account: usize, secure: bool) -> Result<Negotiation> {
    let jid = BareJid::parse(&super::address(account)).map_err(failed)?;
    let tls = if secure { Tls::Established } else { Tls::Unavailable };
    Ok(Negotiation::new(Config { tls, ..Config::new(&jid) }))
}

fn start(target: &Target, features: &Features, account: usize, secure: bool) -> Result<(Exchange, Vec<u8>)> {
    let mechanisms = features.get::<Mechanisms>().map_err(failed)?.unwrap_or_default();
    let mut advertised = Advertised::new(mechanisms.names);
    if let Some(bindings) = features.get::<ChannelBindings>().map_err(failed)? {
        advertised = advertised.with_binding_types(bindings.types);
    }
    let mut login = Login::password(super::name(account), super::PASSWORD);
    if let Some(keys) = target.cached_keys(account) {
        login = login.with_cached(keys);
    }
    // Without channel binding, as not all servers have it.
    let channel = if secure { Channel::tls() } else { Channel::plaintext() };
    let policy = Policy::of([Mechanism::SCRAM_SHA_256]);
    let choice = choose(&Offer::sasl(advertised), &channel, &login, &policy).map_err(failed)?;
    Exchange::start(choice, login).map_err(failed)
}

fn answer(exchange: &mut Exchange, challenge: &[u8]) -> Result<Vec<u8>> {
    match exchange.challenge(challenge).map_err(failed)? {
        Reply::Respond(answer) => Ok(answer),
        Reply::Derive(derivation) => exchange.derived(derivation.run()).map_err(failed),
    }
}

fn failed(why: impl std::fmt::Display) -> Error {
    Error::Server(format!("the login failed: {why}"))
}
