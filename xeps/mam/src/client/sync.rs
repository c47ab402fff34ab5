//! Catching up: page after page until there is no more.

use std::sync::Arc;

use stonechat_extension::client::{Handle, RequestError};
use stonechat_stanza::error::Condition;
use stonechat_stanza::rsm;

use super::position::Start;
use super::{Event, Shared};
use crate::{Filter, Fin};

/// Catches up, and tells how that went.
pub(super) async fn sync(handle: Handle, shared: Arc<Shared>, run: u64) {
    let outcome = pages(&handle, &shared).await;
    {
        let mut state = shared.state.lock();
        if outcome.is_ok() {
            state.caught_up(run);
        }
        state.end(run);
    }
    let event = match outcome {
        Ok(()) => Event::Synced,
        // The next session goes on from where this one has come to.
        Err(RequestError::Lost) => return,
        Err(error) => Event::Failed(error),
    };
    // Nobody listens to a client that is closed.
    let _closed = handle.emit(event).await;
}

async fn pages(handle: &Handle, shared: &Shared) -> Result<(), RequestError> {
    let mut from = shared.state.lock().start();
    let mut looked_by_time = false;
    loop {
        let fin = match page(handle, shared, &from).await {
            Err(RequestError::Refused(error))
                if error.condition == Condition::ItemNotFound && !looked_by_time =>
            {
                handle.emit(Event::Gap).await?;
                looked_by_time = true;
                from = shared.state.lock().start_by_time();
                continue;
            }
            fin => fin?,
        };
        let next = fin.set.last.map(Start::After);
        match next {
            // A page without an end, or with the end of the one before, leads nowhere.
            Some(next) if !fin.complete && from != Start::Last && next != from => from = next,
            _ => return Ok(()),
        }
    }
}

async fn page(handle: &Handle, shared: &Shared, from: &Start) -> Result<Fin, RequestError> {
    let max = shared.config.page.max(1);
    let (filter, set) = match from {
        Start::After(id) => (Filter::default(), rsm::Request::after(id, max)),
        Start::Since(start) => {
            (Filter { start: Some(*start), ..Filter::default() }, rsm::Request::first(max))
        }
        Start::Last => (Filter::default(), rsm::Request::last(shared.config.first)),
    };
    shared.queries.sync(handle, &filter, set).await
}
