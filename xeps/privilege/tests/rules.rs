//! XEP-0356, on the test host.

use stonechat_extension::Descriptor;
use stonechat_extension::test_host::{TestHost, contract};
use stonechat_xep_privilege::SERVER;

const ALL: &[&Descriptor] = &[&SERVER, &stonechat_xep_roster::SERVER, &stonechat_xep_presence::SERVER];

/// `pubsub.example.org` has all that can be granted, `irc.example.org` next to nothing.
const GRANTS: &str = "grants = [
    { component = 'pubsub.example.org', roster = 'both', message = 'outgoing', presence = 'managed_entity',
      iq = [{ namespace = 'urn:xmpp:ping', type = 'get' }, { namespace = 'jabber:iq:roster', type = 'get' }] },
    { component = 'irc.example.org', roster = 'get' },
    { component = 'elsewhere.example', roster = 'both', message = 'outgoing' },
]";

const FORBIDDEN: &str = "<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";

async fn host() -> TestHost {
    let host = TestHost::configured(ALL, &[("privilege", GRANTS)]).await;
    host.federate();
    host.run(
        "a/1 online
         pubsub.example.org connects
         irc.example.org connects
         sms.example.org connects",
    )
    .await;
    for (component, told) in [("pubsub", 2), ("irc", 1)] {
        let all = std::iter::from_fn(|| host.to_component(&format!("{component}.example.org"))).count();
        assert_eq!(all, told, "{component} was not told what it may and who is there");
    }
    assert!(host.to_component("sms.example.org").is_none());
    host
}

/// Lets the tasks of the extension do what they have to do now.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn forwarded(message: &str) -> String {
    format!(
        "<privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'>{message}</forwarded></privilege>"
    )
}

#[tokio::test(start_paused = true)]
async fn the_contract_holds() {
    contract::check(&[&SERVER, &stonechat_xep_roster::SERVER]).await;
}

/// §4.2, §5.2, §6.2, §7.2.
#[tokio::test(start_paused = true)]
async fn a_component_is_told_what_it_may_when_it_connects() {
    let host = TestHost::configured(ALL, &[("privilege", GRANTS)]).await;
    host.run(
        "pubsub.example.org connects
         pubsub.example.org ← <message from='example.org' to='pubsub.example.org'><privilege xmlns='urn:xmpp:privilege:2'><perm access='roster' type='both' push='true'/><perm access='message' type='outgoing'/><perm access='iq'><namespace ns='urn:xmpp:ping' type='get'/><namespace ns='jabber:iq:roster' type='get'/></perm><perm access='presence' type='managed_entity'/></privilege></message>
         pubsub.example.org ← nothing
         irc.example.org connects
         irc.example.org ← <message from='example.org'><privilege xmlns='urn:xmpp:privilege:2'><perm access='roster' type='get' push='true'/></privilege></message>",
    )
    .await;
}

/// §4.3, examples 2 and 3.
#[tokio::test(start_paused = true)]
async fn a_component_reads_and_changes_a_roster_as_far_as_it_may() {
    let host = host().await;
    host.run(
        "pubsub.example.org → <iq from='pubsub.example.org' to='a@example.org' type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Nurse'/></query></iq>
         pubsub.example.org ← <iq from='a@example.org' to='pubsub.example.org' type='set'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Nurse'/></query></iq>
         pubsub.example.org ← <iq from='a@example.org' to='pubsub.example.org' type='result' id='1'/>
         irc.example.org ← <iq from='a@example.org' to='irc.example.org' type='set'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com'/></query></iq>
         pubsub.example.org → <iq from='pubsub.example.org' to='a@example.org' type='get' id='2'><query xmlns='jabber:iq:roster'/></iq>
         pubsub.example.org ← <iq from='a@example.org' to='pubsub.example.org' type='result' id='2'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Nurse'/></query></iq>
         irc.example.org → <iq from='irc.example.org' to='a@example.org' type='get' id='3'><query xmlns='jabber:iq:roster'/></iq>
         irc.example.org ← <iq from='a@example.org' type='result' id='3'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com'/></query></iq>",
    )
    .await;
    host.run(&format!(
        "irc.example.org → <iq from='irc.example.org' to='a@example.org' type='set' id='4'><query xmlns='jabber:iq:roster'><item jid='evil@example.com'/></query></iq>
         irc.example.org ← <iq from='a@example.org' type='error' id='4'>{FORBIDDEN}</iq>"
    ))
    .await;
    // Its own rules hold: this one is no roster item.
    let wrong = "<iq from='pubsub.example.org' to='a@example.org' type='set' id='5'><query xmlns='jabber:iq:roster'/></iq>";
    host.from_component(wrong).await;
    assert!(host.to_component("pubsub.example.org").unwrap().error().is_some());
}

/// §5.3, examples 6 and 7.
#[tokio::test(start_paused = true)]
async fn a_component_sends_messages_in_the_name_of_the_host_and_of_accounts() {
    let host = host().await;
    host.run("b/1 online").await;
    let note = "<event xmlns='http://jabber.org/protocol/pubsub#event'/>";
    for from in ["a@example.org", "example.org"] {
        let inner = forwarded(&format!(
            "<message xmlns='jabber:client' from='{from}' to='b@example.org/1' id='foo'>{note}</message>"
        ));
        host.run(&format!(
            "pubsub.example.org → <message from='pubsub.example.org' to='example.org' id='1'>{inner}</message>
             b/1 ← <message from='{from}' to='b@example.org/1' id='foo'>{note}</message>"
        ))
        .await;
    }
}

/// Line 68: a component is limited to granted hosts, namespaces and stanza kinds.
#[tokio::test(start_paused = true)]
async fn what_is_not_granted_is_forbidden() {
    let host = host().await;
    host.run(
        "b/1 online
         pubsub.example.org ← <presence from='b@example.org/1'/>",
    )
    .await;
    let inner = |stanza: &str| forwarded(stanza);
    for (component, wrapped) in [
        // Not granted to it.
        (
            "irc.example.org",
            inner("<message xmlns='jabber:client' from='a@example.org' to='b@example.org'/>"),
        ),
        (
            "sms.example.org",
            inner("<message xmlns='jabber:client' from='a@example.org' to='b@example.org'/>"),
        ),
        // Not in the name of another host, of a session, or of nobody.
        (
            "pubsub.example.org",
            inner("<message xmlns='jabber:client' from='a@elsewhere.example' to='b@example.org'/>"),
        ),
        (
            "pubsub.example.org",
            inner("<message xmlns='jabber:client' from='a@example.org/1' to='b@example.org'/>"),
        ),
        (
            "pubsub.example.org",
            inner("<message xmlns='jabber:client' from='nobody@example.org' to='b@example.org'/>"),
        ),
        ("pubsub.example.org", inner("<message xmlns='jabber:client' to='b@example.org'/>")),
        // Nothing but messages.
        (
            "pubsub.example.org",
            inner("<presence xmlns='jabber:client' from='a@example.org' to='b@example.org'/>"),
        ),
        (
            "pubsub.example.org",
            inner(
                "<iq xmlns='jabber:client' from='a@example.org' to='b@example.org' type='get' id='x'><x xmlns='urn:x'/></iq>",
            ),
        ),
    ] {
        host.run(&format!(
            "{component} → <message from='{component}' to='example.org' id='1'>{wrapped}</message>
             {component} ← <message from='example.org' to='{component}' type='error' id='1'>{FORBIDDEN}</message>"
        ))
        .await;
    }
    // A user of the component is not the component.
    let wrapped = inner("<message xmlns='jabber:client' from='a@example.org' to='b@example.org'/>");
    host.run(&format!(
        "pubsub.example.org → <message from='x@pubsub.example.org' to='example.org' id='2'>{wrapped}</message>
         pubsub.example.org ← <message from='example.org' type='error' id='2'>{FORBIDDEN}</message>
         b/1 ← nothing"
    ))
    .await;
}

/// Line 68: a forged wrapper is ignored.
#[tokio::test(start_paused = true)]
async fn a_wrapper_of_an_account_or_of_another_server_does_nothing() {
    let host = host().await;
    host.run("b/1 online").await;
    let wrapped = forwarded(
        "<message xmlns='jabber:client' from='b@example.org' to='b@example.org/1'><body>x</body></message>",
    );
    let ping = "<privileged_iq xmlns='urn:xmpp:privilege:2'><iq xmlns='jabber:client' type='get' id='x'><ping xmlns='urn:xmpp:ping'/></iq></privileged_iq>";
    let roster = "<query xmlns='jabber:iq:roster'/>";
    host.run(&format!(
        "a/1 → <message to='example.org' id='1'>{wrapped}</message>
         a/1 ← <message from='example.org' type='error' id='1'/>
         a/1 → <iq to='b@example.org' type='get' id='2'>{ping}</iq>
         a/1 ← <iq from='b@example.org' type='error' id='2'/>
         a/1 → <iq to='b@example.org' type='get' id='3'>{roster}</iq>
         a/1 ← <iq from='b@example.org' type='error' id='3'/>
         peer → <message from='elsewhere.example' to='example.org' id='4'>{wrapped}</message>
         peer ← <message from='example.org' to='elsewhere.example' type='error' id='4'/>
         peer → <iq from='elsewhere.example' to='a@example.org' type='get' id='5'>{roster}</iq>
         peer ← <iq from='a@example.org' to='elsewhere.example' type='error' id='5'/>
         peer → <message from='pubsub.example.org' to='example.org' id='6'>{wrapped}</message>
         peer ← nothing
         b/1 ← nothing"
    ))
    .await;
}

/// §6.3, examples 9 to 11.
#[tokio::test(start_paused = true)]
async fn a_component_sends_requests_in_the_name_of_an_account_and_gets_the_answers() {
    let host = host().await;
    let outer = "<iq from='pubsub.example.org' to='a@example.org' type='get' id='priv_iq_1'><privileged_iq xmlns='urn:xmpp:privilege:2'>\
                 <iq xmlns='jabber:client' type='get' to='romeo@montaigu.example' id='sub_1'><ping xmlns='urn:xmpp:ping'/></iq>\
                 </privileged_iq></iq>";
    host.from_component(outer).await;
    settle().await;
    let request = host.to_peer().unwrap();
    assert_eq!(request.from().unwrap().as_str(), "a@example.org");
    assert_eq!(request.to().unwrap().as_str(), "romeo@montaigu.example");
    host.from_peer(&request.reply().to_string()).await;
    settle().await;
    host.run(
        "pubsub.example.org ← <iq from='a@example.org' to='pubsub.example.org' type='result' id='priv_iq_1'><privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' from='romeo@montaigu.example' to='a@example.org' type='result' id='sub_1'/></forwarded></privilege></iq>",
    )
    .await;
    // The account itself is asked, and answers with an error.
    let unknown = outer.replace("to='romeo@montaigu.example' ", "");
    host.from_component(&unknown).await;
    settle().await;
    host.run(
        "pubsub.example.org ← <iq type='result' id='priv_iq_1'><privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='error' id='sub_1'/></forwarded></privilege></iq>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_granted_or_for_nobody_is_forbidden_and_not_sent() {
    let host = host().await;
    let with = |component: &str, to: &str, ns: &str| {
        format!(
            "<iq from='{component}' to='{to}' type='get' id='1'><privileged_iq xmlns='urn:xmpp:privilege:2'>\
             <iq xmlns='jabber:client' type='get' to='romeo@montaigu.example' id='2'><x xmlns='{ns}'/></iq></privileged_iq></iq>"
        )
    };
    for (component, to, ns) in [
        ("irc.example.org", "a@example.org", "urn:xmpp:ping"),
        ("sms.example.org", "a@example.org", "urn:xmpp:ping"),
        ("pubsub.example.org", "a@example.org", "urn:x"),
        ("pubsub.example.org", "nobody@example.org", "urn:xmpp:ping"),
        ("pubsub.example.org", "a@example.org/1", "urn:xmpp:ping"),
        ("pubsub.example.org", "example.org", "urn:xmpp:ping"),
    ] {
        let xml = with(component, to, ns);
        host.from_component(&xml).await;
        settle().await;
        let told = host.to_component(component).unwrap();
        assert!(told.to_string().contains("<forbidden"), "{xml}: {told}");
    }
    assert!(host.to_peer().is_none());
}

#[tokio::test(start_paused = true)]
async fn no_more_requests_wait_than_there_may() {
    let host = TestHost::configured(ALL, &[("privilege", &format!("{GRANTS}\nrequests = 1"))]).await;
    host.federate();
    host.run("a/1 online\npubsub.example.org connects").await;
    while host.to_component("pubsub.example.org").is_some() {}
    for id in ["1", "2"] {
        host.from_component(&format!(
            "<iq from='pubsub.example.org' to='a@example.org' type='get' id='{id}'><privileged_iq xmlns='urn:xmpp:privilege:2'>\
             <iq xmlns='jabber:client' type='get' to='romeo@montaigu.example' id='x'><ping xmlns='urn:xmpp:ping'/></iq></privileged_iq></iq>"
        ))
        .await;
    }
    let refused = host.to_component("pubsub.example.org").unwrap();
    assert!(refused.id() == Some("2") && refused.to_string().contains("<resource-constraint"), "{refused}");
}

/// §7.1, examples 12 and 13.
#[tokio::test(start_paused = true)]
async fn a_component_hears_when_sessions_come_and_go_and_nothing_in_between() {
    let host = host().await;
    host.run(
        "b/1 connects
         b/1 → <presence id='presence1'><show>chat</show></presence>
         pubsub.example.org ← <presence from='b@example.org/1' to='pubsub.example.org' id='presence1'><show>chat</show></presence>
         b/1 → <presence><show>away</show></presence>
         pubsub.example.org ← nothing
         b/1 → <presence type='unavailable'/>
         pubsub.example.org ← <presence from='b@example.org/1' to='pubsub.example.org' type='unavailable'/>
         b/1 → <presence/>
         pubsub.example.org ← <presence from='b@example.org/1'/>
         b/1 disconnects
         pubsub.example.org ← <presence from='b@example.org/1' type='unavailable'/>
         irc.example.org ← nothing
         peer ← nothing",
    )
    .await;
}

/// §4.4, example 4: what is created, updated and removed, by whomever, and nothing else.
#[tokio::test(start_paused = true)]
async fn a_component_that_may_read_rosters_gets_roster_pushes_of_all_of_them() {
    let host = host().await;
    host.run(
        "a/1 → <iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com'/></query></iq>
         pubsub.example.org ← <iq from='a@example.org' to='pubsub.example.org' type='set' id='push-1'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' subscription='none'/></query></iq>
         irc.example.org ← <iq from='a@example.org' to='irc.example.org' type='set'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com'/></query></iq>
         a/1 → <iq type='set' id='2'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Nurse'><group>Servants</group></item></query></iq>
         pubsub.example.org ← <iq from='a@example.org' type='set' id='push-2'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Nurse' subscription='none'><group>Servants</group></item></query></iq>
         a/1 → <presence type='subscribe' to='nurse@example.com'/>
         pubsub.example.org ← <iq from='a@example.org' type='set'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Nurse' subscription='none' ask='subscribe'><group>Servants</group></item></query></iq>
         a/1 → <iq type='set' id='3'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' subscription='remove'/></query></iq>
         pubsub.example.org ← <iq from='a@example.org' type='set'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' subscription='remove'/></query></iq>
         pubsub.example.org ← nothing
         sms.example.org ← nothing",
    )
    .await;
    // Its answer is nobody's business.
    host.run("a/1 forgets").await;
    host.from_component("<iq from='pubsub.example.org' to='a@example.org' type='result' id='push-1'/>").await;
    host.run(
        "a/1 ← nothing
         pubsub.example.org ← nothing",
    )
    .await;
}

/// §4.1: also while nobody is connected; and never where it is said otherwise.
#[tokio::test(start_paused = true)]
async fn roster_pushes_are_for_who_may_read_and_wants_them() {
    let grants = "grants = [
        { component = 'writes.example.org', roster = 'set' },
        { component = 'quiet.example.org', roster = 'both', push = false },
        { component = 'reads.example.org', roster = 'get' },
    ]";
    let host = TestHost::configured(ALL, &[("privilege", grants)]).await;
    host.run(
        "a/1 online
         a/1 disconnects
         writes.example.org connects
         writes.example.org ← <message><privilege xmlns='urn:xmpp:privilege:2'><perm access='roster' type='set'/></privilege></message>
         quiet.example.org connects
         quiet.example.org ← <message><privilege xmlns='urn:xmpp:privilege:2'><perm access='roster' type='both' push='false'/></privilege></message>
         reads.example.org connects
         reads.example.org ← <message><privilege xmlns='urn:xmpp:privilege:2'><perm access='roster' type='get' push='true'/></privilege></message>
         writes.example.org → <iq from='writes.example.org' to='a@example.org' type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com'/></query></iq>
         writes.example.org ← <iq from='a@example.org' type='result' id='1'/>
         reads.example.org ← <iq from='a@example.org' type='set'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com'/></query></iq>
         writes.example.org ← nothing
         quiet.example.org ← nothing",
    )
    .await;
}

/// §8, rule 1.
#[tokio::test(start_paused = true)]
async fn a_component_that_comes_late_is_told_who_is_there() {
    let host = TestHost::configured(ALL, &[("privilege", GRANTS)]).await;
    host.run(
        "a/1 connects
         a/1 → <presence><show>chat</show></presence>
         b/1 connects
         pubsub.example.org connects
         pubsub.example.org ← <message from='example.org'/>
         pubsub.example.org ← <presence from='a@example.org/1' to='pubsub.example.org'><show>chat</show></presence>
         pubsub.example.org ← nothing
         irc.example.org connects
         irc.example.org ← <message from='example.org'/>
         irc.example.org ← nothing",
    )
    .await;
}

/// §2: the accounts notice nothing.
#[tokio::test(start_paused = true)]
async fn that_a_component_does_not_take_presence_is_kept_from_the_accounts() {
    let host = host().await;
    host.run("a/1 forgets").await;
    let error = |from: &str| {
        format!("<presence from='{from}' to='a@example.org/1' type='error'>{FORBIDDEN}</presence>")
    };
    host.from_component(&error("pubsub.example.org")).await;
    host.run("a/1 ← nothing").await;
    // From others, and from the users of this one, it is an error as any.
    for from in ["irc.example.org", "x@pubsub.example.org"] {
        host.from_component(&error(from)).await;
        host.run(&format!("a/1 ← <presence from='{from}' type='error'/>")).await;
    }
}
