//! The dialogue of RFC 6120 §9.1, byte for byte what the RFC has, against each side. Left out are the line
//! breaks inside of base64, which the RFC has "for the sake of readability" (§6.3.5).

use bytes::BytesMut;
use stonechat_stanza::Element;

use super::*;
use crate::codec::{Content, Decoder, Limits};
use crate::negotiation::{client, server};

const CLIENT_HEADER: &str = "<stream:stream
     from='juliet@im.example.com'
     to='im.example.com'
     version='1.0'
     xml:lang='en'
     xmlns='jabber:client'
     xmlns:stream='http://etherx.jabber.org/streams'>";
const TLS_FEATURES: &str = "<stream:features>
     <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>
       <required/>
     </starttls>
   </stream:features>";
const CLIENT_STARTTLS: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const PROCEED: &str = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const SASL_FEATURES: &str = "<stream:features>
     <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>
       <mechanism>SCRAM-SHA-1-PLUS</mechanism>
       <mechanism>SCRAM-SHA-1</mechanism>
       <mechanism>PLAIN</mechanism>
     </mechanisms>
   </stream:features>";
const AUTH: &str = "<auth xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"
         mechanism=\"SCRAM-SHA-1\">biwsbj1qdWxpZXQscj1vTXNUQUF3QUFBQU1BQUFBTlAwVEFBQUFBQUJQVTBBQQ==</auth>";
const CHALLENGE: &str = "<challenge xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\">cj1vTXNUQUF3QUFBQU1BQUFBTlAwVEFBQUFBQUJQVTBBQWUxMjQ2OTViLTY5YTktNGRlNi05YzMwLWI1MWIzODA4YzU5ZSxzPU5qaGtZVE0wTURndE5HWTBaaTAwTmpkbUxUa3hNbVV0TkRsbU5UTm1ORE5rTURNeixpPTQwOTY=</challenge>";
const CLIENT_RESPONSE: &str = "<response xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\">Yz1iaXdzLHI9b01zVEFBd0FBQUFNQUFBQU5QMFRBQUFBQUFCUFUwQUFlMTI0Njk1Yi02OWE5LTRkZTYtOWMzMC1iNTFiMzgwOGM1OWUscD1VQTU3dE0vU3ZwQVRCa0gyRlhzMFdEWHZKWXc9</response>";
const SUCCESS: &str =
    "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>dj1wTk5ERlZFUXh1WHhDb1NFaVc4R0VaKzFSU289</success>";
const BIND_FEATURES: &str = "<stream:features>
     <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>
   </stream:features>";
const CLIENT_BIND: &str = "<iq id='yhc13a95' type='set'>
     <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>
       <resource>balcony</resource>
     </bind>
   </iq>";
const BIND_RESULT: &str = "<iq id='yhc13a95' type='result'>
     <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>
       <jid>
         juliet@im.example.com/balcony
       </jid>
     </bind>
   </iq>";

// The same in clear text (§9.1.2).
const CLIENT_FIRST: &[u8] = b"n,,n=juliet,r=oMsTAAwAAAAMAAAANP0TAAAAAABPU0AA";
const SERVER_FIRST: &[u8] = b"r=oMsTAAwAAAAMAAAANP0TAAAAAABPU0AAe124695b-69a9-4de6-9c30-b51b3808c59e,\
                              s=NjhkYTM0MDgtNGY0Zi00NjdmLTkxMmUtNDlmNTNmNDNkMDMz,i=4096";
const CLIENT_FINAL: &[u8] =
    b"c=biws,r=oMsTAAwAAAAMAAAANP0TAAAAAABPU0AAe124695b-69a9-4de6-9c30-b51b3808c59e,p=UA57tM/SvpATBkH2FXs0WDXvJYw=";
const SERVER_FINAL: &[u8] = b"v=pNNDFVEQxuXxCoSEiW8GEZ+1RSo=";

fn server_header(id: &str) -> String {
    format!(
        "<stream:stream
     from='im.example.com'
     id='{id}'
     to='juliet@im.example.com'
     version='1.0'
     xml:lang='en'
     xmlns='jabber:client'
     xmlns:stream='http://etherx.jabber.org/streams'>"
    )
}

/// A frame in a form that does not depend on quotes, order of attributes or white space.
fn canonical(frame: &Frame) -> String {
    match frame {
        Frame::Open(header) => {
            let version = header.version.map(|version| version.to_string());
            format!(
                "open {:?} {:?} {version:?} {:?} {}",
                header.to, header.from, header.lang, header.content_ns
            )
        }
        Frame::Stanza(stanza) => canonical_element(&stanza.to_element()),
        Frame::Nonza(nonza) => canonical_element(&nonza.element().unwrap()),
        Frame::Close => "close".to_owned(),
    }
}

fn canonical_element(element: &Element) -> String {
    let mut attributes: Vec<_> =
        element.attrs().iter().map(|((_, name), value)| format!(" {name}={value}")).collect();
    attributes.retain(|attribute| !attribute.starts_with(" lang="));
    attributes.sort();
    let children: String = element.children().map(canonical_element).collect();
    format!(
        "<{{{}}}{}{}>{}{children}</>",
        element.ns(),
        element.name(),
        attributes.concat(),
        element.text().trim()
    )
}

fn decoder() -> Decoder {
    Decoder::new(Framing::Tcp, Content::Client, Limits::authenticated())
}

fn frames(decoder: &mut Decoder, xml: &[u8]) -> Vec<Frame> {
    let mut buffer = BytesMut::from(xml);
    let frames = std::iter::from_fn(|| decoder.decode(&mut buffer).expect("well-formed XML")).collect();
    assert!(buffer.is_empty());
    frames
}

#[test]
fn the_server_speaks_as_the_rfc_has_it() {
    let mut stream = server::Negotiation::new(server::Config {
        legacy_session: false,
        ..server::Config::new(Framing::Tcp)
    });
    let (mut client, mut server) = (decoder(), decoder());
    let mut established = None;
    let tls = |id: &str| [server_header(id), TLS_FEATURES.to_owned()].concat();
    let script: [(&str, String); 8] = [
        (CLIENT_HEADER, tls("t7AMCin9zjMNwQKDnplntZPIDEI=")),
        (CLIENT_STARTTLS, PROCEED.to_owned()),
        (CLIENT_HEADER, server_header("vgKi/bkYME8OAj4rlXMkpucAqe4=") + SASL_FEATURES),
        (AUTH, CHALLENGE.to_owned()),
        (CLIENT_RESPONSE, SUCCESS.to_owned()),
        (CLIENT_HEADER, server_header("gPybzaOzBmaADgxKXu9UClbprp0=") + BIND_FEATURES),
        (CLIENT_BIND, BIND_RESULT.to_owned()),
        ("", String::new()),
    ];
    for (from_client, from_server) in script {
        for frame in frames(&mut client, from_client.as_bytes()) {
            stream.frame(frame, 0);
        }
        let (mut sent, mut restart) = (Vec::new(), false);
        while let Some(action) = stream.next_action() {
            match action {
                server::Action::Send(bytes) => sent.extend(bytes),
                server::Action::HostWanted(_) => {
                    stream.host(Some(server::Host::new(["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN"])));
                }
                server::Action::StartTls => {
                    stream.tls_established();
                    restart = true;
                }
                server::Action::Authenticate { mechanism, initial } => {
                    assert_eq!((mechanism.as_str(), initial.as_deref()), ("SCRAM-SHA-1", Some(CLIENT_FIRST)));
                    stream.challenge(SERVER_FIRST);
                }
                server::Action::Respond(data) => {
                    assert_eq!(&*data, CLIENT_FINAL);
                    stream.success(juliet(), Some(SERVER_FINAL));
                }
                server::Action::Restart => restart = true,
                server::Action::Bind { resource } => {
                    assert_eq!(resource.as_deref(), Some("balcony"));
                    stream.bound(balcony());
                }
                server::Action::Established(jid) => established = Some(jid),
                other => panic!("{other:?}"),
            }
        }
        let said: Vec<_> = frames(&mut server, &sent).iter().map(canonical).collect();
        // The same decoder state is needed for the RFC's words.
        let mut rfc = decoder();
        if !from_server.starts_with("<stream:stream") {
            frames(&mut rfc, CLIENT_HEADER.as_bytes());
        }
        let expected: Vec<_> = frames(&mut rfc, from_server.as_bytes()).iter().map(canonical).collect();
        assert_eq!(said, expected);
        if restart {
            client.reset();
            server.reset();
        }
    }
    assert_eq!(established, Some(balcony()));
}

#[test]
fn the_client_understands_the_server_of_the_rfc() {
    let mut stream = client::Negotiation::new(client::Config {
        lang: Some("en".to_owned()),
        ..client::Config::new(&juliet())
    });
    let (mut client, mut server) = (decoder(), decoder());
    let mut said: Vec<String> = Vec::new();
    let script: [String; 8] = [
        String::new(),
        server_header("t7AMCin9zjMNwQKDnplntZPIDEI=") + TLS_FEATURES,
        PROCEED.to_owned(),
        server_header("vgKi/bkYME8OAj4rlXMkpucAqe4=") + SASL_FEATURES,
        CHALLENGE.to_owned(),
        SUCCESS.to_owned(),
        server_header("gPybzaOzBmaADgxKXu9UClbprp0=") + BIND_FEATURES,
        // The identifier of the request is the client's choice.
        BIND_RESULT.replace("yhc13a95", "bind-1"),
    ];
    let mut established = None;
    for from_server in &script {
        for frame in frames(&mut server, from_server.as_bytes()) {
            stream.frame(frame, 0);
        }
        while let Some(action) = stream.next_action() {
            match action {
                client::Action::Send(bytes) => said.extend(frames(&mut client, &bytes).iter().map(canonical)),
                client::Action::StartTls => {
                    (client, server) = (decoder(), decoder());
                    stream.tls_established();
                }
                client::Action::Authenticate(_) => stream.authenticate("SCRAM-SHA-1", Some(CLIENT_FIRST)),
                client::Action::Challenge(data) => {
                    assert_eq!(&*data, SERVER_FIRST);
                    stream.respond(CLIENT_FINAL);
                }
                client::Action::Success(data) => {
                    assert_eq!(data.as_deref(), Some(SERVER_FINAL));
                    stream.accept();
                }
                client::Action::Restart => (client, server) = (decoder(), decoder()),
                client::Action::Authenticated(_) => stream.bind(Some("balcony")),
                client::Action::Established(jid) => established = Some(jid),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(established, Some(balcony()));
    let header = frames(&mut decoder(), CLIENT_HEADER.as_bytes()).iter().map(canonical).collect::<String>();
    // Before TLS the user stays unnamed (§4.7.1).
    let first = header.replace("Some(\"juliet@im.example.com\")", "None");
    let in_stream = |xml: &str| canonical(&read(xml));
    let expected = [
        first,
        in_stream(CLIENT_STARTTLS),
        header.clone(),
        in_stream(AUTH),
        in_stream(CLIENT_RESPONSE),
        header,
        in_stream(CLIENT_BIND).replace("yhc13a95", "bind-1"),
    ];
    assert_eq!(said, expected);
}
