//! A client that logs in by SASL2 (XEP-0388).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{Raw, Server, trusting};

const NS: &str = "xmlns='urn:xmpp:sasl:2'";

/// A client at the features that come under TLS, with a stream in the name of an account. It knows just enough SASL2 to say what a
/// test wants said.
#[derive(Debug)]
pub struct Sasl2 {
    /// The connection.
    pub raw: Raw,
    /// The features.
    pub features: String,
}

impl Sasl2 {
    /// Connects with TLS from the first byte and opens a stream to `localhost` from `user` of it, or from nobody.
    ///
    /// # Panics
    /// When the server does not do its part.
    #[track_caller]
    #[must_use]
    pub fn connect(server: &Server, user: &str) -> Self {
        let tls = trusting(&server.certificate("localhost"));
        let mut raw = Raw::connect(server.c2s_direct_tls()).tls(tls, "localhost");
        let from = if user.is_empty() { String::new() } else { format!(" from='{user}@localhost'") };
        raw.send(crate::header("localhost").replace(" to=", &format!("{from} to=")));
        let features = raw.until("</stream:features>");
        Self { raw, features }
    }

    /// Sends `<authenticate/>` with this initial response and, behind it, these elements.
    pub fn authenticate(&mut self, mechanism: &str, initial: &[u8], more: &str) {
        let initial = STANDARD.encode(initial);
        self.raw.send(format!(
            "<authenticate {NS} mechanism='{mechanism}'><initial-response>{initial}</initial-response>{more}</authenticate>"
        ));
    }

    /// As [`authenticate`](Self::authenticate) with PLAIN and the password `pw-USER`.
    pub fn plain(&mut self, user: &str, more: &str) {
        self.authenticate("PLAIN", format!("\0{user}\0pw-{user}").as_bytes(), more);
    }

    /// Sends `<response/>`.
    pub fn respond(&mut self, data: &[u8]) {
        self.raw.send(format!("<response {NS}>{}</response>", STANDARD.encode(data)));
    }

    /// Takes the challenge.
    ///
    /// # Panics
    /// When something else comes.
    #[track_caller]
    pub fn challenge(&mut self) -> Vec<u8> {
        let challenge = self.raw.until("</challenge>");
        let (before, _) = challenge.rsplit_once("</").expect("an element");
        let text = before.rsplit_once('>').map_or("", |(_, text)| text);
        STANDARD.decode(text).expect("a challenge is base64")
    }

    /// Takes `<success/>` with the features behind it: both in one text.
    ///
    /// # Panics
    /// When something else comes.
    #[track_caller]
    pub fn success(&mut self) -> String {
        let success = self.raw.until("</success>");
        assert!(!success.contains("<failure"), "{success}");
        success + &self.raw.until("</stream:features>")
    }

    /// Takes `<failure/>`, which has to be of this condition.
    ///
    /// # Panics
    /// When something else comes.
    #[track_caller]
    pub fn failure(&mut self, condition: &str) -> String {
        let failure = self.raw.until("</failure>");
        assert!(failure.contains("<failure xmlns='urn:xmpp:sasl:2'"), "{failure}");
        assert!(failure.contains(&format!("<{condition} ")), "{condition} was expected, not {failure}");
        failure
    }
}

/// The text of the first element of that name.
#[must_use]
pub fn text_of<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, behind) = text.split_once(&format!("<{name}"))?;
    let (_, inside) = behind.split_once('>')?;
    inside.split_once('<').map(|(inside, _)| inside)
}

/// The value of the first attribute of that name, however it is quoted.
#[must_use]
pub fn attribute<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, behind) = text.split_once(&format!(" {name}="))?;
    let quote = behind.chars().next()?;
    behind[1..].split_once(quote).map(|(value, _)| value)
}
