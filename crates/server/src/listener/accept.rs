//! Accepting connections.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::{Bound, Connections, Permit};
use crate::components;
use crate::config::{Kind, Listener};
use crate::connection::{self, Socket};
use crate::federation::incoming;
use crate::shared::Shared;

/// How long to wait before trying again when the system has no room for another connection.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Accepts connections until `stop`. What the system does not let us accept now is tried again, ever more slowly.
pub(crate) async fn accept(bound: Bound, shared: Arc<Shared>, stop: CancellationToken) {
    let mut back_off = BACK_OFF.0;
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = bound.socket.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                back_off = BACK_OFF.0;
                take(stream, peer.ip().to_canonical(), &bound, &shared);
            }
            Err(error) if concerns_one_connection(error.kind()) => {
                tracing::debug!(listener = %bound.address, %error, "a connection was gone before it was accepted");
            }
            Err(error) => {
                let wait_ms = back_off.as_millis();
                tracing::error!(listener = %bound.address, %error, wait_ms, "no connection can be accepted");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(back_off) => {}
                }
                back_off = (back_off * 2).min(BACK_OFF.1);
            }
        }
    }
}

fn concerns_one_connection(kind: ErrorKind) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, PermissionDenied};
    matches!(kind, ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | PermissionDenied)
}

fn take(stream: TcpStream, peer: IpAddr, bound: &Bound, shared: &Arc<Shared>) {
    let Ok(permit) = shared.connections.admit(peer) else { return };
    if let Err(error) = prepare(&stream, shared.state.load().config.timeouts.tcp_keepalive) {
        tracing::debug!(%peer, %error, "a connection was gone as soon as it was accepted");
        return;
    }
    serve(permit, Socket::Tcp(stream), peer, bound.listener.clone(), Arc::clone(shared));
}

/// Serves a connection in a task of its own.
pub(crate) fn serve(
    mut permit: Permit,
    stream: Socket,
    peer: IpAddr,
    listener: Listener,
    shared: Arc<Shared>,
) {
    match listener.kind {
        Kind::S2s | Kind::S2sDirectTls => {
            permit.is_for_server();
            Connections::spawn(permit, |place| incoming::serve(place, stream, peer, listener, shared));
        }
        Kind::Component => Connections::spawn(permit, |place| components::serve(place, stream, peer, shared)),
        Kind::Starttls | Kind::DirectTls => {
            Connections::spawn(permit, |place| connection::serve(place, stream, peer, listener, shared));
        }
    }
}

fn prepare(stream: &TcpStream, keepalive: Duration) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    if keepalive.is_zero() {
        return Ok(());
    }
    let probes = socket2::TcpKeepalive::new().with_time(keepalive).with_interval(Duration::from_secs(15));
    socket2::SockRef::from(stream).set_tcp_keepalive(&probes)
}
