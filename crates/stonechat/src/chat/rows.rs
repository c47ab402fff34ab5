//! The rows of a conversation.

use std::collections::VecDeque;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line as Row, Span};

use super::conversation::{Conversation, History};
use super::line::{Line, Reactions, State};
use super::look::Look;
use super::model::Model;
use super::room::{Speaker, Whom};
use super::text::{cut, wrapped};
use crate::say;

/// The end of the conversation, as far back as it is scrolled; and how far it could be.
pub(super) fn conversation_rows(model: &Model, look: &Look, area: Rect) -> (Vec<Row<'static>>, usize) {
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
        History::Unasked if conversation.room.is_some() => "… Page Up reads the archive",
        History::Unasked | History::Complete => return None,
    };
    Some(Row::styled(text, Modifier::DIM))
}

/// The rows of a message: what it answers, its text, the reactions to it.
fn message_rows(
    model: &Model,
    look: &Look,
    conversation: &Conversation,
    line: &Line,
    width: usize,
) -> Vec<Row<'static>> {
    let chosen = conversation.chosen == Some(line.key);
    if line.state == State::Told {
        let text = format!("{} {}", look.clock(line.at), say::printable(&line.body));
        let rows = wrapped(&text, 0, width).into_iter().enumerate();
        let indented = |(at, row)| if at == 0 { row } else { format!("  {row}") };
        return rows.map(|row| Row::styled(indented(row), Modifier::DIM)).collect();
    }
    let head = Head {
        clock: look.clock(line.at),
        name: author(model, conversation, line),
        style: look.name(match &line.by {
            _ if line.mine => model.account.as_str(),
            Some(by) => &by.nick,
            None => conversation.with.as_str(),
        }),
    };
    let mut rows: Vec<_> = quotation(model, conversation, line, width).into_iter().collect();
    rows.extend(text_rows(look, line, &head, width));
    rows.extend(reactions(model, conversation, line));
    if chosen {
        rows = rows.into_iter().map(|row| row.style(Modifier::REVERSED)).collect();
    }
    rows
}

/// What whoever has said it is called.
fn author(model: &Model, conversation: &Conversation, line: &Line) -> String {
    match &line.by {
        Some(by) if !line.mine => {
            let alone = if matches!(line.whom, Whom::Alone(_)) { " (to you alone)" } else { "" };
            format!("{}{alone}", nick_of(by))
        }
        _ => match &line.whom {
            Whom::Alone(other) => format!("me (to {} alone)", nick_of(other)),
            _ => name_of(model, conversation, line.mine),
        },
    }
}

fn nick_of(speaker: &Speaker) -> String {
    cut(&say::one_line(&speaker.nick), 24)
}

fn name_of(model: &Model, conversation: &Conversation, mine: bool) -> String {
    if mine { "me".to_owned() } else { cut(&say::one_line(model.name(&conversation.with)), 24) }
}

/// The beginning of the message that is answered, if that is here.
fn quotation(model: &Model, conversation: &Conversation, line: &Line, width: usize) -> Option<Row<'static>> {
    line.reply.as_ref()?;
    let original = conversation.answered(line);
    let quoted = original.map_or_else(
        || "an earlier message".to_owned(),
        |original| format!("{}: {}", author(model, conversation, original), say::one_line(&original.body)),
    );
    Some(Row::styled(format!("  ↱ {}", cut(&quoted, width.saturating_sub(4))), Modifier::DIM))
}

fn reactions(model: &Model, conversation: &Conversation, line: &Line) -> Option<Row<'static>> {
    let of = |one: &Reactions| {
        let who = match &one.by {
            Some(by) if !one.mine => nick_of(by),
            _ => name_of(model, conversation, one.mine),
        };
        (!one.all.is_empty()).then(|| format!("{who}: {}", say::one_line(&one.all.join(" "))))
    };
    let (ours, theirs): (Vec<_>, Vec<_>) = line.reactions.iter().partition(|one| one.mine);
    let all: Vec<_> = theirs.into_iter().chain(ours).filter_map(of).collect();
    (!all.is_empty()).then(|| Row::styled(format!("  ↳ {}", all.join(" · ")), Modifier::DIM))
}

/// What stands before a text.
struct Head {
    clock: String,
    name: String,
    style: Style,
}

fn text_rows(look: &Look, line: &Line, head: &Head, width: usize) -> Vec<Row<'static>> {
    let dim = Style::new().add_modifier(Modifier::DIM);
    let (mark, style) = match &line.state {
        State::Received | State::Told => (String::new(), Style::new()),
        State::Queued => (" … waits".to_owned(), dim),
        State::Sent => (" …".to_owned(), dim),
        State::Stored => (" ✓".to_owned(), Style::new()),
        State::Delivered => (" ✓✓".to_owned(), Style::new()),
        State::Read => (" ✓✓ read".to_owned(), Style::new()),
        State::Failed(why) => (format!(" ✗ {}", say::one_line(why)), look.wrong()),
    };
    let taken = Span::raw(format!("{} {}: ", head.clock, head.name)).width();
    let (text, style) = match (line.retracted, &line.edit) {
        (true, _) => ("(taken back)".to_owned(), dim),
        (false, Some(_)) => (format!("{} ✎{mark}", say::printable(&line.body)), style),
        (false, None) => (format!("{}{mark}", say::printable(&line.body)), style),
    };
    let row = |(at, part)| {
        let part = Span::styled(part, style);
        match at {
            0 => Row::from(vec![
                Span::styled(format!("{} ", head.clock), Modifier::DIM),
                Span::styled(head.name.clone(), head.style),
                Span::raw(": "),
                part,
            ]),
            _ => Row::from(vec![Span::raw("  "), part]),
        }
    };
    wrapped(&text, taken, width).into_iter().enumerate().map(row).collect()
}
