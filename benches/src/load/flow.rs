//! Stanzas that flow, and what is seen of them where they arrive.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::{Histogram, Stamp, outcome};
use crate::client::{Connection, REQUEST, Reader, Writer};
use crate::{Error, Result, sample};

mod progress;
mod receive;

pub(crate) use receive::stamp;

use progress::Progress;
use receive::Side;

/// How long stanzas may take to arrive when nothing more is sent.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where stanzas are acknowledged, a sender asks with each of so many whether they were, as some clients do.
const ASK_EVERY: u64 = 5;

/// Clients that are logged in and have something to say.
#[derive(Debug)]
pub struct Load {
    pub(super) flows: Vec<Flow>,
}

/// How fast stanzas are sent.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How many may be under way in each flow.
    pub window: u64,
    /// How many are sent each second in all; as many as the window allows if none.
    pub per_second: Option<u32>,
}

/// What was seen while it was measured.
#[derive(Debug)]
pub struct Window {
    /// Stanzas that arrived, at each receiver.
    pub units: u64,
    /// How long it took.
    pub seconds: f64,
    /// CPU time of the server meanwhile, in microseconds.
    pub cpu_micros: u64,
    /// From sending to receiving, in nanoseconds.
    pub latencies: Histogram,
}

/// One client that sends, and those that receive all that it sends.
pub(super) struct Flow {
    writer: Writer,
    /// What comes to the sender itself; nothing to be seen in it.
    aside: Option<Reader>,
    receivers: Vec<(Reader, Writer)>,
    before: Vec<u8>,
    after: Vec<u8>,
    /// Whether the server acknowledges what is sent.
    acks: bool,
}

impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Flow(to {})", self.receivers.len())
    }
}

/// What all flows have in common.
#[derive(Debug, Default)]
struct Control {
    stop: AtomicBool,
    /// Streams may be closed.
    closing: AtomicBool,
    measuring: AtomicBool,
    latencies: Mutex<Histogram>,
}

impl Flow {
    /// From one client to others. A stanza is `before`, a stamp and `after`.
    pub(super) fn new(sender: Connection, to: Vec<Connection>, before: Vec<u8>, after: Vec<u8>) -> Self {
        let acks = sender.handled().is_some();
        let (aside, writer) = sender.split();
        let receivers = to.into_iter().map(Connection::split).collect();
        Self { writer, aside: Some(aside), receivers, before, after, acks }
    }

    /// From a client to its server, and back.
    pub(super) fn to_itself(connection: Connection, before: Vec<u8>, after: Vec<u8>) -> Self {
        let acks = connection.handled().is_some();
        let (reader, writer) = connection.split();
        Self { receivers: vec![(reader, writer.clone())], writer, aside: None, before, after, acks }
    }
}

/// The tasks of a load.
struct Running {
    flows: Vec<Arc<Progress>>,
    control: Arc<Control>,
    senders: JoinSet<Result<()>>,
    /// They end only by failing, or when their streams are closed.
    receivers: JoinSet<Result<()>>,
    /// Of the streams that have to be closed, or their sessions would wait for somebody to resume them.
    to_close: Vec<Writer>,
}

/// Lets stanzas flow for `warm` and `during`, and measures the server with the process `server` during the latter. When
/// nothing more is sent, everything has to arrive, and to be acknowledged where stream management is enabled.
///
/// # Errors
/// When a stanza is lost, comes in the wrong order or is not acknowledged, and when a connection breaks.
pub async fn measure(
    load: Load,
    pace: Pace,
    warm: Duration,
    during: Duration,
    server: u32,
) -> Result<Window> {
    let mut running = Running::start(load, pace);
    running.watch(warm).await?;
    let (began, cpu, units) = (Instant::now(), sample::cpu_micros(server)?, running.units());
    running.control.measuring.store(true, Ordering::Relaxed);
    running.watch(during).await?;
    let (units, cpu) = (running.units() - units, sample::cpu_micros(server)?.saturating_sub(cpu));
    let seconds = began.elapsed().as_secs_f64();
    running.control.measuring.store(false, Ordering::Relaxed);
    running.finish().await?;
    let latencies = running.control.latencies.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Window { units, seconds, cpu_micros: cpu, latencies })
}

impl Running {
    fn start(load: Load, pace: Pace) -> Self {
        let (mut senders, mut receivers) = (JoinSet::new(), JoinSet::new());
        let control = Arc::new(Control::default());
        let count = u32::try_from(load.flows.len()).unwrap_or(u32::MAX);
        let (mut flows, mut to_close) = (Vec::new(), Vec::new());
        for (number, flow) in (0_u32..).zip(load.flows) {
            let window = pace.window.max(1);
            let progress = Arc::new(Progress::new(flow.receivers.len(), window, flow.acks));
            let aside = flow.aside.map(|aside| (aside, flow.writer.clone()));
            if flow.acks {
                to_close.push(flow.writer.clone());
                // A stream is closed once.
                to_close.extend(aside.iter().flat_map(|_| &flow.receivers).map(|(_, writer)| writer.clone()));
            }
            for (reader, writer) in flow.receivers {
                let (progress, control) = (Arc::clone(&progress), Arc::clone(&control));
                receivers.spawn(receive::receive(Side::new(reader, writer), progress, control));
            }
            if let Some((reader, writer)) = aside {
                let (progress, control) = (Arc::clone(&progress), Arc::clone(&control));
                receivers.spawn(receive::drain(Side::new(reader, writer), progress, control));
            }
            // All flows take turns.
            let period = pace.per_second.map(|rate| Duration::from_secs(1) * count / rate.max(1));
            let first = period.map_or(Duration::ZERO, |period| period * number / count);
            let timing = Timing { window, period, first };
            let Flow { writer, before, after, acks, .. } = flow;
            let sender = Sender { writer, before, after, acks, timing };
            senders.spawn(sender.run(Arc::clone(&progress), Arc::clone(&control)));
            flows.push(progress);
        }
        Self { flows, control, senders, receivers, to_close }
    }

    /// How many stanzas arrived.
    fn units(&self) -> u64 {
        self.flows.iter().map(|flow| flow.units()).sum()
    }

    /// Lets time pass, unless something fails.
    async fn watch(&mut self, time: Duration) -> Result<()> {
        tokio::select! {
            () = sleep(time) => Ok(()),
            Some(ended) = self.receivers.join_next() => outcome(ended),
            Some(ended) = self.senders.join_next() => outcome(ended),
        }
    }

    /// Sends nothing more, waits for everything to arrive, and ends the sessions that would wait otherwise.
    async fn finish(&mut self) -> Result<()> {
        self.control.stop.store(true, Ordering::Release);
        self.flows.iter().for_each(|flow| flow.wake());
        let arriving = async {
            while let Some(ended) = self.senders.join_next().await {
                outcome(ended)?;
            }
            let all = |flow: &Arc<Progress>| flow.done() == flow.sent() && flow.is_acknowledged();
            while !self.flows.iter().all(all) {
                tokio::select! {
                    () = sleep(Duration::from_millis(2)) => {}
                    Some(ended) = self.receivers.join_next() => outcome(ended)?,
                }
            }
            Ok(())
        };
        let arrived = timeout(PATIENCE, arriving).await;
        arrived.unwrap_or_else(|_| Err(self.lost()))?;
        if self.to_close.is_empty() { Ok(()) } else { self.close().await }
    }

    /// Closes the streams, and waits until the server has closed them too (RFC 6120 §4.4).
    async fn close(&mut self) -> Result<()> {
        self.control.closing.store(true, Ordering::Release);
        let closing = async {
            for writer in &self.to_close {
                writer.send(b"</stream:stream>").await?;
            }
            while let Some(ended) = self.receivers.join_next().await {
                outcome(ended)?;
            }
            Ok(())
        };
        let closed = timeout(PATIENCE, closing).await;
        closed.unwrap_or_else(|_| Err(Error::Server("streams are not closed".to_owned())))
    }

    fn lost(&self) -> Error {
        let sent: u64 = self.flows.iter().map(|flow| flow.sent()).sum();
        let done: u64 = self.flows.iter().map(|flow| flow.done()).sum();
        match sent.saturating_sub(done) {
            0 => Error::Delivery(format!("not all of {sent} stanzas were acknowledged")),
            lost => Error::Delivery(format!("{lost} of {sent} stanzas were lost")),
        }
    }
}

struct Sender {
    writer: Writer,
    before: Vec<u8>,
    after: Vec<u8>,
    acks: bool,
    timing: Timing,
}

#[derive(Clone, Copy)]
struct Timing {
    window: u64,
    period: Option<Duration>,
    first: Duration,
}

impl Sender {
    async fn run(self, progress: Arc<Progress>, control: Arc<Control>) -> Result<()> {
        let mut stanza = Vec::new();
        let mut next = Instant::now() + self.timing.first;
        for number in 0.. {
            let stopped = || control.stop.load(Ordering::Acquire);
            while number - progress.done() >= self.timing.window && !stopped() {
                progress.woken().await;
            }
            if let Some(period) = self.timing.period {
                tokio::time::sleep_until(next).await;
                next += period;
            }
            if stopped() {
                break;
            }
            stanza.clear();
            stanza.extend_from_slice(&self.before);
            Stamp::now(number).write(&mut stanza);
            stanza.extend_from_slice(&self.after);
            if self.acks && (number + 1) % ASK_EVERY == 0 {
                stanza.extend_from_slice(REQUEST);
            }
            progress.sends(number);
            self.writer.send(&stanza).await?;
        }
        if self.acks { self.writer.send(REQUEST).await } else { Ok(()) }
    }
}
