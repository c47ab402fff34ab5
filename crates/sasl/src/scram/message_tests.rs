use proptest::prelude::*;

use super::*;

fn client_first(text: &str) -> Result<ClientFirst<'_>> {
    ClientFirst::parse(text.as_bytes())
}

fn server_first(text: &str) -> Result<ServerFirst<'_>> {
    ServerFirst::parse(text.as_bytes())
}

fn client_final(text: &str) -> Result<ClientFinal<'_>> {
    ClientFinal::parse(text.as_bytes())
}

#[test]
fn a_first_message_is_taken_apart_as_it_was_sent() {
    let message = client_first("p=tls-exporter,a=ju=2Cliet@=3D,n=ro=3Dmeo,r=abc,x=1,z=a=b").unwrap();
    assert_eq!(message.flag, Flag::Used("tls-exporter"));
    assert_eq!(message.authzid.as_deref(), Some("ju,liet@="));
    assert_eq!(message.username, "ro=meo");
    assert_eq!(message.nonce, "abc");
    assert_eq!(message.header, "p=tls-exporter,a=ju=2Cliet@=3D,");
    assert_eq!(message.bare, "n=ro=3Dmeo,r=abc,x=1,z=a=b");
}

#[test]
fn a_gs2_header_that_is_not_in_the_grammar_is_refused() {
    for header in [
        "", "n", "n,", ",,", "N,,", "x,,", "p,,", "p=,,", "p=a_b,,", "p=a b,,", "n,b=x,", "n,a=,", "n,x,",
        "nn,,",
    ] {
        assert_eq!(
            client_first(&format!("{header}n=u,r=x")).unwrap_err(),
            SyntaxError::Gs2Header,
            "{header:?}"
        );
    }
}

#[test]
fn an_equals_sign_in_a_name_has_to_be_escaped_in_upper_case() {
    for name in ["a=b", "a=", "a=2", "a=2c", "a=3d", "=3E", "=2C="] {
        assert_eq!(client_first(&format!("n,,n={name},r=x")).unwrap_err(), SyntaxError::Name, "{name:?}");
        assert_eq!(client_first(&format!("n,a={name},n=u,r=x")).unwrap_err(), SyntaxError::Name, "{name:?}");
    }
}

#[test]
fn a_mandatory_extension_is_refused_wherever_it_stands() {
    for message in ["n,,m=x,n=u,r=x", "n,,n=u,m=x,r=x", "n,,n=u,r=x,m=x", "n,,n=u,r=x,y=1,m=x"] {
        assert_eq!(client_first(message).unwrap_err(), SyntaxError::MandatoryExtension, "{message}");
    }
    for message in ["m=x,r=n,s=c2FsdA==,i=1", "r=n,s=c2FsdA==,i=1,m=x"] {
        assert_eq!(server_first(message).unwrap_err(), SyntaxError::MandatoryExtension, "{message}");
    }
    assert_eq!(client_final("c=biws,r=n,m=x,p=AA==").unwrap_err(), SyntaxError::MandatoryExtension);
    assert_eq!(client_final("m=x,c=biws,r=n,p=AA==").unwrap_err(), SyntaxError::MandatoryExtension);
    assert_eq!(ServerFinal::parse(b"m=x,v=AA==").unwrap_err(), SyntaxError::MandatoryExtension);
    assert_eq!(ServerFinal::parse(b"v=AA==,m=x").unwrap_err(), SyntaxError::MandatoryExtension);
}

#[test]
fn attributes_out_of_place_missing_or_twice_are_refused() {
    assert_eq!(client_first("n,,r=x,n=u").unwrap_err(), SyntaxError::Expected('n'));
    assert_eq!(client_first("n,,n=u").unwrap_err(), SyntaxError::Expected('r'));
    assert_eq!(client_first("n,,n=u,r=x,r=y").unwrap_err(), SyntaxError::Unexpected('r'));
    assert_eq!(client_first("n,,n=u,r=x,n=v").unwrap_err(), SyntaxError::Unexpected('n'));
    assert_eq!(server_first("r=n,i=1,s=AA==").unwrap_err(), SyntaxError::Expected('s'));
    assert_eq!(server_first("r=n,s=AA==").unwrap_err(), SyntaxError::Expected('i'));
    assert_eq!(server_first("r=n,s=AA==,i=1,h=AA==,h=AB==").unwrap_err(), SyntaxError::Unexpected('h'));
    assert_eq!(client_final("c=biws,r=n").unwrap_err(), SyntaxError::Expected('p'));
    assert_eq!(client_final("c=biws,p=AA==,r=n").unwrap_err(), SyntaxError::Expected('p'));
    assert_eq!(client_final("c=biws,r=n,p=AA==,p=AA==").unwrap_err(), SyntaxError::Unexpected('p'));
    assert_eq!(client_final("r=n,c=biws,p=AA==").unwrap_err(), SyntaxError::Expected('c'));
    assert_eq!(ServerFinal::parse(b"v=AA==,e=other-error").unwrap_err(), SyntaxError::Unexpected('e'));
    assert_eq!(ServerFinal::parse(b"x=AA==").unwrap_err(), SyntaxError::Expected('v'));
}

#[test]
fn an_attribute_is_one_letter_an_equals_sign_and_a_value() {
    for tail in ["x", "x=", "=x", "xx=1", "1=x", "", "\u{E4}=x", "x=1,"] {
        assert_eq!(
            client_first(&format!("n,,n=u,r=x,{tail}")).unwrap_err(),
            SyntaxError::Attribute,
            "{tail:?}"
        );
    }
    assert_eq!(client_first("n,,n=,r=x").unwrap_err(), SyntaxError::Attribute);
    assert_eq!(client_first("n,,n=u,r=").unwrap_err(), SyntaxError::Attribute);
    assert_eq!(client_first("n,,n=u\0,r=x").unwrap_err(), SyntaxError::Attribute);
    assert_eq!(ClientFirst::parse(b"n,,n=\xFF,r=x").unwrap_err(), SyntaxError::Utf8);
}

#[test]
fn a_nonce_is_printable_ascii() {
    for nonce in [" ", "a b", "\u{E4}", "a\u{7F}"] {
        assert_eq!(client_first(&format!("n,,n=u,r={nonce}")).unwrap_err(), SyntaxError::Nonce, "{nonce:?}");
    }
}

#[test]
fn an_iteration_count_is_a_positive_number_without_leading_zeros() {
    for count in ["0", "04096", "-1", "+4096", " 4096", "4096 ", "4e3", "4294967296", "99999999999999999999"]
    {
        let message = format!("r=n,s=AA==,i={count}");
        assert_eq!(server_first(&message).unwrap_err(), SyntaxError::Iterations, "{count:?}");
    }
}

#[test]
fn base64_is_taken_strictly() {
    for value in ["A", "AA", "AB==", "AA=", "A A=", "====", "-_=="] {
        assert_eq!(
            server_first(&format!("r=n,s={value},i=1")).unwrap_err(),
            SyntaxError::Base64,
            "{value:?}"
        );
        assert_eq!(client_final(&format!("c={value},r=n,p=AA==")).unwrap_err(), SyntaxError::Base64);
        assert_eq!(client_final(&format!("c=biws,r=n,p={value}")).unwrap_err(), SyntaxError::Base64);
        assert_eq!(ServerFinal::parse(format!("v={value}").as_bytes()).unwrap_err(), SyntaxError::Base64);
    }
}

#[test]
fn unknown_extensions_are_passed_over_and_h_is_found_among_them() {
    let message = server_first("r=n,s=AA==,i=1,x=1,h=AA==,y=2").unwrap();
    assert_eq!(message.advertised, Some("AA=="));
    assert_eq!(client_final("c=biws,r=n,x=1,p=AA==").unwrap().without_proof, "c=biws,r=n,x=1");
}

proptest! {
    #[test]
    fn escaped_names_read_back(name in any::<String>()) {
        let escaped = escape(&name);
        prop_assert!(!escaped.contains(','));
        prop_assert_eq!(unescape(&escaped), Ok(name));
    }

    #[test]
    fn written_messages_read_back(
        nonce in "[!-+\\--~]{1,40}",
        salt in prop::collection::vec(any::<u8>(), 1..40),
        iterations in 1_u32..,
        proof in prop::collection::vec(any::<u8>(), 1..64),
    ) {
        let first = ServerFirst::write(&nonce, &salt, iterations, Some("AA=="));
        let parsed = server_first(&first).unwrap();
        prop_assert_eq!((parsed.nonce, parsed.iterations, parsed.advertised), (&*nonce, iterations, Some("AA==")));
        prop_assert_eq!(&parsed.salt, &salt);
        let without = ClientFinal::without_proof(&salt, &nonce);
        let last = ClientFinal::write(&without, &proof);
        let parsed = client_final(&last).unwrap();
        prop_assert_eq!((parsed.binding, parsed.nonce, parsed.proof, parsed.without_proof), (salt, &*nonce, proof, &*without));
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = ClientFirst::parse(&bytes);
        let _ = ServerFirst::parse(&bytes);
        let _ = ClientFinal::parse(&bytes);
        let _ = ServerFinal::parse(&bytes);
    }

    #[test]
    fn no_text_of_attributes_makes_a_parser_panic(text in "[nypaerscivmhx=,2CD3AZ\u{E4}]{0,60}") {
        let _ = client_first(&text);
        let _ = server_first(&text);
        let _ = client_final(&text);
        let _ = ServerFinal::parse(text.as_bytes());
    }
}
