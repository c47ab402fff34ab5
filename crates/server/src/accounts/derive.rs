//! Slow derivations of keys, a bounded number at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Runs derivations on the runtime's blocking threads, as many at a time as the machine has processors. Clones share the bound.
#[derive(Debug, Clone)]
pub(crate) struct Derivations(Arc<Semaphore>);

impl Default for Derivations {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(processors)))
    }
}

impl Derivations {
    /// Waits for its turn and for the outcome; `None` when it panicked or the runtime ends. When dropped before its turn
    /// nothing was run; later, it runs to its end.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        derive: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let permit = Arc::clone(&self.0).acquire_owned().await.ok()?;
        let derived = tokio::task::spawn_blocking(move || {
            let _held_until_done = permit;
            derive()
        });
        derived.await.ok()
    }
}
