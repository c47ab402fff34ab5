//! The payloads (XEP-0357 §5 to §7).

use stonechat_stanza::forms::{Field, Form, Type};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::payload::Builder;
use stonechat_stanza::{Element, Payload as _, payload};

/// Namespace of the payloads and of the advertised feature (§4.1).
pub const NS: &str = "urn:xmpp:push:0";

/// `FORM_TYPE` of what a service wants to see with each notification (§5).
pub const PUBLISH_OPTIONS: &str = "http://jabber.org/protocol/pubsub#publish-options";

/// `FORM_TYPE` of a summary (§7).
pub const SUMMARY: &str = "urn:xmpp:push:summary";

/// Publish-Subscribe (XEP-0060), of which a push service speaks a part.
const PUBSUB: &str = "http://jabber.org/protocol/pubsub";

payload! {
    /// Has notifications published to a node of a service from now on (§5).
    #[derive(Clone, PartialEq, Eq)]
    pub struct Enable: NS, "enable" {
        /// The push service.
        pub jid: Jid => required("jid"),
        /// The node, which stands for a device or for several.
        pub node: Option<String> => optional("node"),
        /// What is published with each notification. It may hold secrets.
        pub options: Option<Form> => payload,
    }
}

/// Without the options, which may hold secrets.
impl std::fmt::Debug for Enable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enable").field("jid", &self.jid).field("node", &self.node).finish_non_exhaustive()
    }
}

payload! {
    /// Has no more notifications published (§6).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Disable: NS, "disable" {
        /// The push service.
        pub jid: Jid => required("jid"),
        /// The node; without it, all nodes of the service.
        pub node: Option<String> => optional("node"),
    }
}

/// What a notification tells (§7).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notification {
    /// Of the messages and requests; may be missing.
    pub summary: Option<Summary>,
}

/// The messages and requests in short (§11.3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many messages are not read, where it is about messages.
    pub message_count: Option<u32>,
    /// How many subscription requests wait for an answer, where it is about one.
    pub pending_subscriptions: Option<u32>,
    /// Who has sent the last one.
    pub last_sender: Option<Jid>,
    /// The text of the last one.
    pub last_body: Option<String>,
}

impl Summary {
    fn form(&self) -> Form {
        let form = Form::of(Type::Submit, SUMMARY);
        let fields = [
            ("message-count", self.message_count.map(|count| count.to_string())),
            ("pending-subscription-count", self.pending_subscriptions.map(|count| count.to_string())),
            ("last-message-sender", self.last_sender.as_ref().map(ToString::to_string)),
            ("last-message-body", self.last_body.clone()),
        ];
        let fields = fields.into_iter().filter_map(|(var, value)| Some(Field::bare(var).with_value(value?)));
        fields.fold(form, Form::with_field)
    }
}

impl Notification {
    fn to_element(&self) -> Element {
        let summary = self.summary.as_ref().map(|summary| summary.form().to_element());
        Builder::new("notification", NS).children(summary).build()
    }
}

/// A request to publish a notification (§7).
#[derive(Clone)]
pub struct Publish {
    /// The node.
    pub node: Option<String>,
    /// What is published.
    pub notification: Notification,
    /// The options that were given when the node was enabled: a form as it came. It may hold secrets.
    pub options: Option<Element>,
}

/// Without the options.
impl std::fmt::Debug for Publish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publish")
            .field("node", &self.node)
            .field("notification", &self.notification)
            .finish_non_exhaustive()
    }
}

impl Publish {
    /// The payload of the request.
    #[must_use]
    pub fn to_element(&self) -> Element {
        let item = Builder::new("item", PUBSUB).child(self.notification.to_element()).build();
        let publish =
            Builder::new("publish", PUBSUB).optional("node", self.node.as_ref()).child(item).build();
        let options = self.options.clone();
        let options = options.map(|form| Builder::new("publish-options", PUBSUB).child(form).build());
        Builder::new("pubsub", PUBSUB).child(publish).children(options).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<T: stonechat_stanza::Payload>(xml: &str) -> T {
        T::parse(&xml.parse().expect("XML")).expect("it reads")
    }

    const OPTIONS: &str = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field><field var='secret'><value>eruio234vzxc2kla-91</value></field></x>";

    /// Examples 8 to 11.
    #[test]
    fn the_requests_of_the_examples_are_read() {
        let enable = |content: &str| {
            let xml = format!(
                "<enable xmlns='urn:xmpp:push:0' jid='push-5.client.example' node='yxs32uqsflafdk3iuqo'>{content}</enable>"
            );
            parse::<Enable>(&xml)
        };
        assert_eq!(enable("").options, None);
        let with = enable(OPTIONS);
        assert_eq!(with.node.as_deref(), Some("yxs32uqsflafdk3iuqo"));
        let options = with.options.clone().unwrap();
        assert_eq!(options.form_type(), Some(PUBLISH_OPTIONS));
        assert!(!format!("{with:?}").contains("eruio"), "secrets are not shown");
        assert_eq!(Enable::parse(&with.to_element()).unwrap(), with);
        let disable: Disable = parse("<disable xmlns='urn:xmpp:push:0' jid='push-5.client.example'/>");
        assert_eq!((disable.jid.as_str(), disable.node), ("push-5.client.example", None));
    }

    /// Example 13.
    #[test]
    fn a_notification_with_everything_looks_as_in_the_example() {
        let publish = Publish {
            node: Some("yxs32uqsflafdk3iuqo".to_owned()),
            notification: Notification {
                summary: Some(Summary {
                    message_count: Some(1),
                    pending_subscriptions: None,
                    last_sender: Some("juliet@capulet.example/balcony".parse().unwrap()),
                    last_body: Some("Wherefore art thou, Romeo?".to_owned()),
                }),
            },
            options: Some(OPTIONS.parse().unwrap()),
        };
        let element = publish.to_element();
        let child =
            |element: &Element, name: &str, ns: &str| element.get_child(name, ns).expect(name).clone();
        let published = child(&element, "publish", PUBSUB);
        assert_eq!(published.attr("node"), Some("yxs32uqsflafdk3iuqo"));
        let notification = child(&child(&published, "item", PUBSUB), "notification", NS);
        let form = Form::parse(&child(&notification, "x", "jabber:x:data")).unwrap();
        assert_eq!(form.form_type(), Some(SUMMARY));
        assert_eq!(form.value("message-count"), Some("1"));
        assert_eq!(form.value("last-message-sender"), Some("juliet@capulet.example/balcony"));
        assert_eq!(form.value("last-message-body"), Some("Wherefore art thou, Romeo?"));
        let options = child(&child(&element, "publish-options", PUBSUB), "x", "jabber:x:data");
        assert_eq!(options, OPTIONS.parse().unwrap());
    }

    #[test]
    fn what_is_not_to_be_told_is_not_there() {
        let summary = Summary { message_count: Some(3), ..Summary::default() };
        let text = |summary| {
            let publish = Publish { node: None, notification: Notification { summary }, options: None };
            String::from(&publish.to_element())
        };
        let told = text(Some(summary));
        assert!(told.contains("message-count") && !told.contains("last-message"), "{told}");
        assert!(!told.contains("pending"), "{told}");
        assert!(!told.contains("publish-options") && !told.contains("node="), "{told}");
        assert!(!text(None).contains("jabber:x:data"));
    }
}
