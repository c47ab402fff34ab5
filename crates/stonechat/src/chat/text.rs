//! Texts in rows of the screen.

use ratatui::text::Span;

/// How many columns a character takes.
pub(super) fn columns(char: char) -> usize {
    Span::raw(&*char.encode_utf8(&mut [0; 4])).width()
}

/// The beginning of a text that fits.
pub(super) fn cut(text: &str, width: usize) -> String {
    if Span::raw(text).width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let fits = |char: &char| {
        let left = room.checked_sub(columns(*char));
        room = left.unwrap_or_default();
        left.is_some()
    };
    let fitting: String = text.chars().take_while(fits).collect();
    format!("{fitting}…")
}

/// A text in rows: the first one has less room by `taken`, the others by two columns. A word that fits into no row is broken.
pub(super) fn wrapped(text: &str, taken: usize, width: usize) -> Vec<String> {
    let other = width.saturating_sub(2).max(1);
    let mut room = width.saturating_sub(taken).max(1);
    let mut rows = Vec::new();
    for paragraph in text.split('\n') {
        let (mut row, mut used) = (String::new(), 0);
        for word in paragraph.split_inclusive(' ') {
            let long: usize = word.trim_end().chars().map(columns).sum();
            if used > 0 && used + long > room {
                rows.push(std::mem::take(&mut row));
                (used, room) = (0, other);
            }
            for char in word.chars() {
                let column = columns(char);
                if used > 0 && char != ' ' && used + column > room {
                    rows.push(std::mem::take(&mut row));
                    (used, room) = (0, other);
                }
                row.push(char);
                used += column;
            }
        }
        rows.push(row);
        room = other;
    }
    rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_broken_between_words_and_a_long_word_within() {
        assert_eq!(wrapped("one two three", 2, 8), ["one ", "two ", "three"]);
        assert_eq!(wrapped("a\n\nb", 0, 8), ["a", "", "b"]);
        assert_eq!(wrapped("abcdefghij", 4, 8), ["abcd", "efghij"]);
        assert_eq!(wrapped("名前は", 0, 6), ["名前は"]);
        assert_eq!(wrapped("名前は", 2, 6), ["名前", "は"]);
        assert_eq!(
            (cut("Rosaline", 5), cut("Romeo", 5), cut("名前", 3)),
            ("Rosa…".into(), "Romeo".into(), "名…".into())
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_too_wide(text in "[a-z 名é]{0,60}", taken in 0..12_usize, width in 4..20_usize) {
            let rows = wrapped(&text, taken, width);
            prop_assert_eq!(rows.concat(), text);
            prop_assert!(rows.iter().skip(1).all(|row| row.trim_end().chars().map(columns).sum::<usize>() <= width.max(2)));
        }
    }
}
