//! Two Stonechats.

use stonechat_stanza::error::Condition;
use stonechat_tests::{Authority, Cutter, Identity, Server, free_port};

use super::{OURS, THEIRS, ask, chat, log_in, refused, serve, subscribe};
use crate::client::Online;

/// Two servers, of which each finds the other; the way to the second leads over a network that can be cut.
pub(crate) struct Pair {
    /// Its files are read at every reload.
    _authority: Authority,
    pub(crate) ours: Server,
    pub(crate) theirs: Server,
    pub(crate) cutter: Cutter,
}

impl Pair {
    pub(crate) fn start(identities: impl FnOnce(&Authority) -> (Identity, Identity), policy: &str) -> Self {
        let authority = Authority::new();
        let (own, other) = identities(&authority);
        // The first is found when it is there, so the second is told of it by a port that leads there.
        let theirs_at = free_port();
        let ours = serve(OURS, &authority, &own, policy, (THEIRS, theirs_at));
        let ours_at = ours.ready().address("s2s").port();
        let theirs = serve(THEIRS, &authority, &other, policy, (OURS, ours_at));
        let cutter = Cutter::start_at(theirs_at, theirs.ready().address("s2s"));
        Self { _authority: authority, ours, theirs, cutter }
    }

    pub(crate) async fn users(&self) -> (Online, Online) {
        let one = log_in(&format!("user1@{OURS}"), self.ours.c2s()).await;
        let two = log_in(&format!("user1@{THEIRS}"), self.theirs.c2s()).await;
        (one, two)
    }

    pub(crate) async fn they_speak(&self) {
        let (mut one, mut two) = self.users().await;
        chat(&mut one, &mut two).await;
        ask(&mut one, THEIRS).await;
        ask(&mut two, OURS).await;
        subscribe(&mut one, &mut two).await;
    }

    pub(crate) async fn refused(&self) -> String {
        let mut one = log_in(&format!("user1@{OURS}"), self.ours.c2s()).await;
        let error = refused(&mut one, &format!("user1@{THEIRS}")).await;
        assert_eq!(error.condition, Condition::RemoteServerTimeout, "{error}");
        error.text().unwrap_or_default().to_owned()
    }
}
