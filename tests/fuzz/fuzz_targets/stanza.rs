//! One stanza: what was accepted can be written, read back, taken apart and changed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stonechat_stanza::{Stanza, StanzaError, ns};

fuzz_target!(|data: &[u8]| {
    let Ok(stanza) = Stanza::parse(data) else { return };
    let mut written = Vec::new();
    stanza.write(&mut written);
    assert_eq!(written.len(), stanza.wire_len());
    let again = Stanza::parse(&written).expect("what was written is a stanza");
    assert_eq!(again.to_element(), stanza.to_element());
    assert_eq!(again.to_string(), stanza.to_string());
    assert_eq!(again.children().count(), stanza.children().count());

    let tree = Stanza::from_element(&stanza.to_element()).expect("the tree of a stanza is a stanza");
    assert_eq!(tree.to_element(), stanza.to_element());
    for child in stanza.children() {
        assert!(child.element().expect("children were scanned").is(child.name(), child.ns()));
    }
    let _ = stanza.get::<StanzaError>();
    if let Some(answer) = stanza.error_reply(&StanzaError::bad_request()) {
        assert!(Stanza::parse(answer.to_string().as_bytes()).is_ok());
    }

    let mut changed = stanza.clone();
    let mut keep = false;
    changed.retain(|_| {
        keep = !keep;
        keep
    });
    for child in stanza.children() {
        changed.push_child(&child);
    }
    changed.remove(ns::CLIENT, "body");
    assert!(!changed.has(ns::CLIENT, "body"));
    assert_eq!(
        Stanza::parse(changed.to_string().as_bytes()).expect("still a stanza").to_element(),
        changed.to_element()
    );
});
