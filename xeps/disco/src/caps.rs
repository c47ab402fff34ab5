//! Entity capabilities (XEP-0115): one string for what a client is and can do.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};
use stonechat_stanza::forms::FORM_TYPE;
use stonechat_stanza::{ns, payload};

use crate::Info;

payload! {
    /// `<c/>` in presence (XEP-0115 §4).
    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    pub struct Caps: ns::CAPS, "c" {
        /// The algorithm; where there is none the legacy format is used, which says nothing that can be verified (§13).
        pub hash: Option<String> => optional("hash"),
        /// Names the software.
        pub node: String => required("node"),
        /// The verification string.
        pub ver: String => required("ver"),
    }
}

/// The verification string for what service discovery tells of an entity, with SHA-1 (§5.1). `None` when that is ill-formed (§5.4, rule 3): an
/// identity, a feature or a form twice, or a form whose type is not one. So is what has a `<` in it, as that could stand for something else.
///
/// ```
/// use stonechat_stanza::Payload as _;
/// use stonechat_xep_disco::{Info, verification};
///
/// let exodus = "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='client' name='Exodus 0.9.1' type='pc'/>\
///     <feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>\
///     <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/></query>";
/// let info = Info::parse(&exodus.parse()?)?;
/// assert_eq!(verification(&info).as_deref(), Some("QgayPKawpkPSDYmwT/WM94uAlu0="));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn verification(info: &Info) -> Option<String> {
    let mut text = String::new();
    let mut add = |part: &str| {
        text.push_str(part);
        text.push('<');
        (!part.contains('<')).then_some(())
    };
    let mut identities: Vec<[&str; 4]> = Vec::new();
    for identity in &info.identities {
        let (lang, name) = (identity.lang.as_deref().unwrap_or_default(), identity.name.as_deref());
        identities.push([&identity.category, &identity.kind, lang, name.unwrap_or_default()]);
    }
    for identity in each_once(identities)? {
        add(&identity.join("/"))?;
    }
    for feature in each_once(info.features.iter().map(|feature| feature.var.as_str()))? {
        add(feature)?;
    }
    // Forms without a type do not count (§5.4, rule 3.6).
    let forms: Vec<_> = info.forms.iter().filter_map(|form| Some((form.form_type()?, form))).collect();
    each_once(forms.iter().map(|(kind, _)| *kind))?;
    let mut forms = forms;
    forms.sort_by_key(|(kind, _)| *kind);
    for (kind, form) in forms {
        let mut kinds = form.values(FORM_TYPE).iter();
        kinds.all(|value| value == kind).then_some(())?;
        add(kind)?;
        let mut fields: Vec<_> =
            form.fields.iter().filter_map(|field| Some((field.var.as_deref()?, &field.values))).collect();
        fields.retain(|(var, _)| *var != FORM_TYPE);
        fields.sort();
        for (var, values) in fields {
            add(var)?;
            let mut values: Vec<&String> = values.iter().collect();
            values.sort();
            values.into_iter().try_for_each(|value| add(value))?;
        }
    }
    Some(STANDARD.encode(Sha1::digest(text.as_bytes())))
}

/// Sorted; `None` when one is there twice.
fn each_once<T: Ord>(all: impl IntoIterator<Item = T>) -> Option<BTreeSet<T>> {
    let mut set = BTreeSet::new();
    all.into_iter().all(|one| set.insert(one)).then_some(set)
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::Payload as _;

    use super::*;

    fn ver(children: &str) -> Option<String> {
        let info = format!("<query xmlns='http://jabber.org/protocol/disco#info'>{children}</query>");
        verification(&Info::parse(&info.parse().expect("XML")).expect("information"))
    }

    const PSI: &str = "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>
        <identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>
        <feature var='http://jabber.org/protocol/caps'/>
        <feature var='http://jabber.org/protocol/disco#info'/>
        <feature var='http://jabber.org/protocol/disco#items'/>
        <feature var='http://jabber.org/protocol/muc'/>
        <x xmlns='jabber:x:data' type='result'>
          <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>
          <field var='ip_version' type='text-multi'><value>ipv6</value><value>ipv4</value></field>
          <field var='os'><value>Mac</value></field>
          <field var='os_version'><value>10.5.1</value></field>
          <field var='software'><value>Psi</value></field>
          <field var='software_version'><value>0.11</value></field>
        </x>";

    #[test]
    fn the_complex_example_has_its_string() {
        // §5.3.
        assert_eq!(ver(PSI).as_deref(), Some("q07IKJEyjvHSyhy//CH0CxmKi8w="));
    }

    #[test]
    fn what_is_ill_formed_has_none() {
        // §5.4, rules 3.3 to 3.5.
        let form = |kind: &str| {
            format!(
                "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>{kind}</field></x>"
            )
        };
        let value = "<value>urn:a</value>";
        for twice in [
            "<identity category='client' type='pc'/><identity category='client' type='pc'/>".to_owned(),
            "<feature var='a'/><feature var='a'/>".to_owned(),
            form(value) + &form(value),
            form(&format!("{value}<value>urn:b</value>")),
        ] {
            assert_eq!(ver(&twice), None, "{twice}");
        }
        assert!(ver(&form(value)).is_some());
    }

    #[test]
    fn what_could_stand_for_something_else_has_none() {
        let honest = ver("<identity category='client' type='pc'/><feature var='a'/><feature var='b'/>");
        assert!(honest.is_some());
        assert_eq!(ver("<identity category='client' type='pc'/><feature var='a&lt;b'/>"), None);
        assert_eq!(ver("<identity category='client' type='pc' name='&lt;a'/><feature var='b'/>"), None);
    }

    #[test]
    fn a_form_without_a_type_does_not_count() {
        // §5.4, rule 3.6.
        let with = format!(
            "{PSI}<x xmlns='jabber:x:data' type='result'><field var='a'><value>b</value></field></x>"
        );
        assert_eq!(ver(&with), ver(PSI));
    }
}
