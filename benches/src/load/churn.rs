//! Clients that log in and out all the time.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::{Histogram, Window, outcome};
use crate::client::Target;
use crate::{Result, sample};

/// Accounts do not take turns in their order, so that neighbours in a database are no neighbours in time. A prime, so
/// that all of them have their turn.
const STRIDE: usize = 7919;

/// Who logs in and out.
#[derive(Debug, Clone)]
pub struct Churn {
    /// The accounts.
    pub accounts: Range<usize>,
    /// How many at the same time.
    pub at_once: usize,
}

#[derive(Debug, Default)]
struct State {
    stop: AtomicBool,
    measuring: AtomicBool,
    next: AtomicUsize,
    done: AtomicU64,
    latencies: Mutex<Histogram>,
}

/// Lets clients log in, over TLS, and disconnect as soon as they are, for `warm` and `during`. Measured is the latter:
/// logins, with what it costs to clean up behind them.
///
/// # Errors
/// When one of them cannot log in.
pub async fn churn(
    target: &Target,
    churn: &Churn,
    warm: Duration,
    during: Duration,
    server: u32,
) -> Result<Window> {
    let state = Arc::new(State::default());
    let mut workers = JoinSet::new();
    for _ in 0..churn.at_once.max(1) {
        workers.spawn(work(target.clone(), churn.accounts.clone(), Arc::clone(&state)));
    }
    watch(&mut workers, warm).await?;
    let done = || state.done.load(Ordering::Relaxed);
    let (began, cpu, before) = (Instant::now(), sample::cpu_micros(server)?, done());
    state.measuring.store(true, Ordering::Relaxed);
    watch(&mut workers, during).await?;
    let (units, cpu_micros) = (done() - before, sample::cpu_micros(server)?.saturating_sub(cpu));
    let seconds = began.elapsed().as_secs_f64();
    state.measuring.store(false, Ordering::Relaxed);
    state.stop.store(true, Ordering::Relaxed);
    while let Some(ended) = workers.join_next().await {
        outcome(ended)?;
    }
    let latencies = state.latencies.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Window { units, seconds, cpu_micros, latencies })
}

async fn work(target: Target, accounts: Range<usize>, state: Arc<State>) -> Result<()> {
    while !state.stop.load(Ordering::Relaxed) {
        let turn = state.next.fetch_add(1, Ordering::Relaxed);
        let account = accounts.start + turn.wrapping_mul(STRIDE) % accounts.len().max(1);
        let began = Instant::now();
        // Of another name than its last session, which may not be over yet.
        let session = target.log_in(account, &format!("c{turn}"), true, "message", &[account]).await?;
        state.done.fetch_add(1, Ordering::Relaxed);
        if state.measuring.load(Ordering::Relaxed) {
            let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
            state.latencies.lock().unwrap_or_else(PoisonError::into_inner).record(nanos);
        }
        drop(session);
    }
    Ok(())
}

/// Lets time pass, unless a login fails.
async fn watch(workers: &mut JoinSet<Result<()>>, time: Duration) -> Result<()> {
    tokio::select! {
        () = sleep(time) => Ok(()),
        Some(ended) = workers.join_next() => outcome(ended),
    }
}
