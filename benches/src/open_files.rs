//! How many files and sockets this process, and the servers that it starts, may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{Error, Result};

/// What is open besides the connections.
const BESIDES: u64 = 200;

/// Raises the limit as far as the system lets us, for so many connections at the same time.
///
/// # Errors
/// When that is not far enough.
pub fn allow(connections: usize) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised)
        .map_err(|error| Error::Setup(format!("the limit of open files cannot be raised: {error}")))?;
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(BESIDES);
    match getrlimit(Resource::Nofile).current {
        Some(open_files) if open_files < needed => Err(Error::Setup(format!(
            "{connections} connections need {needed} open files, and a process may have {open_files}: raise the hard \
             limit (ulimit -Hn), or have fewer connections"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_connections_than_the_system_allows_are_refused_with_a_hint() {
        assert!(allow(1).is_ok());
        if getrlimit(Resource::Nofile).maximum.is_some() {
            let error = allow(usize::MAX).unwrap_err().to_string();
            assert!(error.contains("ulimit -Hn"), "{error}");
        }
    }
}
