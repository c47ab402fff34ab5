//! What one client does, and what it has taken.

use std::io::Write;
use std::time::{Duration, Instant};

use clap::Args;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use tokio::runtime::Builder;

use super::{Library, stonechat, tokio_xmpp};
use crate::{Context, Error, Result};

/// What a client is to do.
#[derive(Debug, Clone, Args)]
pub struct Work {
    /// With which library.
    pub library: Library,
    /// Where the server listens.
    #[arg(long)]
    pub port: u16,
    /// How many messages go to the server and back.
    #[arg(long)]
    pub messages: u32,
    /// How many of them are under way at the same time.
    #[arg(long)]
    pub window: u32,
}

/// What something has taken.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Taken {
    /// CPU time of the process, user and system, in microseconds.
    pub cpu_micros: f64,
    /// The time that has passed, in microseconds.
    pub wall_micros: f64,
}

/// What a client has taken.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Done {
    /// From the making of the client to its session; what it takes to start the program is not counted.
    pub login: Taken,
    /// For all messages.
    pub messages: Taken,
    /// The most memory that it has had, in KiB.
    pub peak_kib: u64,
}

/// A point in time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    cpu: Duration,
    wall: Instant,
}

impl Stamp {
    pub(super) fn now() -> Self {
        Self { cpu: cpu(), wall: Instant::now() }
    }

    /// What was taken since.
    pub(super) fn taken(self) -> Taken {
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        Taken { cpu_micros: micros(cpu() - self.cpu), wall_micros: micros(self.wall.elapsed()) }
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default())
}

/// A session that sends messages to itself.
pub(super) trait Session {
    /// Sends a message.
    async fn send(&mut self, text: String) -> Result<()>;

    /// Waits for the text of the next message.
    async fn heard(&mut self) -> Result<String>;
}

/// Sends the messages, so many under way at the same time, until all have come back in their order.
pub(super) async fn exchange(session: &mut impl Session, work: &Work) -> Result<Taken> {
    let begun = Stamp::now();
    let ahead = work.window.min(work.messages);
    for number in 0..ahead {
        session.send(text(number)).await?;
    }
    for back in 0..work.messages {
        check(&session.heard().await?, back)?;
        if let Some(next) = back.checked_add(ahead).filter(|next| *next < work.messages) {
            session.send(text(next)).await?;
        }
    }
    Ok(begun.taken())
}

/// The text of a message, about as long as those that people write.
fn text(number: u32) -> String {
    format!(
        "{number}: But, soft! what light through yonder window breaks? It is the east, and Juliet is the sun."
    )
}

/// Whether the message with this number has come back, in its turn.
fn check(body: &str, number: u32) -> Result<()> {
    if body == text(number) {
        return Ok(());
    }
    Err(Error::Delivery(format!("instead of message {number}: {body}")))
}

/// Does the work of one client, in a process of its own, and writes what that has taken as JSON.
///
/// # Errors
/// When the client fails.
pub fn work(work: &Work, out: &mut impl Write) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build().during("the runtime")?;
    let (login, messages) = match work.library {
        Library::Stonechat => runtime.block_on(stonechat::run(work))?,
        Library::TokioXmpp => runtime.block_on(tokio_xmpp::run(work))?,
        Library::Slixmpp => return Err(Error::Setup("slixmpp is not in Rust".to_owned())),
    };
    let done = Done { login, messages, peak_kib: peak_kib()? };
    let json = serde_json::to_string(&done).map_err(|error| Error::Setup(error.to_string()))?;
    writeln!(out, "{json}").during("saying what was taken")
}

fn peak_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").during("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let value = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    value.ok_or_else(|| Error::Setup("the system does not say how much memory there was".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_read_back() {
        let stamp = Stamp::now();
        let spun = (0..100_000_u64).fold(0, |sum, number| sum ^ number.wrapping_mul(31));
        let taken = stamp.taken();
        assert!(taken.cpu_micros > 0.0 && taken.wall_micros > 0.0, "{spun} {taken:?}");
        let done = Done { login: taken, messages: taken, peak_kib: peak_kib().unwrap() };
        let read: Done = serde_json::from_str(&serde_json::to_string(&done).unwrap()).unwrap();
        assert!(read.peak_kib > 100);
    }

    #[test]
    fn a_message_out_of_its_turn_is_noticed() {
        assert!(check(&text(7), 7).is_ok() && check(&text(8), 7).is_err());
    }

    /// What is sent comes back at once.
    #[derive(Default)]
    struct Mirror(std::collections::VecDeque<String>, usize);

    impl Session for Mirror {
        async fn send(&mut self, text: String) -> Result<()> {
            self.0.push_back(text);
            self.1 = self.1.max(self.0.len());
            Ok(())
        }

        async fn heard(&mut self) -> Result<String> {
            self.0.pop_front().ok_or_else(|| Error::Delivery("nothing is under way".to_owned()))
        }
    }

    #[tokio::test]
    async fn all_messages_go_and_no_more_are_under_way_than_may_be() {
        for (messages, window, most) in [(100, 10, 10), (3, 10, 3), (5, 1, 1)] {
            let mut mirror = Mirror::default();
            let work = Work { library: Library::Stonechat, port: 0, messages, window };
            exchange(&mut mirror, &work).await.unwrap();
            assert_eq!((mirror.0.len(), mirror.1), (0, most));
        }
    }
}
