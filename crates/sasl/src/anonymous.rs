//! ANONYMOUS's only message, the trace (RFC 4505 §2 and §3).

use stringprep::tables;

use crate::prep;

/// Most characters of a trace.
const MAX_CHARS: usize = 255;

/// Reads a trace: nothing, or up to 255 characters that the stringprep profile "trace" lets through.
pub(crate) fn parse(message: &[u8]) -> Option<Option<String>> {
    if message.is_empty() {
        return Some(None);
    }
    let trace = core::str::from_utf8(message).ok()?;
    is_valid(trace).then(|| Some(trace.to_owned()))
}

/// Whether the string may be sent as a trace.
pub(crate) fn is_valid(trace: &str) -> bool {
    trace.chars().take(MAX_CHARS + 1).count() <= MAX_CHARS
        && !trace.chars().any(prohibited)
        && prep::bidirectional(trace)
}

/// RFC 4505 §3.
fn prohibited(c: char) -> bool {
    tables::ascii_control_character(c)
        || tables::non_ascii_control_character(c)
        || tables::private_use(c)
        || tables::non_character_code_point(c)
        || tables::surrogate_code(c)
        || tables::inappropriate_for_plain_text(c)
        || tables::change_display_properties_or_deprecated(c)
        || tables::tagging_character(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_4505_section_4_is_read() {
        assert_eq!(parse(b"sirhc"), Some(Some("sirhc".into())));
        assert_eq!(parse(b""), Some(None));
    }

    #[test]
    fn a_trace_has_at_most_255_characters_and_no_control_characters() {
        assert!(is_valid(&"\u{E4}".repeat(255)) && !is_valid(&"a".repeat(256)));
        assert_eq!(parse(b"a\nb"), None);
        assert_eq!(parse(b"\xFF"), None);
    }
}
