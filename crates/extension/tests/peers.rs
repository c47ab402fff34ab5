//! Stanzas from and to other servers.

#![cfg(feature = "test-host")]

use stonechat_extension::test_host::TestHost;

async fn host() -> TestHost {
    let host = TestHost::with(&[]).await;
    host.federate();
    host
}

#[tokio::test(start_paused = true)]
async fn a_stanza_from_a_peer_goes_the_way_of_its_kind() {
    host()
        .await
        .run(
            "a/1, a/2 online
             peer → <message from='b@example.net/x' to='a@example.org' type='chat'><body>1</body></message>
             a/1 ← <message from='b@example.net/x' to='a@example.org'><body>1</body></message>
             a/2 ← <body>1</body>
             peer → <iq from='b@example.net/x' to='example.org' type='get' id='1'><q xmlns='urn:x'/></iq>
             peer ← <iq from='example.org' to='b@example.net/x' type='error' id='1'><error/></iq>
             peer → <message from='b@example.net' to='nobody@example.org' type='chat'><body>2</body></message>
             peer ← <message from='nobody@example.org' to='b@example.net' type='error'><error/></message>
             peer ← nothing",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn errors_of_peers_are_not_answered() {
    host()
        .await
        .run(
            "peer → <message from='b@example.net' to='nobody@example.org' type='error'/>
             peer → <iq from='b@example.net' to='example.org' type='result' id='1'/>
             peer → <iq from='b@example.net' to='a@example.org/gone' type='error' id='1'/>
             peer ← nothing",
        )
        .await;
}

/// SECURITY: nobody elsewhere speaks for a domain of ours.
#[tokio::test(start_paused = true)]
async fn a_peer_never_speaks_for_a_domain_of_this_server() {
    host()
        .await
        .run(
            "a/1 online
             peer → <message from='a@example.org/1' to='a@example.org' type='chat'><body>1</body></message>
             peer → <message from='example.org' to='a@example.org' type='chat'><body>2</body></message>
             peer → <message to='a@example.org' type='chat'><body>3</body></message>
             a/1 ← nothing
             peer ← nothing",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_told_what_is_wrong_with_its_stanza() {
    host()
        .await
        .run(
            "peer → <iq from='b@example.net' to='@example.org' type='get' id='1'><q xmlns='urn:x'/></iq>
             peer ← <iq from='example.org' to='b@example.net' type='error' id='1'><error/></iq>
             peer → <iq from='b@example.net' to='example.org' type='get' id='2'/>
             peer ← <iq from='example.org' type='error' id='2'><error/></iq>",
        )
        .await;
}
