//! What is where on the screen of the chat.

/// How a screen is laid out: nothing when its rows are not those that there should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The conversation as it would be in one row: the messages without their times.
    pub(crate) said: String,
    pub(crate) status: String,
    pub(crate) input: String,
}

impl Layout {
    /// Of a screen of this size without contacts. Whatever is on it belongs to one of these.
    pub(crate) fn narrow(screen: &str, width: usize, height: usize) -> Option<Self> {
        let rows: Vec<&str> = screen.lines().map(str::trim_end).collect();
        let fits = rows.len() == height && rows.iter().all(|row| row.chars().count() <= width);
        let [title, said @ .., status, input] = rows.as_slice() else { return None };
        let mut said = said.iter().skip_while(|row| row.is_empty());
        let is_day = said.next()?.starts_with("— ");
        let (time, first) = said.next()?.split_once(' ')?;
        let is_clock = time.len() == 5 && time.as_bytes()[2] == b':';
        let rest: Option<Vec<_>> = said.map(|row| row.strip_prefix("  ")).collect();
        let said = [&[first], rest?.as_slice()].concat().join(" ");
        let all = fits && title.starts_with(" user1@localhost/") && is_day && is_clock;
        all.then(|| Self { said, status: (*status).to_owned(), input: (*input).to_owned() })
    }
}
