//! The line by which the server says that it can be connected to.

use std::net::SocketAddr;

/// The server's listeners, from the line that it prints on standard output once all of them are bound:
///
/// ```text
/// ready: c2s=127.0.0.1:5222 c2s-direct-tls=127.0.0.1:5223
/// ```
///
/// that is `ready:`, then for each listener a space, its kind, `=` and the address with the port it got, also
/// where the configuration says port 0. A kind with several addresses comes several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    listeners: Vec<(String, SocketAddr)>,
}

impl Ready {
    /// Reads the line; `None` for any other line.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        if words.next() != Some("ready:") {
            return None;
        }
        let listener = |word: &str| {
            let (kind, address) = word.split_once('=')?;
            Some((kind.to_owned(), address.parse().ok()?))
        };
        Some(Self { listeners: words.map(listener).collect::<Option<_>>()? })
    }

    /// The addresses of the listeners of that kind, in the server's order.
    pub fn addresses(&self, kind: &str) -> impl Iterator<Item = SocketAddr> {
        self.listeners.iter().filter(move |(name, _)| name == kind).map(|(_, address)| *address)
    }

    /// The first address of the listeners of that kind.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    #[must_use]
    pub fn address(&self, kind: &str) -> SocketAddr {
        self.addresses(kind).next().unwrap_or_else(|| panic!("no {kind} listener among {:?}", self.listeners))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_line_gives_each_listener_its_address() {
        let ready = Ready::parse("ready: c2s=127.0.0.1:40001 c2s=[::1]:40002 c2s-direct-tls=127.0.0.1:40003")
            .unwrap();
        assert_eq!(ready.address("c2s-direct-tls"), "127.0.0.1:40003".parse().unwrap());
        let c2s: Vec<String> = ready.addresses("c2s").map(|address| address.to_string()).collect();
        assert_eq!(c2s, ["127.0.0.1:40001", "[::1]:40002"]);
    }

    #[test]
    fn other_lines_are_not_taken_for_it() {
        for line in ["", "ready", "not ready: c2s=127.0.0.1:1", "ready: c2s", "ready: c2s=localhost:5222"] {
            assert_eq!(Ready::parse(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(ports in prop::collection::vec((any::<u16>(), "[a-z][a-z0-9-]{0,8}"), 0..6)) {
            let words: String = ports.iter().map(|(port, kind)| format!(" {kind}=127.0.0.1:{port}")).collect();
            let ready = Ready::parse(&format!("ready:{words}")).unwrap();
            let read: Vec<(u16, String)> =
                ready.listeners.into_iter().map(|(kind, address)| (address.port(), kind)).collect();
            prop_assert_eq!(read, ports);
        }

        #[test]
        fn no_line_panics(line in ".*") {
            let _ = Ready::parse(&line);
            let _ = Ready::parse(&format!("ready: {line}"));
        }
    }
}
