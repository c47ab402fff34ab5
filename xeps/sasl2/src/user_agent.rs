//! The program that logs in (§2.3).

use stonechat_stanza::Element;
use stonechat_stanza::payload::Builder;

use crate::NS;

/// The most characters that are kept of the name of a software or device.
pub const MAX_TEXT: usize = 128;

/// The program that logs in, by its own account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserAgent {
    /// What stays the same for an installation: a UUID in lower case.
    pub id: Option<String>,
    /// The name of the software.
    pub software: Option<String>,
    /// The name of the device.
    pub device: Option<String>,
}

impl UserAgent {
    pub(crate) fn read(element: &Element) -> Self {
        let text = |name| {
            let text = element.get_child(name, NS).map(Element::text).unwrap_or_default();
            let kept: String = text.trim().chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
            Some(kept).filter(|kept| !kept.is_empty())
        };
        let id = element.attr("id").filter(|id| is_uuid(id)).map(str::to_ascii_lowercase);
        Self { id, software: text("software"), device: text("device") }
    }

    pub(crate) fn to_element(&self) -> Element {
        Builder::new("user-agent", NS)
            .optional("id", self.id.as_deref())
            .optional_child("software", self.software.as_deref())
            .optional_child("device", self.device.as_deref())
            .build()
    }
}

/// The pattern of the schema (§8). That it is of version 4 is not checked: any UUID serves.
fn is_uuid(id: &str) -> bool {
    let hyphens = [8, 13, 18, 23];
    id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| match hyphens.contains(&at) {
            true => byte == b'-',
            false => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_in_either_case_and_kept_in_lower_case() {
        let read = |id: &str| UserAgent::read(&Builder::new("user-agent", NS).attr("id", id).build()).id;
        let id = "d4565fa7-4d72-4749-b3d3-740edbf87770";
        assert_eq!(read(id).as_deref(), Some(id));
        assert_eq!(read(&id.to_ascii_uppercase()).as_deref(), Some(id));
        for other in ["", "my phone", &id[1..], "d4565fa7-4d72-4749-b3d3-740edbf8777g", &id.replace('-', "0")]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn texts_are_cut_and_control_characters_left_out() {
        let long = "ä".repeat(MAX_TEXT + 1);
        let element =
            Builder::new("user-agent", NS).text_child("software", &long).text_child("device", " a\tb\n ");
        let read = UserAgent::read(&element.build());
        assert_eq!(read.software.unwrap().chars().count(), MAX_TEXT);
        assert_eq!(read.device.as_deref(), Some("ab"));
    }
}
