//! The line that is being typed.

/// More than a message may have, in characters.
const MOST: usize = 16 << 10;

/// The line that is being typed, and where in it.
#[derive(Debug, Default)]
pub(crate) struct Input {
    text: Vec<char>,
    cursor: usize,
    completion: Option<Completion>,
}

/// What Tab goes through.
#[derive(Debug)]
struct Completion {
    start: usize,
    candidates: Vec<String>,
    at: usize,
}

impl Input {
    pub(crate) fn text(&self) -> String {
        self.text.iter().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What stands before the cursor.
    pub(crate) fn before_cursor(&self) -> String {
        self.text[..self.cursor].iter().collect()
    }

    /// Takes a text; lines become one.
    pub(crate) fn insert(&mut self, text: &str) {
        self.completion = None;
        for char in text.chars().map(|char| if char.is_control() { ' ' } else { char }) {
            if self.text.len() < MOST {
                self.text.insert(self.cursor, char);
                self.cursor += 1;
            }
        }
    }

    pub(crate) fn backspace(&mut self) {
        self.completion = None;
        if self.cursor > 0 {
            self.cursor -= 1;
            self.text.remove(self.cursor);
        }
    }

    pub(crate) fn delete(&mut self) {
        self.completion = None;
        if self.cursor < self.text.len() {
            self.text.remove(self.cursor);
        }
    }

    /// Removes the word before the cursor.
    pub(crate) fn delete_word(&mut self) {
        self.completion = None;
        let kept = self.before_cursor().trim_end().rfind(' ').map_or(0, |at| at + 1);
        let kept = self.before_cursor()[..kept].chars().count();
        self.text.drain(kept..self.cursor);
        self.cursor = kept;
    }

    pub(crate) fn left(&mut self) {
        self.completion = None;
        self.cursor = self.cursor.saturating_sub(1);
    }

    pub(crate) fn right(&mut self) {
        self.completion = None;
        self.cursor = (self.cursor + 1).min(self.text.len());
    }

    pub(crate) fn home(&mut self) {
        self.completion = None;
        self.cursor = 0;
    }

    pub(crate) fn end(&mut self) {
        self.completion = None;
        self.cursor = self.text.len();
    }

    /// Gives the text away.
    pub(crate) fn take(&mut self) -> String {
        let text = self.text();
        *self = Self::default();
        text
    }

    /// Completes the word before the cursor by the next of the candidates that begin with it; `candidates` gets whether the word is the
    /// first one.
    pub(crate) fn complete(&mut self, candidates: impl FnOnce(&str, bool) -> Vec<String>) {
        let completion = match self.completion.take() {
            Some(completion) => Completion { at: completion.at + 1, ..completion },
            None => {
                let start =
                    self.text[..self.cursor].iter().rposition(|char| *char == ' ').map_or(0, |at| at + 1);
                let word: String = self.text[start..self.cursor].iter().collect();
                Completion { start, candidates: candidates(&word, start == 0), at: 0 }
            }
        };
        if completion.candidates.is_empty() {
            return;
        }
        let word: Vec<char> =
            completion.candidates[completion.at % completion.candidates.len()].chars().collect();
        let end = completion.start + word.len();
        self.text.splice(completion.start..self.cursor, word);
        self.cursor = end;
        self.completion = Some(completion);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn typed(text: &str) -> Input {
        let mut input = Input::default();
        input.insert(text);
        input
    }

    #[test]
    fn a_line_is_edited() {
        let mut input = typed("héllo wörld");
        input.delete_word();
        assert_eq!(input.text(), "héllo ");
        input.left();
        input.backspace();
        input.insert("!");
        assert_eq!((input.text().as_str(), input.before_cursor().as_str()), ("héll! ", "héll!"));
        input.home();
        input.delete();
        assert_eq!(input.take(), "éll! ");
        assert!(input.is_empty());
    }

    #[test]
    fn what_is_pasted_is_one_line_without_control_characters() {
        assert_eq!(typed("a\r\nb\u{1b}c").text(), "a  b c");
    }

    #[test]
    fn tab_goes_through_the_candidates() {
        let mut input = typed("/open r");
        let words = |word: &str, first| {
            assert_eq!((word, first), ("r", false));
            vec!["romeo@example.net".to_owned(), "rosaline@example.net".to_owned()]
        };
        input.complete(words);
        assert_eq!(input.text(), "/open romeo@example.net");
        input.complete(|_, _| Vec::new());
        assert_eq!(input.text(), "/open rosaline@example.net");
        input.complete(|_, _| Vec::new());
        assert_eq!(input.text(), "/open romeo@example.net");
        input.insert(" ");
        input.complete(|_, _| Vec::new());
        assert_eq!(input.text(), "/open romeo@example.net ");
    }

    proptest! {
        #[test]
        fn no_keys_lead_out_of_the_line(keys in prop::collection::vec(0..8_u8, 0..60)) {
            let mut input = Input::default();
            for key in keys {
                match key {
                    0 => input.insert("ä b"),
                    1 => input.backspace(),
                    2 => input.delete(),
                    3 => input.delete_word(),
                    4 => input.left(),
                    5 => input.right(),
                    6 => input.home(),
                    _ => input.complete(|word, _| vec![format!("{word}é")]),
                }
                prop_assert!(input.cursor <= input.text.len());
            }
        }
    }
}
