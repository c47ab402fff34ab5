//! What the screen shows.

use std::collections::{BTreeSet, VecDeque};

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line as Row, Span};
use ratatui::widgets::Paragraph;
use stonechat_jid::BareJid;

use super::conversation::{Conversation, History, Line, State};
use super::look::Look;
use super::model::{Link, Model, Show};
use crate::say;

/// How wide the contacts are, and how wide a screen has to be for them to be shown.
const CONTACTS: u16 = 28;
const WIDE: u16 = 70;

/// Draws the whole screen. The result is how far the conversation is scrolled back, which may not be as far as the model would.
pub(crate) fn draw(model: &Model, look: &Look, frame: &mut Frame<'_>) -> usize {
    let [title, middle, status, input] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(Paragraph::new(title_row(model, look)).style(Modifier::REVERSED), title);
    let side = if middle.width >= WIDE { CONTACTS } else { 0 };
    let [contacts, conversation] =
        Layout::horizontal([Constraint::Length(side), Constraint::Min(0)]).areas(middle);
    frame.render_widget(Paragraph::new(contact_rows(model, look, contacts)), contacts);
    let (rows, scroll) = conversation_rows(model, look, conversation);
    frame.render_widget(Paragraph::new(rows), conversation);
    frame.render_widget(Paragraph::new(status_row(model)), status);
    draw_input(model, frame, input);
    scroll
}

/// What matters most comes first, as it may be too long.
fn title_row(model: &Model, look: &Look) -> Row<'static> {
    let waiting = match model.queued() {
        0 => String::new(),
        1 => " · 1 message waits".to_owned(),
        count => format!(" · {count} messages wait"),
    };
    let because = |why: &str| format!(": {}", say::one_line(why));
    let (link, more) = match &model.link {
        Link::Connecting => ("connecting", String::new()),
        Link::Online => ("online", String::new()),
        Link::Offline { why, retry } => {
            let retry = retry.map(|at| format!(" · tried again at {}", look.clock(at)));
            ("offline", format!("{}{}", retry.unwrap_or_default(), because(why)))
        }
        Link::Closed { why } => ("closed", why.as_deref().map(because).unwrap_or_default()),
    };
    let who = model.session.as_ref().map_or(model.account.as_str(), |session| session.as_str());
    Row::raw(format!(" {who} · {link}{waiting}{more}"))
}

fn contact_rows(model: &Model, look: &Look, area: Rect) -> Vec<Row<'static>> {
    let talking: BTreeSet<&BareJid> = model.conversations.iter().map(|one| &one.with).collect();
    let others = model.contacts.keys().filter(|jid| !talking.contains(jid));
    let jids: Vec<&BareJid> = model.conversations.iter().map(|one| &one.with).chain(others).collect();
    let height = usize::from(area.height);
    // What is shown in the conversation is shown here, too.
    let first = model.current.unwrap_or_default().saturating_sub(height.saturating_sub(1));
    jids.iter()
        .enumerate()
        .skip(first)
        .take(height)
        .map(|(at, jid)| contact_row(model, look, at, jid, area.width))
        .collect()
}

fn contact_row(model: &Model, look: &Look, at: usize, jid: &BareJid, width: u16) -> Row<'static> {
    let mark = match model.contacts.get(jid).filter(|_| model.is_online()).map(|contact| contact.show()) {
        Some(Show::Here) => '●',
        Some(Show::Away) => '◐',
        Some(Show::Busy) => '⊘',
        Some(Show::Absent) => '○',
        None => '·',
    };
    let unread = model.conversations.get(at).map_or(0, |one| one.unread);
    let unread = if unread == 0 { String::new() } else { format!(" ({unread})") };
    let room = usize::from(width).saturating_sub(4 + unread.len());
    let name = cut(&say::one_line(model.name(jid)), room);
    let style = if model.current == Some(at) { Modifier::REVERSED } else { Modifier::empty() };
    let unread = Span::styled(unread, Modifier::BOLD);
    Row::from(vec![Span::raw(format!("{mark} ")), Span::styled(name, look.name(jid)), unread]).style(style)
}

/// The end of the conversation, as far back as it is scrolled; and how far it could be.
fn conversation_rows(model: &Model, look: &Look, area: Rect) -> (Vec<Row<'static>>, usize) {
    let Some(conversation) = model.shown() else {
        let help = "Open a conversation: /open JID. /help says what else can be typed.";
        return (vec![Row::raw(help)], 0);
    };
    let (height, width) = (usize::from(area.height), usize::from(area.width));
    let mut rows = VecDeque::new();
    let mut later: Option<&Line> = None;
    for line in conversation.lines.iter().rev() {
        let day = later.map(|later| look.day(later.at)).filter(|day| *day != look.day(line.at));
        if let Some(day) = day {
            rows.push_front(day_row(&day));
        }
        for row in message_rows(model, look, conversation, line, width).into_iter().rev() {
            rows.push_front(row);
        }
        later = Some(line);
        if rows.len() > height + conversation.scroll {
            break;
        }
    }
    if rows.len() <= height + conversation.scroll {
        if let Some(first) = later {
            rows.push_front(day_row(&look.day(first.at)));
        }
        beginning(conversation).into_iter().for_each(|row| rows.push_front(row));
    }
    let scroll = conversation.scroll.min(rows.len().saturating_sub(height));
    rows.truncate(rows.len() - scroll);
    while rows.len() > height {
        rows.pop_front();
    }
    // The newest is at the bottom.
    while rows.len() < height {
        rows.push_front(Row::default());
    }
    (rows.into(), scroll)
}

fn day_row(day: &str) -> Row<'static> {
    Row::styled(format!("— {day} —"), Modifier::DIM)
}

fn beginning(conversation: &Conversation) -> Option<Row<'static>> {
    let text = match conversation.history {
        History::Asked => "… the archive is being read",
        History::Before(_) => "… Page Up reads more of the archive",
        History::Unasked | History::Complete => return None,
    };
    Some(Row::styled(text, Modifier::DIM))
}

fn message_rows(
    model: &Model,
    look: &Look,
    conversation: &Conversation,
    line: &Line,
    width: usize,
) -> Vec<Row<'static>> {
    let jid = if line.mine { &model.account } else { &conversation.with };
    let name = if line.mine { "me".to_owned() } else { cut(&say::one_line(model.name(jid)), 24) };
    let (mark, style) = match &line.state {
        State::Received => (String::new(), Style::new()),
        State::Queued => (" … waits".to_owned(), Style::new().add_modifier(Modifier::DIM)),
        State::Sent => (" …".to_owned(), Style::new().add_modifier(Modifier::DIM)),
        State::Stored => (" ✓".to_owned(), Style::new()),
        State::Delivered => (" ✓✓".to_owned(), Style::new()),
        State::Failed(why) => (format!(" ✗ {}", say::one_line(why)), look.wrong()),
    };
    let clock = look.clock(line.at);
    let taken = Span::raw(format!("{clock} {name}: ")).width();
    let text = format!("{}{mark}", say::printable(&line.body));
    let row = |(at, part)| {
        let part = Span::styled(part, style);
        match at {
            0 => Row::from(vec![
                Span::styled(format!("{clock} "), Modifier::DIM),
                Span::styled(name.clone(), look.name(jid)),
                Span::raw(": "),
                part,
            ]),
            _ => Row::from(vec![Span::raw("  "), part]),
        }
    };
    wrapped(&text, taken, width).into_iter().enumerate().map(row).collect()
}

fn status_row(model: &Model) -> Row<'static> {
    if let Some(notice) = &model.notice {
        return Row::styled(say::one_line(notice), Modifier::BOLD);
    }
    let typing = model.shown().filter(|conversation| conversation.composing);
    let typing =
        typing.map(|conversation| format!("{} is typing…", say::one_line(model.name(&conversation.with))));
    Row::styled(typing.unwrap_or_default(), Modifier::DIM)
}

fn draw_input(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let before = Span::raw(format!("> {}", model.input.before_cursor())).width() as u16;
    // The cursor is always to be seen.
    let hidden = before.saturating_sub(area.width.saturating_sub(1));
    frame.render_widget(Paragraph::new(format!("> {}", model.input.text())).scroll((0, hidden)), area);
    frame.set_cursor_position(Position::new(area.x + before - hidden, area.y));
}

/// How many columns a character takes.
fn columns(char: char) -> usize {
    Span::raw(&*char.encode_utf8(&mut [0; 4])).width()
}

/// The beginning of a text that fits.
fn cut(text: &str, width: usize) -> String {
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
fn wrapped(text: &str, taken: usize, width: usize) -> Vec<String> {
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
