//! How many files and sockets the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are open besides the connections: listeners, the database, logs.
const BESIDES: u64 = 64;

/// Raises the limit as far as the system lets us, since what shells and service managers give is meant for programs of an
/// older kind; warns where it does not suffice for so many connections.
pub(super) fn allow(connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(BESIDES);
    if let Some(open_files) = getrlimit(Resource::Nofile).current
        && open_files < needed
    {
        tracing::warn!(
            open_files,
            connections,
            "limits.connections cannot be reached with so few open files"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_what_the_system_allows() {
        allow(1);
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
