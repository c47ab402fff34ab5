//! The examples of the standards, byte by byte.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{DOMAIN, context, decoy};
use crate::client::{self, Login, Reply};
use crate::scram::{Advertised, ClientFinal, ClientFirst, ClientKeys, Credentials, Hash, Proof};
use crate::server::{self, Account, Context, Policy, Step};
use crate::{BindingType, Channel, ChannelBinding, Mechanism};

/// An exchange of SCRAM as a standard prints it, password "pencil" and user name "user".
struct Vector {
    mechanism: Mechanism,
    client_nonce: &'static str,
    server_nonce: &'static str,
    salt: &'static str,
    messages: [&'static str; 4],
}

/// RFC 5802 §5.
const RFC_5802: Vector = Vector {
    mechanism: Mechanism::SCRAM_SHA_1,
    client_nonce: "fyko+d2lbbFgONRv9qkxdawL",
    server_nonce: "3rfcNHYJY1ZVvWVs7j",
    salt: "QSXCR+Q6sek8bf92",
    messages: [
        "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ],
};

/// RFC 7677 §3.
const RFC_7677: Vector = Vector {
    mechanism: Mechanism::SCRAM_SHA_256,
    client_nonce: "rOprNGfwEbeRWgbNEkqO",
    server_nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
    salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
    messages: [
        "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ],
};

impl Vector {
    fn server(&self, context: Context) -> (server::Exchange, Account) {
        let hash = self.mechanism.hash().unwrap();
        let salt = STANDARD.decode(self.salt).unwrap();
        let account = Account::found("user", Credentials::derive(hash, "pencil", &salt, 4096).unwrap());
        let mut server = server::Exchange::start(self.mechanism, Arc::new(context)).unwrap();
        server.fixed_nonce = Some(self.server_nonce);
        (server, account)
    }

    fn client(&self) -> (client::Exchange, Vec<u8>) {
        let login = Login::password("user", "pencil");
        let advertised = Advertised::new([self.mechanism.name()]);
        let choice = super::choose(self.mechanism, &Channel::plaintext(), &login, &advertised);
        client::Exchange::start_with_nonce(choice, login, self.client_nonce.into()).unwrap()
    }

    fn check(&self) {
        let (mut server, account) = self.server(context(Channel::plaintext()).downgrade_protection(false));
        let (mut client, initial) = self.client();
        assert_eq!(initial, self.messages[0].as_bytes());
        assert!(matches!(server.step(&initial), Step::NeedCredentials(lookup) if lookup.username == "user"));
        let Step::Challenge(challenge) = server.provide(account) else { panic!() };
        assert_eq!(String::from_utf8_lossy(&challenge), self.messages[1]);
        let Reply::Derive(derivation) = client.challenge(&challenge).unwrap() else { panic!() };
        let response = client.derived(derivation.run()).unwrap();
        assert_eq!(String::from_utf8_lossy(&response), self.messages[2]);
        let Step::Done(success) = server.step(&response) else { panic!() };
        assert_eq!(success.data.as_deref(), Some(self.messages[3].as_bytes()));
        assert!(client.success(success.data.as_deref()).unwrap().is_mutual());
    }
}

#[test]
fn the_exchange_of_rfc_5802_section_5_is_reproduced_by_both_roles() {
    RFC_5802.check();
}

#[test]
fn the_exchange_of_rfc_7677_section_3_is_reproduced_by_both_roles() {
    RFC_7677.check();
}

/// XEP-0474 §6.3, with the extension `x` that the example puts into the client's final message.
const XEP_0474: Vector = Vector {
    mechanism: Mechanism::SCRAM_SHA_1_PLUS,
    client_nonce: "12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6",
    server_nonce: "a09117a6-ac50-4f2f-93f1-93799c2bddf6",
    salt: "QSXCR+Q6sek8bf92",
    messages: [
        "p=tls-exporter,,n=user,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6",
        "r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6,s=QSXCR+Q6sek8bf92,i=4096,\
         h=G6k/rBLDqgOhRRaCuuatSDFkJ08=",
        "c=cD10bHMtZXhwb3J0ZXIsLFRISVMgSVMgRkFLRSBDQiBEQVRB,\
         r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6,\
         x=19C6532F-1CF4-4A27-A18D-DC9CEA41BBB3,p=M/SIDjT+dfcxUh89jZEypRvFxB4=",
        "v=MQrMPvv7yv4x4Cq4W4Ih25EqS2c=",
    ],
};

fn xep_0474_channel() -> Channel {
    Channel::tls()
        .with_binding(ChannelBinding::fake(BindingType::TlsExporter, b"THIS IS FAKE CB DATA"))
        .with_binding(ChannelBinding::tls_server_end_point(b"not used").unwrap())
}

fn xep_0474_context() -> Context {
    let policy = Policy::of([Mechanism::SCRAM_SHA_1, Mechanism::SCRAM_SHA_1_PLUS]);
    Context::new(DOMAIN, &policy, xep_0474_channel(), decoy())
}

#[test]
fn the_server_reproduces_the_exchange_of_xep_0474_section_6_3() {
    let (mut server, account) = XEP_0474.server(xep_0474_context());
    let [first, challenge, last, success] = XEP_0474.messages;
    assert!(matches!(server.step(first.as_bytes()), Step::NeedCredentials(_)));
    let Step::Challenge(sent) = server.provide(account) else { panic!() };
    assert_eq!(String::from_utf8_lossy(&sent), challenge);
    let Step::Done(done) = server.step(last.as_bytes()) else { panic!() };
    assert_eq!(done.data.as_deref(), Some(success.as_bytes()));
}

#[test]
fn the_client_accepts_the_hash_and_computes_the_binding_of_xep_0474_section_6_3() {
    let login = Login::password("user", "pencil");
    let choice =
        super::choose(XEP_0474.mechanism, &xep_0474_channel(), &login, xep_0474_context().advertised());
    let (mut client, initial) =
        client::Exchange::start_with_nonce(choice, login, XEP_0474.client_nonce.into()).unwrap();
    assert_eq!(String::from_utf8_lossy(&initial), XEP_0474.messages[0]);
    let Reply::Derive(derivation) = client.challenge(XEP_0474.messages[1].as_bytes()).unwrap() else {
        panic!()
    };
    let response = client.derived(derivation.run()).unwrap();
    let ours = ClientFinal::parse(&response).unwrap();
    let theirs = ClientFinal::parse(XEP_0474.messages[2].as_bytes()).unwrap();
    assert_eq!((ours.binding, ours.nonce), (theirs.binding, theirs.nonce));
}

#[test]
fn the_client_s_computation_gives_the_proof_and_signature_of_xep_0474_section_6_3() {
    let [first, challenge, last, _] = XEP_0474.messages;
    let last = ClientFinal::parse(last.as_bytes()).unwrap();
    let keys =
        ClientKeys::from_prepared(Hash::Sha1, "pencil", &STANDARD.decode(XEP_0474.salt).unwrap(), 4096);
    let proof = Proof {
        hash: Hash::Sha1,
        client_first: ClientFirst::parse(first.as_bytes()).unwrap().bare,
        server_first: challenge,
        client_final: last.without_proof,
    };
    let stored = Hash::Sha1.digest(keys.client_key().as_slice());
    assert_eq!(proof.apply(keys.client_key().clone(), &stored).as_slice(), last.proof);
    let signature = STANDARD.encode(proof.signature(keys.server_key()).as_slice());
    assert_eq!(format!("v={signature}"), XEP_0474.messages[3]);
}
