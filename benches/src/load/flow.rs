//! Stanzas that flow, and what is seen of them where they arrive.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::{Histogram, Stamp, outcome};
use crate::client::{Connection, Reader, Writer};
use crate::{Error, Result, sample};

mod progress;
mod receive;

pub(crate) use receive::stamp;

use progress::Progress;

/// How long stanzas may take to arrive when nothing more is sent.
const PATIENCE: Duration = Duration::from_secs(20);

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
    receivers: Vec<(Reader, Option<Writer>)>,
    before: Vec<u8>,
    after: Vec<u8>,
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
    measuring: AtomicBool,
    latencies: Mutex<Histogram>,
}

impl Flow {
    /// From one client to others. A stanza is `before`, a stamp and `after`.
    pub(super) fn new(sender: Connection, to: Vec<Connection>, before: Vec<u8>, after: Vec<u8>) -> Self {
        let (aside, writer) = sender.split();
        let halves = |connection: Connection| {
            let (reader, writer) = connection.split();
            (reader, Some(writer))
        };
        Self { writer, aside: Some(aside), receivers: to.into_iter().map(halves).collect(), before, after }
    }

    /// From a client to its server, and back.
    pub(super) fn to_itself(connection: Connection, before: Vec<u8>, after: Vec<u8>) -> Self {
        let (reader, writer) = connection.split();
        Self { writer, aside: None, receivers: vec![(reader, None)], before, after }
    }
}

/// The tasks of a load.
struct Running {
    flows: Vec<Arc<Progress>>,
    control: Arc<Control>,
    senders: JoinSet<Result<()>>,
    /// They end only by failing.
    receivers: JoinSet<Result<()>>,
}

/// Lets stanzas flow for `warm` and `during`, and measures the server with the process `server` during the latter. When
/// nothing more is sent, everything has to arrive.
///
/// # Errors
/// When a stanza is lost or comes in the wrong order, and when a connection breaks.
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
    let (units, cpu) = (running.units() - units, sample::cpu_micros(server)? - cpu);
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
        let mut flows = Vec::new();
        for (number, flow) in (0_u32..).zip(load.flows) {
            let window = pace.window.max(1);
            let progress = Arc::new(Progress::new(flow.receivers.len(), window));
            for (reader, writer) in flow.receivers {
                let (progress, control) = (Arc::clone(&progress), Arc::clone(&control));
                receivers.spawn(async move {
                    // The half that is not used keeps the connection open.
                    let _writer = writer;
                    receive::receive(reader, &progress, &control).await
                });
            }
            if let Some(aside) = flow.aside {
                receivers.spawn(receive::drain(aside));
            }
            // All flows take turns.
            let period = pace.per_second.map(|rate| Duration::from_secs(1) * count / rate.max(1));
            let first = period.map_or(Duration::ZERO, |period| period * number / count);
            let timing = Timing { window, period, first };
            let sender = Sender { writer: flow.writer, before: flow.before, after: flow.after, timing };
            senders.spawn(sender.run(Arc::clone(&progress), Arc::clone(&control)));
            flows.push(progress);
        }
        Self { flows, control, senders, receivers }
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

    /// Sends nothing more, and waits for everything to arrive.
    async fn finish(&mut self) -> Result<()> {
        self.control.stop.store(true, Ordering::Release);
        self.flows.iter().for_each(|flow| flow.wake());
        let arriving = async {
            while let Some(ended) = self.senders.join_next().await {
                outcome(ended)?;
            }
            let all = |flow: &Arc<Progress>| flow.done() == flow.sent();
            while !self.flows.iter().all(all) {
                tokio::select! {
                    () = sleep(Duration::from_millis(2)) => {}
                    Some(ended) = self.receivers.join_next() => outcome(ended)?,
                }
            }
            Ok(())
        };
        let arrived = timeout(PATIENCE, arriving).await;
        arrived.unwrap_or_else(|_| Err(self.lost()))
    }

    fn lost(&self) -> Error {
        let sent: u64 = self.flows.iter().map(|flow| flow.sent()).sum();
        let done: u64 = self.flows.iter().map(|flow| flow.done()).sum();
        Error::Delivery(format!("{} of {sent} stanzas were lost", sent.saturating_sub(done)))
    }
}

struct Sender {
    writer: Writer,
    before: Vec<u8>,
    after: Vec<u8>,
    timing: Timing,
}

#[derive(Clone, Copy)]
struct Timing {
    window: u64,
    period: Option<Duration>,
    first: Duration,
}

impl Sender {
    async fn run(mut self, progress: Arc<Progress>, control: Arc<Control>) -> Result<()> {
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
            progress.sends(number);
            self.writer.send(&stanza).await?;
        }
        Ok(())
    }
}
