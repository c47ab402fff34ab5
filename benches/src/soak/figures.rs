//! What a server holds at one moment.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::server::{Kind, Server, Status};
use crate::{Result, sample};

/// How long a server may take to settle.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a server holds at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Since the load began.
    pub seconds: u64,
    /// Memory in KiB; see [`sample::Memory`].
    pub pss: u64,
    /// Memory in KiB; see [`sample::Memory`].
    pub rss: u64,
    /// Memory in KiB; see [`sample::Memory`].
    pub anonymous: u64,
    /// Files and sockets.
    pub descriptors: u64,
    /// Threads.
    pub threads: u64,
    /// What it says of itself; only Stonechat does.
    pub status: Option<Status>,
}

impl Figures {
    /// Those of now.
    pub(super) async fn of(server: &Server, began: Instant) -> Result<Self> {
        let process = server.process_id();
        let sample::Memory { rss, pss, anonymous } = sample::memory(process)?;
        let (descriptors, threads) = (sample::descriptors(process)? as u64, sample::threads(process)? as u64);
        // Last, as to ask takes a descriptor.
        let status = match server.kind() {
            Kind::Stonechat => Some(server.status().await?),
            _ => None,
        };
        Ok(Self { seconds: began.elapsed().as_secs(), pss, rss, anonymous, descriptors, threads, status })
    }

    /// Those of a server that is left alone, when they have not changed for `still`; after 90 seconds those of then.
    pub(super) async fn settled(server: &Server, began: Instant, still: Duration) -> Result<Self> {
        let give_up = Instant::now() + PATIENCE;
        let (mut last, mut since) = (Self::of(server, began).await?, Instant::now());
        while since.elapsed() < still && Instant::now() < give_up {
            sleep(still / 10).await;
            let now = Self::of(server, began).await?;
            if !now.is_like(&last) {
                (last, since) = (now, Instant::now());
            }
        }
        Self::of(server, began).await
    }

    /// Whether nothing has changed but, by less than a hundredth, memory.
    fn is_like(&self, other: &Self) -> bool {
        self.anonymous.abs_diff(other.anonymous) <= other.anonymous / 100
            && (self.descriptors, self.threads, self.status)
                == (other.descriptors, other.threads, other.status)
    }
}
