//! Trying the way to another server, for the operator who wants to know why it does not work.

use stonechat_stanza::jid::BareJid;
use stonechat_stream::dialback::Pair;

use super::steps::{Record, Stage, Step};
use super::{Federation, explain};
use crate::config::Policy;

/// Who waits for the turns of those who are asked by the operator.
const OPERATOR: &str = "";

impl Federation {
    /// Sets up a stream of the pair as for a stanza, whatever has failed before, closes it, and says how it went, step by step. The last
    /// step is good if stanzas could be sent. Takes as long as `federation.connect` twice at the most; cancel safe.
    pub(crate) async fn examine(&self, sender: &BareJid, target: &BareJid) -> Vec<Step> {
        let record = Record::kept();
        record.begin(Stage::Policy);
        if let Err(why) = self.allows(target.as_str()) {
            return vec![Step { stage: Stage::Policy, is_good: false, text: why.to_owned() }];
        }
        record.done(|| self.policy(target.as_str()).to_owned());
        let pair = Pair { sender: sender.clone(), target: target.clone() };
        let opened = self.open_for_a_test(&pair, OPERATOR, record.clone()).await;
        let mut steps = record.take();
        let conversation = match opened {
            Ok(opened) => opened.conversation,
            // It did not even get its turn.
            Err(failure) if steps.iter().all(|step| step.is_good) => {
                record.failed(&failure);
                steps.extend(record.take());
                return steps;
            }
            Err(_) => return steps,
        };
        if steps.iter().all(|step| step.stage != Stage::Authentication) {
            let text = explain::DIALBACK.to_owned();
            steps.push(Step { stage: Stage::Authentication, is_good: true, text });
        }
        conversation.close(None).await;
        steps
    }

    /// Whether anything is said to a domain; or why not.
    fn allows(&self, domain: &str) -> Result<(), &'static str> {
        let settings = self.settings.load();
        if !settings.is_on {
            return Err(
                "this server speaks with no others: it has no listener of kind `s2s` or `s2s-direct-tls`",
            );
        }
        if self.server().is_some_and(|server| server.hosts.has(domain)) {
            return Err("that domain is served here");
        }
        match settings.federation.policy_for(domain) {
            Policy::Refuse => Err("the configuration says that this domain is not spoken with (`refuse`)"),
            Policy::Certificate | Policy::Dialback => Ok(()),
        }
    }

    fn policy(&self, domain: &str) -> &'static str {
        match self.settings.load().federation.policy_for(domain) {
            Policy::Certificate => "a good certificate is required",
            Policy::Dialback => "dialback is enough where a certificate is not good",
            Policy::Refuse => "not spoken with",
        }
    }
}
