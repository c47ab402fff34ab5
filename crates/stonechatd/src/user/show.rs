//! An account in words.

use crate::control::{Session, User};

/// What is known of an account; of its sessions only when a server runs.
pub(super) fn describe(user: &User, is_running: bool) -> String {
    let login = if user.disabled { "disabled: nobody can log in" } else { "can log in" };
    let mut text = format!("{}\n  created   {}\n  login     {login}", user.jid, user.created);
    if !is_running {
        text.push_str("\n  sessions  none, as the server does not run");
    } else if user.sessions.is_empty() {
        text.push_str("\n  sessions  none");
    }
    for session in &user.sessions {
        text.push_str("\n  session   ");
        text.push_str(&describe_session(session));
    }
    text
}

fn describe_session(session: &Session) -> String {
    let from = session.from.as_deref().map(|from| format!(" from {from}")).unwrap_or_default();
    match session.priority {
        Some(priority) => format!("{}{from}, available with priority {priority}", session.jid),
        None => format!("{}{from}, not available", session.jid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_told_with_address_and_priority() {
        let session = |resource: &str, priority| Session {
            jid: format!("juliet@localhost/{resource}"),
            priority,
            from: Some("192.0.2.1".into()),
        };
        let user = User {
            jid: "juliet@localhost".into(),
            created: "2026-01-01T12:00:00Z".into(),
            disabled: false,
            sessions: vec![session("balcony", Some(5)), session("chamber", None)],
        };
        let text = describe(&user, true);
        assert!(
            text.contains("juliet@localhost/balcony from 192.0.2.1, available with priority 5"),
            "{text}"
        );
        assert!(text.contains("juliet@localhost/chamber from 192.0.2.1, not available"), "{text}");
        let nobody = User { sessions: vec![], disabled: true, ..user };
        let text = describe(&nobody, false);
        assert!(text.contains("does not run") && text.contains("disabled"), "{text}");
    }
}
