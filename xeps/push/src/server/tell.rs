//! Telling push services (XEP-0357 §7).

use std::sync::Arc;
use std::time::Duration;

use stonechat_extension::{Answered, Host};
use stonechat_stanza::error::{Condition, Kind};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Stanza, StanzaError, iq};

use super::Config;
use super::queue::{News, Queue};
use super::registry::{Registration, Registry};
use crate::{Notification, Publish, Summary};

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who tells.
#[derive(Debug)]
pub(super) struct Teller {
    pub(super) config: Config,
    pub(super) registry: Registry,
}

impl Teller {
    /// Tells the services of an account what has come, and again after each interval in which something more has.
    pub(super) async fn work(self: Arc<Self>, host: Arc<Host>, account: BareJid) {
        let queue = host.state::<Queue>();
        while let Some(news) = queue.take(&account) {
            let registrations = self.registry.all(&account).await.unwrap_or_else(|error| {
                tracing::error!(%account, %error, "cannot read whom to tell of messages");
                Vec::new()
            });
            if registrations.is_empty() {
                return queue.off(&account, &news);
            }
            for registration in registrations {
                let (teller, host) = (Arc::clone(&self), Arc::clone(&host));
                let (account, notification) = (account.clone(), notification(&news, &self.config));
                // A slow service is not to hold up the others, nor the next notification.
                tokio::spawn(async move { teller.tell(&host, &account, registration, notification).await });
            }
            tokio::time::sleep(Duration::from_secs(self.config.interval)).await;
        }
    }

    async fn tell(
        &self,
        host: &Arc<Host>,
        account: &BareJid,
        registration: Registration,
        notification: Notification,
    ) {
        let (Some(service), Ok(from)) = (registration.jid(), BareJid::from_parts(None, host.domain())) else {
            return;
        };
        let node = registration.node().map(str::to_owned);
        let publish = Publish { node, notification, options: registration.options() };
        let request = Stanza::iq(iq::Type::Set).with_from(from).with_to(service.clone());
        let answered = host.ask(request.with_element(&publish.to_element()), PATIENCE).await;
        let Answered::Error(error) = answered else { return };
        let condition = error.condition;
        if is_temporary(&error) {
            return tracing::debug!(%account, %service, %condition, "a push service cannot be told for now");
        }
        tracing::info!(%account, %service, %condition, "a push service refuses and is disabled");
        if let Err(error) = self.registry.forget(account, &registration).await {
            tracing::error!(%account, %error, "a push service cannot be disabled");
        }
    }
}

/// §7.1: whether an error may pass. Those about a server on the way are of others than the service.
fn is_temporary(error: &StanzaError) -> bool {
    error.kind == Kind::Wait
        || matches!(error.condition, Condition::RemoteServerNotFound | Condition::RemoteServerTimeout)
}

/// What the configuration lets services know.
fn notification(news: &News, config: &Config) -> Notification {
    let summary = (news.important || news.requests.is_some()).then(|| Summary {
        message_count: news.important.then_some(news.unread),
        pending_subscriptions: news.requests,
        last_sender: news.sender.clone().filter(|_| config.include_sender),
        last_body: news.body.clone().filter(|_| config.include_body),
    });
    Notification { summary }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_configuration_allows_is_told() {
        let news = News {
            important: true,
            sender: Some("a@b".parse().unwrap()),
            body: Some("secret".to_owned()),
            unread: 2,
            ..News::default()
        };
        let told = |include_sender, include_body| {
            let config = Config { include_sender, include_body, ..Config::default() };
            let summary = notification(&news, &config).summary.unwrap();
            (summary.message_count.unwrap(), summary.last_sender.is_some(), summary.last_body.is_some())
        };
        for sender in [false, true] {
            for body in [false, true] {
                assert_eq!(told(sender, body), (2, sender, body));
            }
        }
        let quiet = News { important: false, ..news };
        assert_eq!(notification(&quiet, &Config::default()).summary, None);
    }

    #[test]
    fn errors_that_may_pass_disable_nothing() {
        for (error, temporary) in [
            (StanzaError::item_not_found(), false),
            (StanzaError::forbidden(), false),
            (StanzaError::service_unavailable(), false),
            (StanzaError::resource_constraint(), true),
            (StanzaError::internal_server_error().with_kind(Kind::Wait), true),
            (StanzaError::remote_server_not_found(), true),
            (StanzaError::remote_server_timeout(), true),
        ] {
            assert_eq!(is_temporary(&error), temporary, "{error}");
        }
    }
}
