//! From a pair of domains to a stream between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stonechat_net::{Service, Target, Transport, Unreachable, interleaved, is_public, race};
use stonechat_stream::dialback::{Answer, Pair};
use stonechat_stream::negotiation::Tls;
use stonechat_stream::negotiation::peer::{Established, Management, OutgoingConfig, Purpose};
use tokio::time::timeout;

use super::Federation;
use super::conversation::{Conversation, Intake, Reached};
use super::explain;
use super::failure::Failure;
use super::settings::Settings;
use super::shake::Handshake;
use super::steps::{Record, Stage};
use super::turns::Turns;
use crate::config::{Policy, RouteKind};
use crate::connection::Socket;
use crate::connection::link::after_login;

/// How long one of a domain's hosts may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// So many of the hosts that DNS names are tried.
const MOST_TARGETS: usize = 8;

/// A stream of our own on which stanzas may be sent.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) conversation: Conversation,
    pub(super) established: Established,
    /// The certificate of the other server had to be good.
    pub(super) is_certified: bool,
}

/// A connection on which hands are shaken, and a stream that has come about on one.
struct Dialled {
    conversation: Conversation,
    reached: Reached,
    is_certified: bool,
}

impl Federation {
    /// A stream on which stanzas of the pair may be sent, which `who` has written; for both directions where both servers want that.
    /// `connected` is true while there is a connection on which it is set up. Nobody is tried who is not spoken with as the policy is now.
    pub(super) async fn connect(
        &self,
        pair: &Pair,
        management: Management,
        who: &str,
        connected: &Arc<AtomicBool>,
    ) -> Result<Opened, Failure> {
        let settings = self.settings.load_full();
        if settings.federation.policy_for(pair.target.as_str()) == Policy::Refuse {
            return Err(Failure::Policy);
        }
        let bidi = settings.federation.bidi;
        let purpose = Purpose::Send { external: true, dialback: None, management, bidi };
        self.open(pair, purpose, (&self.turns, who), (Record::default(), connected)).await
    }

    /// A stream on which stanzas of the pair may be sent, and which is closed soon.
    pub(super) async fn open_for_a_test(
        &self,
        pair: &Pair,
        who: &str,
        record: Record,
    ) -> Result<Opened, Failure> {
        let management = Management::Off;
        let purpose = Purpose::Send { external: true, dialback: None, management, bidi: false };
        self.open(pair, purpose, (&self.turns, who), (record, &Arc::default())).await
    }

    async fn open(
        &self,
        pair: &Pair,
        purpose: Purpose,
        turn: (&Turns, &str),
        notes: (Record, &Arc<AtomicBool>),
    ) -> Result<Opened, Failure> {
        let Dialled { conversation, reached, is_certified } = self.dial(pair, purpose, turn, notes).await?;
        match reached {
            Reached::Established(established) => Ok(Opened { conversation, established, is_certified }),
            Reached::Answered(_) => {
                conversation.close(None).await;
                Err(Failure::Late)
            }
        }
    }

    /// Asks the server of the pair's sender whether a key is its own, which `who` has sent on the stream that we have given this id
    /// (XEP-0220 §2.1.2).
    pub(super) async fn ask(
        &self,
        pair: &Pair,
        stream: String,
        key: String,
        who: &str,
    ) -> Result<Answer, Failure> {
        let purpose = Purpose::Verify { stream, key };
        let notes = (Record::default(), &Arc::default());
        let dialled = self.dial(&pair.inverse(), purpose, (&self.questions, who), notes).await?;
        dialled.conversation.close(None).await;
        match dialled.reached {
            Reached::Answered(answer) => Ok(answer),
            Reached::Established(_) => Err(Failure::Late),
        }
    }

    async fn dial(
        &self,
        pair: &Pair,
        purpose: Purpose,
        (turns, who): (&Turns, &str),
        (record, connected): (Record, &Arc<AtomicBool>),
    ) -> Result<Dialled, Failure> {
        let settings = self.settings.load_full();
        let server = self.server().ok_or(Failure::Stopping)?;
        let own = server.certificates.of(pair.sender.as_str());
        let mut handshake = Handshake::new(&settings, pair.target.as_str(), own, record);
        handshake.connected = Arc::clone(connected);
        let purpose = match purpose {
            Purpose::Send { management, bidi, .. } => Purpose::Send {
                external: handshake.shows_certificate(),
                // Our own side is no worse for it; whether it is enough is for the other server to say.
                dialback: Some(self.secret.clone()),
                management,
                bidi,
            },
            purpose => purpose,
        };
        let patience = settings.federation.connect;
        let dialling = async {
            let turn = timeout(patience, turns.take(who)).await.map_err(|_| Failure::Busy)?;
            let _turn = turn.ok_or(Failure::Stopping)?;
            let trying = self.try_targets(pair, &purpose, &handshake, &settings);
            timeout(patience, trying).await.unwrap_or_else(|_| {
                handshake.record.failed(&Failure::Late);
                Err(Failure::Late)
            })
        };
        tokio::select! {
            dialled = dialling => dialled,
            () = self.stopping.cancelled() => Err(Failure::Stopping),
        }
    }

    async fn try_targets(
        &self,
        pair: &Pair,
        purpose: &Purpose,
        handshake: &Handshake,
        settings: &Arc<Settings>,
    ) -> Result<Dialled, Failure> {
        let domain = pair.target.as_str();
        let route = settings.federation.route_for(domain);
        handshake.record.begin(Stage::Dns);
        let targets = match route {
            Some(route) => {
                let direct_tls = route.kind == RouteKind::S2sDirectTls;
                vec![Target { host: route.host.clone(), port: route.port, direct_tls }]
            }
            None => {
                let found = self.resolver().targets(domain, Service::Server).await;
                found
                    .map_err(|_| Failure::NoService)
                    .inspect_err(|failure| handshake.record.failed(failure))?
            }
        };
        handshake.record.done(|| explain::targets(domain, &targets, route.is_some()));
        // Only what DNS says is anybody's to say.
        let anywhere = route.is_some() || settings.federation.private_addresses;
        let mut last: Option<Failure> = None;
        for target in targets.iter().take(MOST_TARGETS) {
            let attempt = self.try_target(target, anywhere, (pair, purpose), handshake, settings);
            match timeout(PATIENCE, attempt).await.unwrap_or(Err(Failure::Late)) {
                Ok(reached) => return Ok(reached),
                Err(failure) => {
                    handshake.connected.store(false, Ordering::Release);
                    handshake.record.failed(&failure);
                    tracing::debug!(%pair, host = target.host, port = target.port, %failure, "no stream");
                    if last.as_ref().is_none_or(|last| last.weight() <= failure.weight()) {
                        last = Some(failure);
                    }
                }
            }
        }
        Err(last.unwrap_or(Failure::NoService))
    }

    async fn try_target(
        &self,
        target: &Target,
        anywhere: bool,
        (pair, purpose): (&Pair, &Purpose),
        handshake: &Handshake,
        settings: &Settings,
    ) -> Result<Dialled, Failure> {
        let stream = self.reach(target, anywhere, &handshake.record).await?;
        handshake.connected.store(true, Ordering::Release);
        let (transport, tls) = if target.direct_tls {
            (handshake.shake(stream, true).await?, Tls::Established)
        } else {
            handshake.record.begin(Stage::Stream);
            (Transport::Tcp(stream), Tls::Required)
        };
        let config = OutgoingConfig { pair: pair.clone(), tls, purpose: purpose.clone() };
        let intake = Intake { limits: after_login(&settings.server), early: settings.federation.queue_bytes };
        let mut conversation = Conversation::new(transport, config, intake);
        match conversation.negotiate(handshake).await {
            Ok(reached) => Ok(Dialled { conversation, reached, is_certified: handshake.is_certified() }),
            Err(failure) => {
                conversation.close(None).await;
                Err(failure)
            }
        }
    }

    async fn reach(&self, target: &Target, anywhere: bool, record: &Record) -> Result<Socket, Failure> {
        if let Some(connector) = &self.connector {
            record.begin(Stage::Tcp);
            let connected = connector.connect(&target.host, target.port).await;
            let stream = connected.map_err(|error| Failure::NoConnection(error.to_string()))?;
            record.done(|| "connected".to_owned());
            return Ok(Socket::Other(stream));
        }
        record.begin(Stage::Addresses);
        let found = self.resolver().addresses(target).await;
        let mut addresses = found.map_err(|Unreachable(why)| Failure::NoHost(why))?;
        if !anywhere {
            let before = addresses.len();
            addresses.retain(|address| is_public(address.ip()));
            if addresses.is_empty() && before > 0 {
                return Err(Failure::Private(target.host.clone()));
            }
        }
        if addresses.is_empty() {
            return Err(Failure::NoHost(target.host.clone()));
        }
        record.done(|| explain::addresses(&target.host, &addresses));
        record.begin(Stage::Tcp);
        let stream = race(interleaved(addresses)).await;
        let stream = stream.map_err(|Unreachable(why)| Failure::NoConnection(why))?;
        // Small stanzas are not to wait for each other.
        stream.set_nodelay(true).map_err(|error| Failure::Broken(error.to_string()))?;
        let stream = Socket::Tcp(stream);
        record.done(|| explain::connection(&stream));
        Ok(stream)
    }
}
