//! Links that are cut, in both directions at a time.

use super::*;

/// A way to a server that can be cut, and be shut.
struct Relay {
    at: SocketAddr,
    cut: watch::Sender<usize>,
}

impl Relay {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (cut, cuts) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((mut one, _)) = listener.accept().await {
                let mut cuts = cuts.clone();
                cuts.mark_unchanged();
                tokio::spawn(async move {
                    let mut two = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut one, &mut two) => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        Self { at, cut }
    }

    fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }
}

/// Numbered messages in both directions, with cuts in between; whether both can open streams, or only the first.
async fn nothing_is_lost_over_cuts(both_can: bool) {
    const ROUNDS: usize = 10;
    const EACH: usize = 20;
    let authority = Authority::new();
    let b = authority.serve("b.example", Policy::Certificate, Some(("a.example", closed().await))).await;
    let to_b = Relay::to(address(&b, Kind::S2s)).await;
    let a = authority.serve("a.example", Policy::Certificate, Some(("b.example", to_b.at))).await;
    let to_a = Relay::to(address(&a, Kind::S2s)).await;
    if both_can {
        let mut config = b.config();
        config.federation.peers.get_mut("a.example").unwrap().route.as_mut().unwrap().port = to_a.at.port();
        b.reload(config).await.unwrap();
    }
    let (mut one, mut two) = (Reader::new(&a, "a.example").await, Reader::new(&b, "b.example").await);
    let (host_a, host_b) = (a.host("a.example").unwrap(), b.host("b.example").unwrap());
    for round in 0..ROUNDS {
        let numbers = round * EACH..(round + 1) * EACH;
        for number in numbers.clone() {
            host_a.send(numbered(&one.jid, &two.jid, number)).await;
            if number > 0 || both_can {
                host_b.send(numbered(&two.jid, &one.jid, number)).await;
            } else {
                // The first is what opens the connection.
                two.expect(0..1).await;
                host_b.send(numbered(&two.jid, &one.jid, number)).await;
            }
            if number == 0 && both_can {
                // Who cannot be reached the first time is not tried again: what is cut has to have been there.
                two.expect(0..1).await;
                one.expect(0..1).await;
            }
            if number % EACH == 3 * (round % 5) {
                to_b.cut();
                to_a.cut();
            }
        }
        two.expect(numbers.start.max(1)..numbers.end).await;
        one.expect(numbers.start.max(usize::from(both_can))..numbers.end).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_lose_and_repeat_nothing_also_where_one_side_cannot_be_reached() {
    nothing_is_lost_over_cuts(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_lose_and_repeat_nothing_where_both_open_streams_at_once() {
    nothing_is_lost_over_cuts(true).await;
}
