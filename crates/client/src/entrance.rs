//! A connection on which nobody has logged in.

use std::fmt;
use std::time::Duration;

use bytes::BytesMut;
use stonechat_extension::client::{BeforeLogin, RequestError, new_id};
use stonechat_jid::BareJid;
use stonechat_net::Transport;
use stonechat_stanza::{Element, Kind, Stanza, StanzaError, iq};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::connect::{Connector, Place};
use crate::protocol::{Error, Security, Unauthenticated, UnauthenticatedEvent};
use crate::{Client, Trust};

/// How long the last word may take.
const FAREWELL: Duration = Duration::from_secs(5);
/// How much is read at once.
const READ: usize = 16 << 10;

/// A connection to a server on which nobody has logged in, for what is asked before that: an account, for one. It is encrypted, and the server is that
/// of the domain, as with any client; it does not come back by itself. Extensions know it as [`BeforeLogin`].
///
/// ```no_run
/// use stonechat_client::{Entrance, Place, Trust};
/// use stonechat_extension::client::BeforeLogin as _;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mut entrance = Entrance::open(&"example.com".parse()?, Place::Domain, &Trust::system()).await?;
/// let offers = entrance.features().iter().any(|feature| feature.name() == "register");
/// println!("accounts are to be had: {offers}");
/// entrance.close().await;
/// # Ok(())
/// # }
/// ```
pub struct Entrance {
    machine: Unauthenticated,
    connector: Connector,
    transport: Option<Transport>,
    out: BytesMut,
    features: Vec<Element>,
    error: Option<Error>,
    /// How long connecting may take, and then each answer.
    patience: Duration,
}

// There may be a password among what is to be written.
impl fmt::Debug for Entrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entrance")
            .field("machine", &self.machine)
            .field("features", &self.features)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl Entrance {
    /// Connects to the server of a domain, and waits for what it shows, for a minute, as then for each answer.
    /// [`Builder::entrance`](crate::Builder::entrance) can be told more.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn open(domain: &BareJid, place: Place, trust: &Trust) -> Result<Self, Error> {
        Client::builder(domain.clone()).place(place).trust(trust.clone()).entrance().await
    }

    /// Opens one as a [`Builder`](crate::Builder) describes it.
    pub(crate) async fn through(
        connector: Connector,
        domain: &BareJid,
        security: Security,
        patience: Duration,
    ) -> Result<Self, Error> {
        timeout(patience, Self::connect(domain, connector, security, patience))
            .await
            .unwrap_or(Err(Error::LoginTimeout))
    }

    async fn connect(
        domain: &BareJid,
        connector: Connector,
        security: Security,
        patience: Duration,
    ) -> Result<Self, Error> {
        let (transport, channel) = connector.clone().connect().await?;
        let mut entrance = Self {
            machine: Unauthenticated::new(domain, channel.is_some(), security),
            connector,
            transport: Some(transport),
            out: BytesMut::new(),
            features: Vec::new(),
            error: None,
            patience,
        };
        loop {
            match entrance.next().await {
                Ok(UnauthenticatedEvent::Open(features)) => {
                    entrance.features = features;
                    return Ok(entrance);
                }
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Why the stream is over, if it is.
    #[must_use]
    pub const fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// Closes the stream and the connection. Cancel safe: then the connection just ends.
    pub async fn close(mut self) {
        self.machine.close();
        let farewell = async {
            self.write().await?;
            match &mut self.transport {
                Some(transport) => transport.shutdown().await.map_err(network),
                None => Ok(()),
            }
        };
        // Whether the server hears it does not matter any more.
        drop(timeout(FAREWELL, farewell).await);
    }

    /// What comes next of the stream. Cancel safe, except while TLS begins.
    async fn next(&mut self) -> Result<UnauthenticatedEvent, Error> {
        loop {
            match self.machine.poll_event() {
                Some(UnauthenticatedEvent::StartTls) => self.start_tls().await?,
                Some(UnauthenticatedEvent::Closed(error)) => {
                    // The server may not want to read it any more.
                    drop(self.write().await);
                    return Err(self.over(error));
                }
                Some(event) => return Ok(event),
                None => self.turn().await?,
            }
        }
    }

    async fn turn(&mut self) -> Result<(), Error> {
        self.write().await?;
        let mut input = BytesMut::with_capacity(READ);
        let transport = self.transport.as_mut().ok_or(Error::Ended)?;
        match transport.read_buf(&mut input).await {
            Ok(0) => Err(self.over(Error::Network("the connection is closed".to_owned()))),
            Ok(_) => {
                self.machine.feed(&input);
                Ok(())
            }
            Err(error) => Err(self.over(network(error))),
        }
    }

    async fn write(&mut self) -> Result<(), Error> {
        while self.machine.poll_output(&mut self.out) {}
        let transport = self.transport.as_mut().ok_or(Error::Ended)?;
        let written = async {
            transport.write_all_buf(&mut self.out).await?;
            transport.flush().await
        };
        match written.await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.over(network(error))),
        }
    }

    async fn start_tls(&mut self) -> Result<(), Error> {
        self.write().await?;
        let transport = self.transport.take().ok_or(Error::Ended)?;
        let (transport, _) = self.connector.clone().after_starttls(transport).await?;
        self.transport = Some(transport);
        self.machine.tls_established();
        Ok(())
    }

    /// The stream is over, for this reason.
    fn over(&mut self, error: Error) -> Error {
        self.error.get_or_insert_with(|| error.clone());
        error
    }
}

fn network(error: std::io::Error) -> Error {
    Error::Network(error.to_string())
}

impl BeforeLogin for Entrance {
    fn features(&self) -> &[Element] {
        &self.features
    }

    async fn exchange(&mut self, mut request: Stanza) -> Result<Stanza, RequestError> {
        if !matches!(request.kind(), Kind::Iq(iq::Type::Get | iq::Type::Set)) {
            return Err(RequestError::NotSent(StanzaError::bad_request()));
        }
        if self.machine.is_closed() || self.error.is_some() {
            return Err(RequestError::Lost);
        }
        request.set_id(Some(&new_id()));
        self.machine.ask(&request);
        let patience = self.patience;
        let answer = async {
            loop {
                if let UnauthenticatedEvent::Answer(answer) =
                    self.next().await.map_err(|_| RequestError::Lost)?
                {
                    return Ok(answer);
                }
            }
        };
        let answer: Stanza = timeout(patience, answer).await.unwrap_or(Err(RequestError::Timeout))?;
        match answer.kind() {
            Kind::Iq(iq::Type::Error) => {
                Err(RequestError::Refused(answer.error().unwrap_or_else(StanzaError::undefined_condition)))
            }
            _ => Ok(answer),
        }
    }
}
