//! Forms that configure nodes (§7.1.5, §8.2, §16.4).

use stonechat_stanza::forms::{Field, Form, Type};

/// Type of the form that says which conditions a publication depends on (§7.1.5).
pub const PUBLISH_OPTIONS: &str = "http://jabber.org/protocol/pubsub#publish-options";
/// Type of the form that configures a node (§8.2).
pub const NODE_CONFIG: &str = "http://jabber.org/protocol/pubsub#node_config";

/// Conditions of a publication: fields of the configuration, such as `("pubsub#access_model", "whitelist")`. A node that is not there yet is made
/// with them.
///
/// ```
/// use stonechat_xep_pubsub::publish_options;
///
/// let open = publish_options([("pubsub#access_model", "open")]);
/// assert_eq!(open.value("pubsub#access_model"), Some("open"));
/// ```
#[must_use]
pub fn publish_options<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Form {
    filled(PUBLISH_OPTIONS, fields)
}

/// A configuration with these fields; what it does not name stays as it is.
#[must_use]
pub fn node_config<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Form {
    filled(NODE_CONFIG, fields)
}

/// The conditions of what is stored for oneself alone (XEP-0223 §3): it is kept, all of it, nobody else may see it, and what changes is told
/// when it does.
#[must_use]
pub fn private() -> Form {
    publish_options([
        ("pubsub#persist_items", "true"),
        ("pubsub#max_items", "max"),
        ("pubsub#send_last_published_item", "never"),
        ("pubsub#access_model", "whitelist"),
    ])
}

fn filled<'a>(kind: &str, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Form {
    let fields = fields.into_iter().map(|(var, value)| Field::bare(var).with_value(value));
    fields.fold(Form::of(Type::Submit, kind), Form::with_field)
}

/// The same conditions as a configuration: what a node has to be so that they are met.
#[cfg(feature = "client")]
pub(crate) fn as_config(options: &Form) -> Form {
    let is_type = |field: &&Field| field.var.as_deref() == Some(stonechat_stanza::forms::FORM_TYPE);
    let fields = options.fields.iter().filter(|field| !is_type(field)).cloned();
    fields.fold(Form::of(Type::Submit, NODE_CONFIG), Form::with_field)
}

/// Of the conditions that which says who may see what is published.
#[cfg(feature = "client")]
pub(crate) fn access_alone(options: &Form) -> Form {
    let access = options.field("pubsub#access_model").cloned();
    access.into_iter().fold(Form::of(Type::Submit, PUBLISH_OPTIONS), Form::with_field)
}
