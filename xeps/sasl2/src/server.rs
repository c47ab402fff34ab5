//! The server's side: what the core's login looks like in this profile.

use stonechat_extension::login::{self, Begin, Failed, Offer, Profile, Succeeded, Word};
use stonechat_extension::{InstallError, Installer, Manifest, NoConfig, ServerExtension};
use stonechat_stanza::Element;

use crate::{Authenticate, Authentication, Failure, NS, Nonza, Success};

/// The extension.
#[derive(Debug)]
pub struct Extension;

impl ServerExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("sasl2").about("lets clients log in with fewer round trips").xep(388, "1.0.4");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let sasl2 = host.share(Self);
        host.login_profile(NS, &sasl2)
    }
}

impl Profile for Extension {
    fn feature(&self, offer: &Offer<'_>, inline: Vec<Element>) -> Element {
        Authentication { mechanisms: offer.mechanisms.to_vec(), inline }.to_element()
    }

    fn read(&self, element: &Element) -> Option<Result<Word, Failed>> {
        Some(match Nonza::read(element)? {
            Ok(Nonza::Authenticate(authenticate)) => Ok(Word::Begin(Box::new(begin(authenticate)))),
            Ok(Nonza::Response(data)) => Ok(Word::Response(data.into_vec().into())),
            Ok(Nonza::Abort) => Ok(Word::Abort),
            // What only a server sends.
            Ok(Nonza::Challenge(_) | Nonza::Success(_) | Nonza::Failure(_)) => return None,
            Err(failure) => Err(failed(&failure)),
        })
    }

    fn challenge(&self, data: &[u8]) -> Element {
        Nonza::Challenge(data.into()).to_element()
    }

    fn success(&self, success: Succeeded) -> Element {
        let Succeeded { data, identity, answers } = success;
        let data = data.map(Into::into);
        Nonza::Success(Success { data, identity: identity.to_string(), answers }).to_element()
    }

    fn failure(&self, failed: &Failed) -> Element {
        let failure = Failure { condition: failed.condition.to_owned(), text: failed.text.clone() };
        Nonza::Failure(failure).to_element()
    }
}

fn begin(authenticate: Authenticate) -> Begin {
    let Authenticate { mechanism, initial, user_agent, requests } = authenticate;
    let user_agent = user_agent.map(|agent| login::UserAgent {
        id: agent.id,
        software: agent.software,
        device: agent.device,
    });
    Begin { mechanism, initial: initial.map(|data| data.into_vec().into()), user_agent, requests }
}

/// The failures that reading gives.
fn failed(failure: &Failure) -> Failed {
    Failed::new(match failure.condition.as_str() {
        "invalid-mechanism" => "invalid-mechanism",
        "incorrect-encoding" => "incorrect-encoding",
        _ => "malformed-request",
    })
}

stonechat_extension::register!(server: Extension);
