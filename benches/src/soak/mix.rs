//! A bit of everything, at fixed rates that leave the machine most of its time.

use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};

use crate::client::{Connection, Target, address};
use crate::load::{self, Pace, Shape, Stamp, outcome, stamp};
use crate::{Error, Result};

/// Each kind of work has accounts of its own.
const CHAT: usize = 0;
const PRESENCE: usize = 20;
const PING: usize = 40;
const VISITORS: Range<usize> = 50..150;
/// Pairs of one that writes and one that is offline.
const LETTERS: [usize; 5] = [150, 152, 154, 156, 158];
/// All of them.
pub(super) const ACCOUNTS: usize = 160;

/// One visitor comes in each of these.
const VISIT: Duration = Duration::from_millis(100);
/// How long a correspondent is silent.
const SILENCE: Duration = Duration::from_secs(1);
/// How many messages wait for a correspondent when it comes.
const WAITING: u64 = 5;
/// How long the server may take for one step.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much was done; all of it arrived, in order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Messages between 10 pairs.
    pub messages: u64,
    /// Changes of presence, at each of 10 contacts.
    pub presences: u64,
    /// Pings to the server.
    pub pings: u64,
    /// Sessions that were logged in, told of their presence, and ended: every other one by breaking the connection.
    pub visits: u64,
    /// Messages that waited for somebody who was offline.
    pub letters: u64,
}

/// Does a bit of everything. `known` says that contacts are contacts already.
pub(super) async fn work(target: &Target, server: u32, during: Duration, known: bool) -> Result<Done> {
    let flow = async |shape, first, per_second| {
        let pace = Pace { window: 100, per_second: Some(per_second) };
        let load = load::prepare(target, shape, first).await?;
        let seen = load::measure(load, pace, Duration::ZERO, during, server).await?;
        Ok::<_, Error>(seen.units)
    };
    let letters = async {
        let mut writers = JoinSet::new();
        LETTERS.into_iter().for_each(|writer| drop(writers.spawn(write(target.clone(), writer, during))));
        let mut letters = 0;
        while let Some(ended) = writers.join_next().await {
            letters += outcome(ended)?;
        }
        Ok(letters)
    };
    let (messages, presences, pings, visits, letters) = tokio::try_join!(
        flow(Shape::Chat { pairs: 10, bare: false }, CHAT, 200),
        flow(Shape::Presence { contacts: 10, subscribed: known }, PRESENCE, 5),
        flow(Shape::Ping { clients: 5 }, PING, 20),
        visits(target, during),
        letters,
    )?;
    Ok(Done { messages, presences, pings, visits, letters })
}

/// Has one session after the other come and go.
async fn visits(target: &Target, during: Duration) -> Result<u64> {
    let (mut turns, end) = (interval(VISIT), Instant::now() + during);
    let mut visitors = JoinSet::new();
    let mut turn = 0;
    while turns.tick().await < end {
        visitors.spawn(visit(target.clone(), turn));
        turn += 1;
        while let Some(ended) = visitors.try_join_next() {
            outcome(ended)?;
        }
    }
    while let Some(ended) = visitors.join_next().await {
        outcome(ended)?;
    }
    Ok(turn as u64)
}

async fn visit(target: Target, turn: usize) -> Result<()> {
    let account = VISITORS.start + turn % VISITORS.len();
    let mut session = target.log_in(account, &format!("v{turn}"), true, "message", &[]).await?;
    session.send(b"<presence><show>away</show></presence>").await?;
    load::catch_up(std::slice::from_mut(&mut session)).await?;
    sleep(VISIT * u32::try_from(turn % 30).unwrap_or(0)).await;
    if turn.is_multiple_of(2) { within(session.close()).await } else { Ok(()) }
}

/// Writes to somebody who is offline, and has it look for its messages, in turns.
async fn write(target: Target, writer: usize, during: Duration) -> Result<u64> {
    let (reader, end) = (writer + 1, Instant::now() + during);
    let mut session = target.log_in(writer, "writer", true, "message", &[]).await?;
    let mut written = 0;
    while Instant::now() < end {
        let waiting = written..written + WAITING;
        for number in waiting.clone() {
            session.send(&letter(reader, number)).await?;
        }
        // Behind the answer to this, all of them are stored.
        load::catch_up(std::slice::from_mut(&mut session)).await?;
        within(fetch(&target, reader, waiting)).await?;
        written += WAITING;
        sleep(SILENCE).await;
    }
    within(session.close()).await?;
    Ok(written)
}

fn letter(to: usize, number: u64) -> Vec<u8> {
    let mut letter = format!("<message type='chat' to='{}'><body>", address(to)).into_bytes();
    Stamp::now(number).write(&mut letter);
    letter.extend_from_slice(b"</body></message>");
    letter
}

/// Comes online, reads what waits, and is offline when it returns.
async fn fetch(target: &Target, reader: usize, waiting: Range<u64>) -> Result<()> {
    let mut session = target.log_in(reader, "reader", true, "message", &[]).await?;
    for expected in waiting {
        let number = next(&mut session).await?;
        if number != expected {
            return Err(Error::Delivery(format!(
                "message {number} came in place of {expected}, having waited"
            )));
        }
    }
    session.send(b"<presence type='unavailable'/>").await?;
    load::catch_up(std::slice::from_mut(&mut session)).await?;
    session.close().await
}

async fn next(session: &mut Connection) -> Result<u64> {
    loop {
        if let Some(stamp) = stamp(&session.frame().await?)? {
            return Ok(stamp.number);
        }
    }
}

async fn within(doing: impl Future<Output = Result<()>>) -> Result<()> {
    let done = timeout(PATIENCE, doing).await;
    done.unwrap_or_else(|_| Err(Error::Delivery("what was expected has not come".to_owned())))
}
