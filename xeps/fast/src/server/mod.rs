//! The server's side: who has which tokens.

mod clients;
mod config;
mod store;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::Arc;
use stonechat_extension::login::{self, AtLogin, Claim, Failed, InlineFeature, Login, Offer, Proof};
use stonechat_extension::{Cx, HandlerError, InstallError, Installer, Keep, Manifest, ServerExtension};
use stonechat_stanza::Element;
use stonechat_stanza::payload::Payload as _;

use crate::slots::{Issued, Refusal, Secret, Slots, Use};
use crate::{Fast, Feature, NS, RequestToken, Token};
pub use clients::Clients;
pub use config::Config;
use store::Tokens;

/// The extension.
#[derive(Debug)]
pub struct Extension {
    config: Config,
    tokens: Tokens,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("fast")
        .about("lets clients come back with a token in the place of the password")
        .xep(484, "0.2.0")
        .needs("sasl2");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        if let Some(problem) = config.problem() {
            return Err(host.failed(problem));
        }
        let about = "tokens with which clients log in in the place of the password";
        let map = host.map_store("fast-tokens", about, Keep::WithAccount)?;
        let tokens = Tokens::new(map, host.store(), config.clients_per_account.into());
        let mechanisms = config.mechanisms();
        let fast = host.share(Self { config, tokens });
        host.inline_feature(&fast);
        host.tokens(mechanisms, &fast)?;
        host.at_login(&fast);
        host.provide::<dyn Clients>(Arc::clone(&fast) as Arc<dyn Clients>)
    }
}

/// §3.1.
impl InlineFeature for Extension {
    fn inline_feature(&self, offer: &Offer<'_>) -> Option<Element> {
        let mechanisms = offer.token_mechanisms.to_vec();
        (!mechanisms.is_empty()).then(|| Feature { mechanisms }.to_element())
    }
}

/// §3.4: what the client says of the token. Without it, and when it is broken, there is none.
fn used(claim: &Claim) -> Option<Fast> {
    Fast::parse(claim.request(NS, "fast")?).ok()
}

#[async_trait]
impl login::Tokens for Extension {
    async fn secrets(&self, _: &mut Cx<'_>, claim: &Claim) -> Result<Vec<login::Secret>, HandlerError> {
        let (Some(_), Some(installation)) = (used(claim), claim.installation()) else {
            return Ok(Vec::new());
        };
        let slots = self.tokens.get(&claim.account, installation).await?;
        let provable = slots.provable(&claim.mechanism, &claim.epoch);
        Ok(provable.map(|issued| login::Secret::new(issued.secret.expose().to_owned())).collect())
    }

    async fn accept(
        &self,
        cx: &mut Cx<'_>,
        claim: &Claim,
        secret: &login::Secret,
    ) -> Result<Option<Failed>, HandlerError> {
        let (Some(fast), Some(installation)) = (used(claim), claim.installation()) else {
            return Ok(Some(Failed::new("not-authorized")));
        };
        let Fast { count, invalidate } = fast;
        let by = Use { secret, epoch: &claim.epoch, count, invalidate, now: cx.now() };
        let changed = self.tokens.change(&claim.account, installation, |slots| slots.used(by)).await?;
        Ok(changed.err().map(|refusal| match refusal {
            // §4.2.
            Refusal::Expired => Failed::new("credentials-expired"),
            Refusal::Gone | Refusal::Replayed => Failed::new("not-authorized"),
        }))
    }
}

/// §3.3 and §3.5: a token for who asks for one, and for who needs a new one.
#[async_trait]
impl AtLogin for Extension {
    async fn at_login(&self, cx: &mut Cx<'_>, login: &Login) -> Result<Option<Element>, HandlerError> {
        let Some(installation) = login.installation() else { return Ok(None) };
        let Some(mechanism) = self.wanted(cx, login, installation).await? else { return Ok(None) };
        let secret = random()?;
        let now = cx.now();
        let expiry = now.checked_add(self.config.lifetime());
        let expiry = expiry.map_err(|error| HandlerError::new(error.to_string()))?;
        self.tokens.tidy(&login.account, &login.epoch, now).await?;
        // A client whose tokens somebody else has ended since it proved one gets no more of them.
        let follows = login.proof == Proof::Token && used(login).is_some_and(|fast| !fast.invalidate);
        let issue = |slots: Slots| {
            if follows && !slots.has_current() {
                return Err(());
            }
            let secret = Secret::new(secret.clone());
            Ok(slots.issue(Issued::new(secret, &mechanism, &login.epoch, expiry), now))
        };
        if self.tokens.change(&login.account, installation, issue).await?.is_err() {
            return Ok(None);
        }
        tracing::debug!(account = %login.account, mechanism, "a token is issued");
        Ok(Some(Token { token: secret, expiry }.to_element()))
    }
}

impl Extension {
    /// The mechanism of the token that the client is to get, if it is to get one.
    async fn wanted(
        &self,
        cx: &Cx<'_>,
        login: &Login,
        installation: &str,
    ) -> Result<Option<String>, HandlerError> {
        if login.proof == Proof::Anonymous {
            return Ok(None);
        }
        if let Some(request) = login.request(NS, RequestToken::NAME) {
            let mechanism = RequestToken::parse(request).ok().map(|request| request.mechanism);
            let known = |mechanism: &String| self.config.mechanisms().contains(&mechanism.as_str());
            return Ok(mechanism.filter(known));
        }
        if login.proof != Proof::Token {
            return Ok(None);
        }
        let slots = self.tokens.get(&login.account, installation).await?;
        let due = slots.is_due(self.config.rotate_before_seconds(), cx.now());
        Ok(due.then(|| login.mechanism.clone()))
    }
}

/// 256 bits.
fn random() -> Result<String, HandlerError> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| HandlerError::new(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

stonechat_extension::register!(server: Extension);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_token_has_256_random_bits() {
        let tokens: BTreeSet<String> =
            (0..100).map(|_| random().expect("the system has random numbers")).collect();
        assert_eq!(tokens.len(), 100);
        for token in &tokens {
            assert_eq!(URL_SAFE_NO_PAD.decode(token).map(|bytes| bytes.len()), Ok(32), "{token}");
        }
    }
}
