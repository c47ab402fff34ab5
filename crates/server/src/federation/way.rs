//! How a link comes to a stream that it can send on.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stonechat_stream::negotiation::peer::Management;
use tokio::time::{Instant, sleep_until};

use super::Federation;
use super::carrier::Way;
use super::failure::Failure;
use super::flight::Needs;
use super::link::Link;
use super::reverse::{Reverse, SETTLE};
use super::reverses::Choice;

/// So long the other server has to come back with a stream of its own that broke, before a stream is opened from here. It knows as soon as
/// this side that it broke, and both directions go on with it.
const RETURN: Duration = Duration::from_secs(2);

impl Federation {
    /// A stream on which a link can send: the direction back of one that the other server has opened, if there is one that will do, or else
    /// one of our own. A stream of the other server that comes while there is no connection yet is taken instead; one that comes later is
    /// not, so that two who open streams to each other at the same time both have one. `lost` is when one of the other server was lost that it
    /// may come back with.
    pub(super) async fn way(
        &self,
        link: &Link,
        needs: Needs<'_>,
        management: Management,
        who: &str,
        lost: Option<Instant>,
    ) -> Result<Way, Failure> {
        if let Some(way) = self.wait_for_theirs(link, needs, lost).await? {
            return Ok(way);
        }
        let connected = Arc::new(AtomicBool::new(false));
        let mut connecting = pin!(self.connect(&link.pair, management, who, &connected));
        loop {
            tokio::select! {
                opened = &mut connecting => return opened.map(|opened| Way::Ours(Box::new(opened))),
                () = link.way_changed() => {}
            }
            if !connected.load(Ordering::Acquire)
                && let Choice::Use(reverse) = self.choose(&link.pair, &needs)
                && let Some(way) = take(reverse)
            {
                return Ok(way);
            }
        }
    }

    /// Whether there is a stream of the other server that can be sent on, or is soon.
    pub(super) async fn has_come(&self, link: &Link) -> bool {
        let until = Instant::now() + SETTLE * 2;
        loop {
            match self.choose(&link.pair, &Needs::Any) {
                Choice::Use(_) => return true,
                Choice::Dial => return false,
                Choice::Wait => {}
            }
            tokio::select! {
                () = link.way_changed() => {}
                () = sleep_until(until) => return false,
                () = self.stopping.cancelled() => return false,
            }
        }
    }

    /// A stream of the other server, if there is one, or is soon.
    async fn wait_for_theirs(
        &self,
        link: &Link,
        needs: Needs<'_>,
        lost: Option<Instant>,
    ) -> Result<Option<Way>, Failure> {
        let returns = lost.filter(|_| needs != Needs::Any).map(|lost| lost + RETURN);
        // Those that are there say soon how stanzas are counted.
        let settles = Instant::now() + SETTLE * 2;
        loop {
            let until = match self.choose(&link.pair, &needs) {
                Choice::Use(reverse) => match take(reverse) {
                    Some(way) => return Ok(Some(way)),
                    None => continue,
                },
                Choice::Wait => returns.map_or(settles, |returns| returns.max(settles)),
                Choice::Dial => match returns {
                    Some(returns) => returns,
                    None => return Ok(None),
                },
            };
            tokio::select! {
                () = link.way_changed() => {}
                () = sleep_until(until) => return Ok(None),
                () = self.stopping.cancelled() => return Err(Failure::Stopping),
            }
        }
    }
}

fn take(reverse: Arc<Reverse>) -> Option<Way> {
    let (counting, epoch) = reverse.take()?;
    Some(Way::Theirs { reverse, epoch, counting })
}
