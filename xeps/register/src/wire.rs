//! The payload (XEP-0077 §14.1).

use std::fmt;

use stonechat_stanza::forms::Form;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload, enumeration};

/// Namespace of the payload, the advertised feature (XEP-0077 §10) and the type of the registration form (§13.4.1).
pub const NS: &str = stonechat_stanza::ns::REGISTER;
/// Namespace of the stream feature (XEP-0077 §8).
pub const STREAM_FEATURE: &str = stonechat_stanza::ns::REGISTER_FEATURE;
/// Type of the form that changes a password (XEP-0077 §13.4.3).
pub const CHANGE_PASSWORD_FORM: &str = "jabber:iq:register:changepassword";

enumeration! {
    /// What may be asked for (XEP-0077 §14.1).
    pub enum Field {
        /// The name of the account.
        Username = "username",
        /// A familiar name.
        Nick = "nick",
        /// The password.
        Password = "password",
        /// The full name.
        Name = "name",
        /// The given name.
        First = "first",
        /// The family name.
        Last = "last",
        /// The email address.
        Email = "email",
        /// The street.
        Address = "address",
        /// The city.
        City = "city",
        /// The state.
        State = "state",
        /// The postal code.
        Zip = "zip",
        /// The telephone number.
        Phone = "phone",
        /// A web page.
        Url = "url",
        /// Some date.
        Date = "date",
        /// Obsolete.
        Misc = "misc",
        /// Obsolete.
        Text = "text",
        /// Obsolete (§7).
        Key = "key",
    }
}

/// `<query/>`: the request for the fields, the fields, their submission, or the wish to be removed.
///
/// Its `Debug` shows which fields there are and nothing of what is in them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The asker is registered already.
    pub registered: bool,
    /// What people should know.
    pub instructions: Option<String>,
    /// Fields to fill out, or filled out. Each once.
    pub fields: Vec<(Field, String)>,
    /// The asker wants its registration to be removed.
    pub remove: bool,
    /// The same as a form, which takes precedence over the fields (§4).
    pub form: Option<Form>,
    /// Where to register instead, on the web (§5).
    pub url: Option<String>,
}

/// Namespace of the address on the web (XEP-0066 §3).
const OOB: &str = "jabber:x:oob";

impl Query {
    /// The wish to be removed (§3.2).
    #[must_use]
    pub fn remove() -> Self {
        Self { remove: true, ..Self::default() }
    }

    /// A submission of name and password, which registers (§3.1), or changes a password (§3.3).
    #[must_use]
    pub fn submit(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self::default().with(Field::Username, username).with(Field::Password, password)
    }

    /// With one more field.
    #[must_use]
    pub fn with(mut self, field: Field, value: impl Into<String>) -> Self {
        self.fields.push((field, value.into()));
        self
    }

    /// What is in a field; `None` where it is absent.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.fields.iter().find(|(other, _)| *other == field).map(|(_, value)| value.as_str())
    }
}

impl Payload for Query {
    const NS: &'static str = NS;
    const NAME: &'static str = "query";

    /// `bad-request` where `<remove/>` is not alone (XEP-0077 §3.2, table 1).
    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        if element.child("remove").is_some() {
            return match element.children().count() {
                1 => Ok(Self::remove()),
                _ => Err(ParseError::bad_request("<remove/> has to be alone")),
            };
        }
        let field = |&field: &Field| Some((field, element.child_text(field.as_str())?));
        Ok(Self {
            registered: element.child("registered").is_some(),
            instructions: element.child_text("instructions"),
            fields: Field::ALL.iter().filter_map(field).collect(),
            remove: false,
            form: element.get()?,
            url: element.get_child("x", OOB).and_then(|elsewhere| elsewhere.child_text("url")),
        })
    }

    fn to_element(&self) -> Element {
        let query = Builder::of::<Self>()
            .flag("registered", self.registered)
            .optional_child("instructions", self.instructions.as_ref());
        let fields = self.fields.iter();
        fields
            .fold(query, |query, (field, value)| query.text_child(field.as_str(), value))
            .flag("remove", self.remove)
            .payloads(&self.form)
            .children(self.url.as_ref().map(|url| Builder::new("x", OOB).text_child("url", url).build()))
            .build()
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<Field> = self.fields.iter().map(|(field, _)| *field).collect();
        f.debug_struct("Query")
            .field("registered", &self.registered)
            .field("fields", &fields)
            .field("remove", &self.remove)
            .field("form", &self.form.is_some())
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(xml: &str) -> Result<Query, ParseError> {
        Query::parse(&xml.parse().expect("XML"))
    }

    #[test]
    fn the_fields_of_a_registration_are_read() {
        // Example 3.
        let query = parse(
            "<query xmlns='jabber:iq:register'><registered/><username>juliet</username>\
             <password>R0m30</password><email>juliet@capulet.com</email></query>",
        )
        .unwrap();
        assert!(query.registered && !query.remove);
        assert_eq!(query.get(Field::Username), Some("juliet"));
        assert_eq!(query.get(Field::Email), Some("juliet@capulet.com"));
        assert_eq!(query.get(Field::Nick), None);
        assert_eq!(Query::parse(&query.to_element()).unwrap(), query);
    }

    #[test]
    fn a_server_may_send_people_elsewhere() {
        // Example 25.
        let xml = "<query xmlns='jabber:iq:register'><instructions>To register, visit</instructions>\
            <x xmlns='jabber:x:oob'><url>http://www.shakespeare.lit/contests.php</url></x></query>";
        let query = parse(xml).unwrap();
        assert_eq!(query.url.as_deref(), Some("http://www.shakespeare.lit/contests.php"));
        assert_eq!(query.to_element(), xml.parse().unwrap());
    }

    #[test]
    fn remove_has_to_be_alone() {
        assert_eq!(parse("<query xmlns='jabber:iq:register'><remove/></query>").unwrap(), Query::remove());
        for other in ["<username>bill</username>", "<x xmlns='jabber:x:data' type='submit'/>", "<remove/>"] {
            let error =
                parse(&format!("<query xmlns='jabber:iq:register'><remove/>{other}</query>")).unwrap_err();
            assert_eq!(error.condition(), stonechat_stanza::error::Condition::BadRequest, "{other}");
        }
    }

    #[test]
    fn debug_shows_no_passwords() {
        let form = "<x xmlns='jabber:x:data' type='submit'><field var='password' type='text-single'><value>Calliope</value></field></x>";
        let query = Query {
            form: Some(Form::parse(&form.parse().unwrap()).unwrap()),
            ..Query::submit("bill", "Calliope")
        };
        assert!(!format!("{query:?}").contains("Calliope"), "{query:?}");
    }

    proptest! {
        #[test]
        fn a_query_is_read_as_it_was_written(
            registered: bool, instructions in prop::option::of("[ -~]{0,9}"),
            fields in prop::collection::btree_map(prop::sample::select(Field::ALL), "[ -~]{0,9}", 0..5),
        ) {
            let query = Query { registered, instructions, fields: fields.into_iter().collect(), ..Query::default() };
            prop_assert_eq!(Query::parse(&query.to_element()).unwrap(), query);
        }
    }
}
