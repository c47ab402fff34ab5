//! XEP-0377: a block that says why.

mod common;

use common::{ALL, host, list};
use stonechat_extension::test_host::TestHost;

fn block(jid: &str, report: &str) -> String {
    format!(
        "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='{jid}'>{report}</item></block></iq>"
    )
}

async fn reports(host: &TestHost, words: &[&str]) -> Result<String, String> {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    host.host().command("reports", &words).await.expect("there is the command")
}

#[tokio::test(start_paused = true)]
async fn the_operator_reads_what_was_reported_and_others_see_a_mere_block() {
    // Example 6.
    let host = host().await;
    host.run("juliet/chamber, juliet/balcony online").await;
    list(&host, "juliet/balcony").await;
    assert_eq!(reports(&host, &[]).await.unwrap(), "there are no reports");
    let report = "<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'>\
        <stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.net' id='28482-98726-73623'/>\
        <text xml:lang='en'>Never came trouble\n\u{202e}to my house like this.</text><third-party/></report>";
    host.client("juliet/chamber").ask(&block("romeo@example.net", report)).await;
    assert_eq!(
        reports(&host, &[]).await.unwrap(),
        "2026-01-01T12:00:00Z juliet@example.org reports romeo@example.net: urn:xmpp:reporting:spam\n  \
         says (en): Never came trouble  to my house like this.\n  \
         message 28482-98726-73623 of romeo@example.net\n  may be forwarded to third parties"
    );
    let push = host.client("juliet/balcony").next().unwrap().to_string();
    assert!(push.contains("romeo@example.net") && !push.contains("report"), "{push}");
    assert!(reports(&host, &["0"]).await.is_err() && reports(&host, &["1", "2"]).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_block_with_a_report_that_breaks_the_rules_is_a_block() {
    let host = host().await;
    host.run("a/1 online").await;
    for (jid, report) in [("x@y.example", "<report xmlns='urn:xmpp:reporting:1'/>"), ("z@y.example", "")] {
        assert!(host.client("a/1").ask(&block(jid, report)).await.error().is_none());
    }
    assert_eq!(list(&host, "a/1").await, ["x@y.example", "z@y.example"]);
    assert_eq!(reports(&host, &[]).await.unwrap(), "there are no reports");
}

#[tokio::test(start_paused = true)]
async fn reports_are_bounded_in_all_and_for_each_account_and_the_oldest_go_first() {
    let limits = "reports = 3\nreports-per-account = 2\nreport-text = 3";
    let host = TestHost::configured(ALL, &[("blocking", limits)]).await;
    host.run("a/1, b/1 online").await;
    let report = "<report xmlns='urn:xmpp:reporting:1' reason='r'><text>12345</text></report>";
    for (client, number) in [("a/1", 1), ("a/1", 2), ("a/1", 3), ("b/1", 4), ("b/1", 5)] {
        host.client(client).ask(&block(&format!("{number}@y.example"), report)).await;
    }
    let told = reports(&host, &["1000"]).await.unwrap();
    let about: Vec<&str> = told.lines().filter_map(|line| line.split_whitespace().nth(3)).collect();
    assert_eq!(about, ["3@y.example:", "4@y.example:", "5@y.example:"], "{told}");
    assert!(told.contains("says: 123\n") && !told.contains("1234"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_report_is_not_kept_of_a_block_that_was_refused() {
    let host = TestHost::configured(ALL, &[("blocking", "items = 1")]).await;
    host.run("a/1 online").await;
    let report = "<report xmlns='urn:xmpp:reporting:1' reason='r'/>";
    host.client("a/1").ask(&block("x@y.example", "")).await;
    assert!(host.client("a/1").ask(&block("z@y.example", report)).await.error().is_some());
    assert_eq!(reports(&host, &[]).await.unwrap(), "there are no reports");
}
