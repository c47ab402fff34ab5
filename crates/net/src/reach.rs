//! To the address that answers first (RFC 8305).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long to wait for one address before the next is tried as well (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);
/// So many addresses of a host are tried.
const MOST_ADDRESSES: usize = 8;

/// There is no connection; says why, with the host or the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

/// The families take turns, that of the first address first (RFC 8305 §4); 8 addresses at the most.
#[must_use]
pub fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let most = first.len().max(second.len());
    let pairs = (0..most).flat_map(|at| [first.get(at), second.get(at)]);
    pairs.flatten().copied().take(MOST_ADDRESSES).collect()
}

/// Connects to whichever address answers first. Each gets a head start; when it fails, the next does not wait. Waits for as long as the
/// system does; dropping it gives all attempts up.
///
/// # Errors
/// [`Unreachable`], with what the last address had to say.
pub async fn race(addresses: Vec<SocketAddr>) -> Result<TcpStream, Unreachable> {
    let mut rest = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut last = Unreachable("the host has no address".to_owned());
    loop {
        let next = rest.next();
        if let Some(address) = next {
            attempts.spawn(async move {
                TcpStream::connect(address).await.map_err(|error| Unreachable(format!("{address}: {error}")))
            });
        }
        if attempts.is_empty() {
            return Err(last);
        }
        tokio::select! {
            Some(ended) = attempts.join_next() => match ended {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(error) => last = Unreachable(error.to_string()),
            },
            () = sleep(HEAD_START), if next.is_some() => {}
        }
    }
}

/// Whether an address is one of the public internet: what a name in DNS, which anybody can write, may lead a server to. Not this machine,
/// not the local or a private network, nor what stands for many or none (RFC 6890).
///
/// ```
/// # use stonechat_net::is_public;
/// assert!(is_public("203.0.112.7".parse()?) && is_public("2001:470::1".parse()?));
/// for private in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:192.168.0.1", "64:ff9b::7f00:1"] {
///     assert!(!is_public(private.parse()?), "{private}");
/// }
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            !(address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_documentation()
                || address.is_broadcast()
                || a == 0
                || a >= 224
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (b == 18 || b == 19)))
        }
        IpAddr::V6(address) => match embedded(address) {
            Some(embedded) => is_public(embedded),
            // Global unicast is all of 2000::/3; documentation is not.
            None => address.segments()[0] & 0xe000 == 0x2000 && address.segments()[..2] != [0x2001, 0xdb8],
        },
    }
}

/// The address of version 4 in one of version 6 that leads to it: NAT64 (RFC 6052) and 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<IpAddr> {
    let octets = address.octets();
    let v4 = |at: usize| IpAddr::from([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]]);
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => Some(v4(12)),
        [0x2002, ..] => Some(v4(2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_take_turns() {
        let parse =
            |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let addresses = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1"]);
        assert_eq!(interleaved(addresses), parse(&["[::1]:1", "127.0.0.1:1", "[::2]:1", "[::3]:1"]));
        assert!(interleaved(Vec::new()).is_empty());
    }

    #[tokio::test]
    async fn an_address_that_refuses_does_not_keep_another_from_being_tried() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bad = closed.local_addr().unwrap();
        drop(closed);
        let stream = race(vec![bad, good]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
        assert!(race(vec![bad]).await.is_err() && race(Vec::new()).await.is_err());
    }

    #[test]
    fn only_the_public_internet_is_public() {
        for (address, public) in [
            ("0.0.0.0", false),
            ("100.64.0.1", false),
            ("172.16.0.1", false),
            ("172.32.0.1", true),
            ("192.0.2.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("8.8.8.8", true),
            ("::", false),
            ("fe80::1", false),
            ("ff02::1", false),
            ("2001:db8::1", false),
            ("2002:7f00:1::", false),
            ("2002:808:808::", true),
            ("64:ff9b::808:808", true),
            ("::ffff:8.8.8.8", true),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }
}
