//! What is wrong with a configuration file, and where.

use std::path::Path;

use stonechat_extension::suggest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Says what is wrong: `stonechat.toml:7: limits.conections: unknown key; did you mean `connections`?`.
pub(super) fn explain(file: &Path, text: &str, error: &toml::de::Error) -> String {
    let message = reword(error.message());
    let file = file.display();
    let Some(span) = error.span() else { return format!("{file}: {message}") };
    let line = text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1;
    match key_at(text, span.start) {
        Some(key) => format!("{file}:{line}: {key}: {message}"),
        None => format!("{file}:{line}: {message}"),
    }
}

/// Serde's message, in the words of somebody who writes a configuration, and with what was probably meant.
fn reword(message: &str) -> String {
    let (what, word) = match message {
        _ if message.starts_with("unknown field") => ("key", "unknown key"),
        _ if message.starts_with("unknown variant") => ("value", "unknown value"),
        _ => return message.trim().to_owned(),
    };
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.collect();
    match suggest(unknown, known.iter().copied()) {
        Some(near) => format!("{word} `{unknown}`; did you mean `{near}`?"),
        None => format!("{word} `{unknown}`; each {what} here is one of: {}", known.join(", ")),
    }
}

/// The key that stands at this place or whose value does, with dots between its parts.
fn key_at(text: &str, offset: usize) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let mut path = Vec::new();
    find(table.get_ref(), offset, &mut path).then(|| path.join("."))
}

fn find(table: &DeTable<'_>, offset: usize, path: &mut Vec<String>) -> bool {
    table.iter().any(|(key, value)| {
        path.push(key.get_ref().to_string());
        let found = find_in(value, offset, path) || key.span().contains(&offset);
        if !found {
            path.pop();
        }
        found
    })
}

fn find_in(value: &Spanned<DeValue<'_>>, offset: usize, path: &mut Vec<String>) -> bool {
    let deeper = match value.get_ref() {
        DeValue::Table(table) => find(table, offset, path),
        DeValue::Array(array) => array.iter().enumerate().any(|(at, item)| {
            path.push(at.to_string());
            let found = find_in(item, offset, path);
            if !found {
                path.pop();
            }
            found
        }),
        _ => false,
    };
    deeper || value.span().contains(&offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::File;

    fn complaint(text: &str) -> String {
        let error = toml::from_str::<File>(text).unwrap_err();
        explain(Path::new("a.toml"), text, &error)
    }

    #[test]
    fn an_unknown_key_is_named_with_its_path_and_what_was_meant() {
        for (text, expected) in [
            ("dta = \"x\"", "a.toml:1: dta: unknown key `dta`; did you mean `data`?"),
            (
                "\n[limits]\nconections = 1",
                "a.toml:3: limits.conections: unknown key `conections`; did you mean `connections`?",
            ),
            (
                "[hosts.localhost]\nanonymus = true",
                "a.toml:2: hosts.localhost.anonymus: unknown key `anonymus`; did you mean `anonymous`?",
            ),
            (
                "[[listeners]]\naddress = \"127.0.0.1:1\"\nkind = \"starttls\"\nplaintxt = true",
                "a.toml:4: listeners.0.plaintxt: unknown key `plaintxt`; did you mean `plaintext`?",
            ),
            (
                "[authentication]\nper_ip = { failure = 1, forgotten_after = 2 }",
                "a.toml:2: authentication.per_ip.failure: unknown key `failure`; did you mean `failures`?",
            ),
        ] {
            assert_eq!(complaint(text), expected);
        }
    }

    #[test]
    fn a_wrong_value_is_named_with_its_key() {
        let kind = complaint("[[listeners]]\naddress = \"127.0.0.1:1\"\nkind = \"starttl\"");
        assert_eq!(kind, "a.toml:3: listeners.0.kind: unknown value `starttl`; did you mean `starttls`?");
        assert!(
            complaint("[log]\nlevel = 7").starts_with("a.toml:2: log.level: "),
            "{}",
            complaint("[log]\nlevel = 7")
        );
        let number = complaint("[limits]\nconnections = -1");
        assert!(number.starts_with("a.toml:2: limits.connections: "), "{number}");
    }

    #[test]
    fn a_missing_key_is_named_with_the_table_where_it_is_missing() {
        let missing = complaint("[[listeners]]\nkind = \"starttls\"");
        assert!(missing.starts_with("a.toml:1: listeners") && missing.contains("`address`"), "{missing}");
    }

    #[test]
    fn what_is_no_toml_is_named_with_its_line() {
        let broken = complaint("[log]\nlevel = \n");
        assert!(broken.starts_with("a.toml:2: "), "{broken}");
    }
}
