//! The server's side: a form of service discovery.

use serde::{Deserialize, Serialize};
use stonechat_extension::{InstallError, Installer, Manifest, ServerExtension};
use stonechat_stanza::forms::{Field, Form, Type, field};

use crate::FORM_TYPE;

/// The addresses, as URIs: `mailto:abuse@example.org`, `xmpp:admin@example.org`, `https://example.org/status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// For reports of abuse.
    pub abuse: Vec<String>,
    /// The administrators.
    pub admin: Vec<String>,
    /// For feedback.
    pub feedback: Vec<String>,
    /// For sales.
    pub sales: Vec<String>,
    /// For reports of security problems.
    pub security: Vec<String>,
    /// Where the state of the service is told.
    pub status: Vec<String>,
    /// For help.
    pub support: Vec<String>,
}

impl Config {
    fn fields(&self) -> [(&'static str, &[String]); 7] {
        [
            ("abuse-addresses", &self.abuse),
            ("admin-addresses", &self.admin),
            ("feedback-addresses", &self.feedback),
            ("sales-addresses", &self.sales),
            ("security-addresses", &self.security),
            ("status-addresses", &self.status),
            ("support-addresses", &self.support),
        ]
    }

    /// The form (XEP-0157 §3, example 2); `None` when there are no addresses.
    #[must_use]
    pub fn form(&self) -> Option<Form> {
        let fields: Vec<_> =
            self.fields().into_iter().filter(|(_, addresses)| !addresses.is_empty()).collect();
        let form = Form::of(Type::Result, FORM_TYPE);
        let with = |form: Form, (var, addresses): (&str, &[String])| {
            form.with_field(Field::new(field::Type::ListMulti, var).with_values(addresses))
        };
        (!fields.is_empty()).then(|| fields.into_iter().fold(form, with))
    }

    /// The first address that is no URI.
    fn wrong(&self) -> Option<&str> {
        let has_scheme = |address: &&String| {
            let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        let mut all = self.fields().into_iter().flat_map(|(_, addresses)| addresses);
        all.find(|address| !has_scheme(address)).map(String::as_str)
    }
}

/// The extension; it keeps no state.
#[derive(Debug)]
pub struct Extension;

impl ServerExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("contact").about("tells whom to write to about the server").xep(157, "1.1.1");
    const CONFIG: &'static str = "\
# Each is a list of URIs: \"mailto:abuse@example.org\", \"xmpp:admin@example.org\", \"https://example.org/help\".
# For reports of abuse.
abuse = []
# The administrators.
admin = []
# For feedback.
feedback = []
# For sales.
sales = []
# For reports of security problems.
security = []
# Where the state of the service is told.
status = []
# For help.
support = []
";
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        if let Some(address) = config.wrong() {
            return Err(
                host.failed(format!("`{address}` is no URI; an address starts with `mailto:` or `xmpp:`"))
            );
        }
        if let Some(form) = config.form() {
            host.info_form(form);
        }
        Ok(())
    }
}

stonechat_extension::register!(server: Extension);
