//! Media types of files, by the ends of their names (RFC 6838).

/// What is nothing in particular (RFC 2046 §4.5.1).
const ANY: &str = "application/octet-stream";

/// Those that people send to each other.
const KNOWN: [(&str, &str); 26] = [
    ("avif", "image/avif"),
    ("csv", "text/csv"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("heic", "image/heic"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("m4a", "audio/mp4"),
    ("md", "text/markdown"),
    ("mkv", "video/matroska"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("wav", "audio/vnd.wave"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("zip", "application/zip"),
];

/// The type of a file of this name.
pub(crate) fn of(name: &str) -> &'static str {
    let Some((_, end)) = name.rsplit_once('.') else { return ANY };
    let known = KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(end));
    known.map_or(ANY, |(_, media)| media)
}

/// A type as somebody writes it, for clap.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    let is_token = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !part.is_empty() && part.len() <= 127 && part.bytes().all(allowed)
    };
    match text.split_once('/') {
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) => Ok(text.to_owned()),
        _ => Err("a media type is written as type/subtype".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_says_what_a_file_is() {
        for (name, media) in [
            ("a.JPG", "image/jpeg"),
            ("archive.tar.gz", "application/gzip"),
            ("Makefile", ANY),
            ("a.", ANY),
            (".png", "image/png"),
        ] {
            assert_eq!(of(name), media, "{name}");
        }
        assert!(KNOWN.iter().all(|(_, media)| parse(media).is_ok()));
    }

    #[test]
    fn a_type_cannot_be_more_than_a_type() {
        assert_eq!(parse("text/x-rust"), Ok("text/x-rust".to_owned()));
        for text in ["", "text", "/x", "text/", "text/a\r\nb", "text/plain; charset=utf-8", "a/b/c"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
