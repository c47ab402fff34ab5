//! Logging in with the client's side of `stonechat-sasl`.

use stonechat_sasl::client::{Authenticated, Exchange, Login, Offer, Policy, Reply, choose};
use stonechat_sasl::scram::Advertised;
use stonechat_sasl::{Mechanism, encoding};

use super::client::Client;
use super::{Fixture, PASSWORD};

/// What stands between the tags of each element of this name.
pub fn texts(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let inside = xml.split(&open).skip(1).filter_map(|part| part.split(&close).next()?.split_once('>'));
    inside.map(|(_, text)| text.to_owned()).collect()
}

pub fn advertised(features: &str) -> Advertised {
    let mechanisms = texts(features, "mechanism").into_iter().filter(|text| !text.is_empty());
    let types = features.split("type='").skip(1).filter_map(|part| part.split('\'').next());
    let advertised = Advertised::new(mechanisms);
    if features.contains("sasl-channel-binding") { advertised.with_binding_types(types) } else { advertised }
}

impl Client {
    /// Logs in with a mechanism on a stream whose features these are.
    ///
    /// # Errors
    /// The condition of the server's failure.
    pub async fn authenticate(
        &mut self,
        features: &str,
        mechanism: Mechanism,
        login: Login,
    ) -> Result<Authenticated, String> {
        let offer = Offer::sasl(advertised(features));
        let choice = choose(&offer, &self.channel, &login, &Policy::of([mechanism])).unwrap();
        let (mut exchange, initial) = Exchange::start(choice, login).unwrap();
        let ns = "urn:ietf:params:xml:ns:xmpp-sasl";
        let initial = encoding::encode(&initial);
        self.send(&format!("<auth xmlns='{ns}' mechanism='{mechanism}'>{initial}</auth>")).await;
        loop {
            self.until("<").await;
            let name = self.until(" ").await;
            let rest = self.until(">").await;
            let empty = rest.ends_with("/>");
            match name.trim() {
                "challenge" => {
                    let text = if empty { String::new() } else { self.until("</challenge>").await };
                    let challenge = decode(&text);
                    let answer = match exchange.challenge(&challenge).unwrap() {
                        Reply::Respond(answer) => answer,
                        Reply::Derive(derivation) => exchange.derived(derivation.run()).unwrap(),
                    };
                    let answer = encoding::encode(&answer);
                    self.send(&format!("<response xmlns='{ns}'>{answer}</response>")).await;
                }
                "success" => {
                    let text = if empty { None } else { Some(self.until("</success>").await) };
                    let data = text.map(|text| decode(&text));
                    return Ok(exchange.success(data.as_deref()).unwrap());
                }
                "failure" => {
                    self.until("<").await;
                    let condition = self.until("/>").await;
                    self.until("</failure>").await;
                    return Err(condition.trim_end_matches("/>").split(' ').next().unwrap().to_owned());
                }
                other => panic!("<{other}> during authentication"),
            }
        }
    }
}

fn decode(text: &str) -> Vec<u8> {
    encoding::decode(text.split('<').next().unwrap()).unwrap()
}

impl Fixture {
    /// A session over direct TLS.
    pub async fn session(&self, name: &str, resource: &str) -> Client {
        let mut client = self.secure().await;
        client.log_in(name).await;
        client.bind(resource).await;
        client
    }

    /// A session without TLS.
    pub async fn plain_session(&self, name: &str, resource: &str) -> Client {
        let mut client = Client::connect(self.plaintext()).await;
        client.log_in(name).await;
        client.bind(resource).await;
        client
    }
}

impl Client {
    pub async fn log_in(&mut self, name: &str) {
        let features = self.open().await;
        let login = Login::password(name, PASSWORD);
        self.authenticate(&features, Mechanism::SCRAM_SHA_256, login).await.unwrap();
    }
}
