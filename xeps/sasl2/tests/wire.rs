//! The elements: the XEP's examples, and whatever else comes.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use proptest::prelude::*;
use stonechat_extension::login::{Failed, Offer, Profile as _, Word};
use stonechat_stanza::Element;
use stonechat_xep_sasl2::{Authentication, Data, Extension, Failure, NS, Nonza, Success, UserAgent};

fn read(xml: &str) -> Nonza {
    Nonza::read(&xml.parse().unwrap()).unwrap().unwrap()
}

fn element(xml: &str) -> Element {
    xml.parse().unwrap()
}

/// Example 3.
#[test]
fn an_authentication_request_is_read() {
    let request = "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-1-PLUS'>\
        <initial-response>cD10bHMtZXhwb3J0ZXIsLG49dXNlcixyPTEyQzRDRDVDLUUzOEUtNEE5OC04RjZELTE1QzM4RjUxQ0NDNg==</initial-response>\
        <user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'><software>AwesomeXMPP</software><device>Kiva&apos;s Phone</device></user-agent>\
        </authenticate>";
    let Nonza::Authenticate(authenticate) = read(request) else { panic!() };
    assert_eq!(authenticate.mechanism, "SCRAM-SHA-1-PLUS");
    let initial = authenticate.initial.clone().unwrap();
    assert_eq!(&*initial, b"p=tls-exporter,,n=user,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6");
    let agent = UserAgent {
        id: Some("d4565fa7-4d72-4749-b3d3-740edbf87770".into()),
        software: Some("AwesomeXMPP".into()),
        device: Some("Kiva's Phone".into()),
    };
    assert_eq!(authenticate.user_agent, Some(agent));
    assert_eq!(Nonza::Authenticate(authenticate).to_element(), element(request));
}

/// Example 4: what else the client wants is kept in order, and white space around the data let pass.
#[test]
fn requests_of_other_namespaces_are_kept() {
    let request = "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='BLURDYBLOOP'>
        <initial-response>
          SSBzaG91bGQgbWFrZSB0aGlzIGEgY29tcGV0aXRpb24=
        </initial-response>
        <bind xmlns='urn:xmpp:bind:example'/><x xmlns='urn:x'/></authenticate>";
    let Nonza::Authenticate(authenticate) = read(request) else { panic!() };
    assert_eq!(&*authenticate.initial.unwrap(), b"I should make this a competition");
    let names: Vec<_> = authenticate.requests.iter().map(Element::name).collect();
    assert_eq!(names, ["bind", "x"]);
}

#[test]
fn an_absent_initial_response_is_not_an_empty_one() {
    for (inside, expected) in [("", None), ("<initial-response/>", Some(Data::default()))] {
        let xml = format!("<authenticate xmlns='{NS}' mechanism='X'>{inside}</authenticate>");
        let Nonza::Authenticate(authenticate) = read(&xml) else { panic!() };
        assert_eq!(authenticate.initial, expected);
        assert_eq!(Nonza::Authenticate(authenticate).to_element(), element(&xml));
    }
}

/// Examples 7 and 9.
#[test]
fn a_success_has_the_identity_the_data_and_the_answers() {
    let Nonza::Success(success) = read(
        "<success xmlns='urn:xmpp:sasl:2'><additional-data>\n  dj1tc1ZIcy9CeklPSERxWGVWSDdFbW1EdTlpZDg9\n</additional-data>\
         <authorization-identifier>user@example.org</authorization-identifier>\
         <resumed xmlns='urn:xmpp:sm:3' h='345' previd='124'/></success>",
    ) else {
        panic!()
    };
    assert_eq!(&**success.data.as_ref().unwrap(), b"v=msVHs/BzIOHDqXeVH7EmmDu9id8=");
    assert_eq!(success.identity, "user@example.org");
    assert_eq!(success.answers, [element("<resumed xmlns='urn:xmpp:sm:3' h='345' previd='124'/>")]);
    assert_eq!(read(&String::from(&Nonza::Success(success.clone()).to_element())), Nonza::Success(success));
}

/// Example 10.
#[test]
fn a_failure_has_a_condition_of_the_old_namespace_and_a_text_of_the_new() {
    let Nonza::Failure(failure) = read(
        "<failure xmlns='urn:xmpp:sasl:2'><aborted xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>\
         <optional-application-specific xmlns='urn:something:else'/><text>This is a terrible example.</text></failure>",
    ) else {
        panic!()
    };
    let expected = Failure { text: Some("This is a terrible example.".into()), ..Failure::new("aborted") };
    assert_eq!(failure, expected);
    let failed = Failed::new("aborted").with_text("This is a terrible example.");
    assert_eq!(read(&String::from(&Extension.failure(&failed))), Nonza::Failure(expected));
}

/// Example 2.
#[test]
fn the_feature_lists_mechanisms_and_what_can_be_had_inline() {
    let mechanisms = ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"].map(str::to_owned);
    let offer = Offer { mechanisms: &mechanisms, token_mechanisms: &[], bind_features: &[] };
    let inline = ["<sm xmlns='urn:xmpp:sm:3'/>", "<bind xmlns='urn:xmpp:bind:0'/>"].map(element).to_vec();
    let feature = Extension.feature(&offer, inline.clone());
    let expected = "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-1</mechanism>\
        <mechanism>SCRAM-SHA-1-PLUS</mechanism><inline><sm xmlns='urn:xmpp:sm:3'/><bind xmlns='urn:xmpp:bind:0'/></inline>\
        </authentication>";
    assert_eq!(feature, element(expected));
    assert_eq!(
        Authentication::read(&feature),
        Some(Authentication { mechanisms: mechanisms.to_vec(), inline })
    );
    let alone = Extension.feature(&offer, Vec::new());
    assert!(alone.get_child("inline", NS).is_none());
}

#[test]
fn what_only_a_server_sends_and_unknown_elements_are_not_taken_from_a_client() {
    for name in ["challenge", "success", "failure", "continue", "next", "task-data", "authentication", "x"] {
        let xml = format!("<{name} xmlns='{NS}'/>");
        let taken = Extension.read(&element(&xml));
        assert!(!matches!(taken, Some(Ok(_))), "{name}");
    }
    assert!(Extension.read(&element("<authenticate xmlns='urn:xmpp:sasl:1' mechanism='X'/>")).is_none());
}

#[test]
fn broken_elements_get_the_failure_that_says_so() {
    for (xml, condition) in [
        ("<authenticate xmlns='urn:xmpp:sasl:2'/>", "invalid-mechanism"),
        ("<response xmlns='urn:xmpp:sasl:2'>%</response>", "incorrect-encoding"),
        ("<response xmlns='urn:xmpp:sasl:2'><x/></response>", "malformed-request"),
        (
            "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='X'><initial-response>=</initial-response></authenticate>",
            "incorrect-encoding",
        ),
    ] {
        let Some(Err(failed)) = Extension.read(&element(xml)) else { panic!("{xml}") };
        assert_eq!(failed.condition, condition, "{xml}");
    }
    let abort = "<abort xmlns='urn:xmpp:sasl:2'><text>no</text><x xmlns='urn:x'/></abort>";
    assert!(matches!(Extension.read(&element(abort)), Some(Ok(Word::Abort))));
}

#[test]
fn debug_shows_no_data() {
    let shown = format!("{:?}", read("<response xmlns='urn:xmpp:sasl:2'>c2VjcmV0</response>"));
    assert_eq!(shown, "Response(Data(6 bytes))");
}

proptest! {
    #[test]
    fn what_is_written_reads_back(bytes in prop::collection::vec(any::<u8>(), 0..60), mechanism in "[A-Z0-9-]{1,20}") {
        let success = Success { data: Some(bytes.clone().into()), identity: "a@b/c".into(), answers: Vec::new() };
        for nonza in [
            Nonza::Challenge(bytes.clone().into()),
            Nonza::Response(bytes.clone().into()),
            Nonza::Success(success),
            Nonza::Authenticate(stonechat_xep_sasl2::Authenticate {
                mechanism, initial: Some(bytes.into()), user_agent: Some(UserAgent::default()), requests: Vec::new(),
            }),
        ] {
            prop_assert_eq!(Nonza::read(&nonza.to_element()), Some(Ok(nonza)));
        }
    }

    #[test]
    fn nothing_that_a_client_sends_panics(
        name in "authenticate|response|abort|challenge|x", attribute in ".{0,12}", text in ".{0,40}",
        inner in "initial-response|user-agent|mechanism|y",
    ) {
        let inner = stonechat_stanza::payload::Builder::new(&inner, NS).attr("id", &attribute).text(&text).build();
        let outer = stonechat_stanza::payload::Builder::new(&name, NS).attr("mechanism", &attribute).text(&text);
        let _ = Extension.read(&outer.clone().build());
        let _ = Extension.read(&outer.child(inner).build());
    }
}
