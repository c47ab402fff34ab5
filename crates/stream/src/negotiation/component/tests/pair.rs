//! The two machines against each other, however the bytes are cut.

use proptest::prelude::*;

use super::*;

/// How far both came, when the bytes go in pieces of this length, and the server knows this secret.
fn converse(piece: usize, known: Option<Secret>) -> (bool, bool) {
    let (mut server, mut component) = (Accepting::new(), Connecting::new(&domain(), secret()));
    let decoder = || Decoder::new(Framing::Tcp, Content::Component, Limits::unauthenticated());
    let (mut of_server, mut of_component) = (decoder(), decoder());
    let (mut to_server, mut to_component) = (Vec::new(), Vec::new());
    let (mut server_agrees, mut component_agrees) = (false, false);
    loop {
        while let Some(action) = component.next_action() {
            match action {
                ConnectingAction::Send(bytes) => to_server.extend(bytes),
                ConnectingAction::Established => component_agrees = true,
                _ => {}
            }
        }
        while let Some(action) = server.next_action() {
            match action {
                AcceptingAction::Send(bytes) => to_component.extend(bytes),
                AcceptingAction::Wanted(_) => server.component(known.clone()),
                AcceptingAction::Established => server_agrees = true,
                _ => {}
            }
        }
        if to_server.is_empty() && to_component.is_empty() {
            return (server_agrees, component_agrees);
        }
        let mut buffer = BytesMut::new();
        for chunk in std::mem::take(&mut to_server).chunks(piece) {
            buffer.extend_from_slice(chunk);
            while let Some(frame) = of_server.decode(&mut buffer).unwrap() {
                server.frame(frame);
                while !server.takes_frames()
                    && let Some(action) = server.next_action()
                {
                    match action {
                        AcceptingAction::Wanted(_) => server.component(known.clone()),
                        AcceptingAction::Send(bytes) => to_component.extend(bytes),
                        _ => {}
                    }
                }
            }
        }
        let mut buffer = BytesMut::new();
        for chunk in std::mem::take(&mut to_component).chunks(piece) {
            buffer.extend_from_slice(chunk);
            while let Some(frame) = of_component.decode(&mut buffer).unwrap() {
                component.frame(frame);
            }
        }
    }
}

proptest! {
    #[test]
    fn they_agree_exactly_when_they_share_the_secret(piece in 1..200_usize, other: String) {
        prop_assert_eq!(converse(piece, Some(secret())), (true, true));
        prop_assert_eq!(converse(piece, None), (false, false));
        let same = other == "test";
        prop_assert_eq!(converse(piece, Some(Secret::new(other))), (same, same));
    }
}
