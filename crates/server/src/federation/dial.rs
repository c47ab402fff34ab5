//! From a pair of domains to a stream between them.

use std::sync::Arc;
use std::time::Duration;

use stonechat_net::{Service, Target, Transport, Unreachable, interleaved, is_public, race};
use stonechat_stream::dialback::{Answer, Pair};
use stonechat_stream::negotiation::Tls;
use stonechat_stream::negotiation::peer::{Established, Management, OutgoingConfig, Purpose};
use tokio::time::timeout;

use super::Federation;
use super::conversation::{Conversation, Reached};
use super::explain;
use super::failure::Failure;
use super::settings::Settings;
use super::shake::Handshake;
use super::steps::{Record, Stage};
use super::turns::Turns;
use crate::config::RouteKind;
use crate::connection::Socket;

/// How long one of a domain's hosts may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// So many of the hosts that DNS names are tried.
const MOST_TARGETS: usize = 8;

impl Federation {
    /// A stream on which stanzas of the pair may be sent, which `who` has written.
    pub(super) async fn connect(
        &self,
        pair: &Pair,
        management: Management,
        who: &str,
    ) -> Result<(Conversation, Established), Failure> {
        self.open(pair, management, (&self.turns, who), Record::default()).await
    }

    /// A stream on which stanzas of the pair may be sent.
    pub(super) async fn open(
        &self,
        pair: &Pair,
        management: Management,
        turn: (&Turns, &str),
        record: Record,
    ) -> Result<(Conversation, Established), Failure> {
        let purpose = Purpose::Send { external: true, dialback: None, management };
        match self.dial(pair, purpose, turn, record).await? {
            (conversation, Reached::Established(established)) => Ok((conversation, established)),
            (conversation, Reached::Answered(_)) => {
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
        let back = Pair { sender: pair.target.clone(), target: pair.sender.clone() };
        let purpose = Purpose::Verify { stream, key };
        match self.dial(&back, purpose, (&self.questions, who), Record::default()).await? {
            (conversation, Reached::Answered(answer)) => {
                conversation.close(None).await;
                Ok(answer)
            }
            (conversation, Reached::Established(_)) => {
                conversation.close(None).await;
                Err(Failure::Late)
            }
        }
    }

    async fn dial(
        &self,
        pair: &Pair,
        purpose: Purpose,
        (turns, who): (&Turns, &str),
        record: Record,
    ) -> Result<(Conversation, Reached), Failure> {
        let settings = self.settings.load_full();
        let server = self.server().ok_or(Failure::Stopping)?;
        let own = server.certificates.of(pair.sender.as_str());
        let handshake = Handshake::new(&settings, pair.target.as_str(), own, record);
        let purpose = match purpose {
            Purpose::Send { management, .. } => Purpose::Send {
                external: handshake.shows_certificate(),
                // Our own side is no worse for it; whether it is enough is for the other server to say.
                dialback: Some(self.secret.clone()),
                management,
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
    ) -> Result<(Conversation, Reached), Failure> {
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
            let attempt = self.try_target(target, anywhere, pair, purpose, handshake);
            match timeout(PATIENCE, attempt).await.unwrap_or(Err(Failure::Late)) {
                Ok(reached) => return Ok(reached),
                Err(failure) => {
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
        pair: &Pair,
        purpose: &Purpose,
        handshake: &Handshake,
    ) -> Result<(Conversation, Reached), Failure> {
        let stream = self.reach(target, anywhere, &handshake.record).await?;
        let (transport, tls) = if target.direct_tls {
            (handshake.shake(stream, true).await?, Tls::Established)
        } else {
            handshake.record.begin(Stage::Stream);
            (Transport::Tcp(stream), Tls::Required)
        };
        let config = OutgoingConfig { pair: pair.clone(), tls, purpose: purpose.clone() };
        let mut conversation = Conversation::new(transport, config);
        match conversation.negotiate(handshake).await {
            Ok(reached) => Ok((conversation, reached)),
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
