//! Both sides of a login with SCRAM-SHA-256 between which nothing is derived: the server has stored keys, the client cached ones.

use std::sync::Arc;

use stonechat_sasl::client::{self, Login, Offer, Reply};
use stonechat_sasl::scram::{Advertised, ClientKeys, Credentials, DEFAULT_ITERATIONS, Decoy, Hash};
use stonechat_sasl::server::{self, Account, Context, Exchange, Step, Success};
use stonechat_sasl::{Channel, Mechanism};

/// Who logs in.
pub(crate) const USER: &str = "juliet";
/// The password.
pub(crate) const PASSWORD: &str = "R0m30";

/// What a server has before anybody logs in.
pub(crate) struct Server {
    context: Arc<Context>,
    credentials: Credentials,
}

/// A server's exchange that waits for the client's proof.
pub(crate) struct Challenged {
    exchange: Exchange,
    /// The server's first message.
    pub(crate) challenge: Vec<u8>,
}

/// What a client has before it logs in again.
pub(crate) struct Client {
    choice: client::Choice,
    keys: ClientKeys,
}

/// A client's exchange that waits for the server's challenge.
pub(crate) struct Opened {
    exchange: client::Exchange,
    /// The client's first message.
    pub(crate) message: Vec<u8>,
}

impl Server {
    /// A server that knows the user and offers the mechanism.
    pub(crate) fn new(mechanism: Mechanism) -> Self {
        let credentials = Credentials::generate(PASSWORD, &Hash::ALL, DEFAULT_ITERATIONS);
        let decoy = Decoy::new([7; 32], DEFAULT_ITERATIONS).expect("the iterations are within the limits");
        let policy = server::Policy::of([mechanism]);
        let context = Context::new("capulet.example", &policy, Channel::tls(), decoy);
        Self { context: Arc::new(context), credentials: credentials.expect("the password is fine") }
    }

    /// The same without XEP-0474, for clients that do not expect it.
    pub(crate) fn without_downgrade_protection(mut self) -> Self {
        self.context = Arc::new(Context::clone(&self.context).downgrade_protection(false));
        self
    }

    /// What is stored of the password.
    pub(crate) const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Takes the first message of a client; gives the exchange and what it asks for then.
    pub(crate) fn open(&self, mechanism: Mechanism, message: &[u8]) -> (Exchange, Step) {
        let mut exchange = Exchange::start(mechanism, Arc::clone(&self.context)).expect("it is offered");
        let Step::NeedCredentials(lookup) = exchange.step(message) else { panic!("no user is named") };
        let step = exchange.provide(Account::found(lookup.username, self.credentials.clone()));
        (exchange, step)
    }

    /// The first half of a login.
    pub(crate) fn challenge(&self, message: &[u8]) -> Challenged {
        match self.open(Mechanism::SCRAM_SHA_256, message) {
            (exchange, Step::Challenge(challenge)) => Challenged { exchange, challenge },
            (_, step) => panic!("no challenge: {step:?}"),
        }
    }
}

impl Challenged {
    /// The second half of a login.
    pub(crate) fn finish(mut self, response: &[u8]) -> Success {
        match self.exchange.step(response) {
            Step::Done(success) => success,
            step => panic!("no success: {step:?}"),
        }
    }
}

impl Client {
    /// A client that has logged in to the server before.
    pub(crate) fn of(server: &Server) -> Self {
        let login = Login::password(USER, PASSWORD);
        let offer = Offer::sasl(Advertised::new([Mechanism::SCRAM_SHA_256.name()]));
        let policy = client::Policy::of([Mechanism::SCRAM_SHA_256]);
        let choice = client::choose(&offer, &Channel::tls(), &login, &policy).expect("there is a choice");
        let (exchange, message) = client::Exchange::start(choice.clone(), login).expect("it starts");
        let challenged = server.challenge(&message);
        let (exchange, response) = Opened { exchange, message }.respond(&challenged.challenge);
        let success = challenged.finish(&response);
        let authenticated = exchange.success(success.data.as_deref()).expect("the server is the right one");
        Self { choice, keys: authenticated.keys().expect("SCRAM has keys").clone() }
    }

    /// The first message.
    pub(crate) fn open(&self) -> Opened {
        let login = Login::keys(USER, self.keys.clone());
        let (exchange, message) = client::Exchange::start(self.choice.clone(), login).expect("it starts");
        Opened { exchange, message }
    }
}

impl Opened {
    /// The answer to the challenge.
    pub(crate) fn respond(mut self, challenge: &[u8]) -> (client::Exchange, Vec<u8>) {
        let response = match self.exchange.challenge(challenge).expect("the challenge is fine") {
            Reply::Respond(response) => response,
            Reply::Derive(derivation) => self.exchange.derived(derivation.run()).expect("the keys fit"),
        };
        (self.exchange, response)
    }
}
