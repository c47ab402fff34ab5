//! What the screen shows.

use std::collections::BTreeSet;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line as Row, Span};
use ratatui::widgets::Paragraph;
use stonechat_jid::BareJid;
use stonechat_xep_muc::Role;
use stonechat_xep_muc::client::Occupant;

use super::contacts::Show;
use super::conversation::Conversation;
use super::look::Look;
use super::model::{Link, Model};
use super::room::{Room, Standing};
use super::rows::conversation_rows;
use super::text::cut;
use crate::say;

/// How wide the contacts are, and how wide a screen has to be for them to be shown.
const CONTACTS: u16 = 28;
const WIDE: u16 = 70;
/// The same for those who are in a room.
const OCCUPANTS: u16 = 20;
const WIDER: u16 = 100;

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
    let room = model.shown_room();
    let others = if room.is_some() && middle.width >= WIDER { OCCUPANTS } else { 0 };
    let [contacts, conversation, occupants] =
        Layout::horizontal([Constraint::Length(side), Constraint::Min(0), Constraint::Length(others)])
            .areas(middle);
    frame.render_widget(Paragraph::new(contact_rows(model, look, contacts)), contacts);
    let head = u16::from(room.is_some_and(|room| room.subject.is_some()));
    let [subject, conversation] =
        Layout::vertical([Constraint::Length(head), Constraint::Min(0)]).areas(conversation);
    if let Some(room) = room {
        frame.render_widget(Paragraph::new(subject_row(room, subject.width)), subject);
        frame.render_widget(Paragraph::new(occupant_rows(room, look, occupants)), occupants);
    }
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
    let conversation = model.conversations.get(at);
    let mark = mark(model, jid, conversation.and_then(|one| one.room.as_ref()));
    let unread = conversation.map(unread).unwrap_or_default();
    let left = usize::from(width).saturating_sub(4 + unread.len());
    let name = cut(&say::one_line(model.name(jid)), left);
    let style = if model.current == Some(at) { Modifier::REVERSED } else { Modifier::empty() };
    let unread = Span::styled(unread, Modifier::BOLD);
    Row::from(vec![Span::raw(format!("{mark} ")), Span::styled(name, look.name(jid.as_str())), unread])
        .style(style)
}

fn mark(model: &Model, jid: &BareJid, room: Option<&Room>) -> char {
    if let Some(room) = room {
        return match room.standing {
            Standing::In => '#',
            Standing::Entering => '…',
            Standing::Out(_) => '×',
        };
    }
    match model.show_of(jid) {
        Some(Show::Here) => '●',
        Some(Show::Away) => '◐',
        Some(Show::Busy) => '⊘',
        Some(Show::Absent) => '○',
        None => '·',
    }
}

/// How many messages are unread, and in a room how many of those are for us.
fn unread(conversation: &Conversation) -> String {
    match (conversation.unread, conversation.room.as_ref().map_or(0, |room| room.mentions)) {
        (0, _) => String::new(),
        (unread, 0) => format!(" ({unread})"),
        (unread, mentions) => format!(" ({unread} @{mentions})"),
    }
}

fn subject_row(room: &Room, width: u16) -> Row<'static> {
    let subject = room.subject.as_deref().unwrap_or_default();
    Row::styled(cut(&say::one_line(subject), usize::from(width)), Modifier::DIM)
}

/// Who is in a room: those who keep order, and then the others.
fn occupant_rows(room: &Room, look: &Look, area: Rect) -> Vec<Row<'static>> {
    let moderates = |occupant: &Occupant| occupant.role == Role::Moderator;
    let first = room.occupants.values().filter(|occupant| moderates(occupant));
    let all = first.chain(room.occupants.values().filter(|occupant| !moderates(occupant)));
    let (height, width) = (usize::from(area.height), usize::from(area.width));
    let row = |occupant: &Occupant| {
        let mark = if moderates(occupant) { " @" } else { "  " };
        let name = cut(&say::one_line(&occupant.nick), width.saturating_sub(3));
        Row::from(vec![Span::raw(mark), Span::styled(name, look.name(&occupant.nick))])
    };
    let mut rows: Vec<_> = all.take(height).map(row).collect();
    let hidden = room.occupants.len().saturating_sub(height);
    if let Some(last) = rows.last_mut().filter(|_| hidden > 0) {
        *last = Row::styled(format!("  and {} others", hidden + 1), Modifier::DIM);
    }
    rows
}

fn status_row(model: &Model) -> Row<'static> {
    if let Some(notice) = &model.notice {
        return Row::styled(say::one_line(notice), Modifier::BOLD);
    }
    match model.shown_room().map(|room| &room.standing) {
        Some(Standing::Entering) => return Row::styled("the room is being entered…", Modifier::DIM),
        Some(Standing::Out(why)) => {
            let why = format!("not in the room: {}", say::one_line(why));
            return Row::styled(why, Modifier::BOLD);
        }
        Some(Standing::In) | None => {}
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
