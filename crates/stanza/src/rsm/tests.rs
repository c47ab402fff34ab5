use proptest::option::of;
use proptest::prelude::*;

use super::*;
use crate::error::StanzaError;
use crate::test_trees::{any_element, text};

fn request(children: &str) -> Result<Request, ParseError> {
    let xml = format!("<set xmlns='http://jabber.org/protocol/rsm'>{children}</set>");
    Request::parse(&xml.parse().expect("test XML is well-formed"))
}

/// XEP-0059 examples 1, 5, 8, 11, 12 and 15.
#[test]
fn the_requests_of_the_examples_parse() {
    assert_eq!(request("<max>10</max>"), Ok(Request::first(10)));
    let after = "<max>10</max><after>peterpan@neverland.lit</after>";
    assert_eq!(request(after), Ok(Request::after("peterpan@neverland.lit", 10)));
    let before = "<max>10</max><before>peter@pixyland.org</before>";
    assert_eq!(request(before), Ok(Request::before("peter@pixyland.org", 10)));
    assert_eq!(request("<max>10</max><before/>"), Ok(Request::last(10)));
    assert_eq!(request("<max>10</max><index>371</index>"), Ok(Request::at(371, 10)));
    assert_eq!(request("<max>0</max>"), Ok(Request::count()));
}

/// XEP-0059 examples 4 and 16.
#[test]
fn the_responses_of_the_examples_parse() {
    let element: Element = "<set xmlns='http://jabber.org/protocol/rsm'>
          <first index='0'>stpeter@jabber.org</first>
          <last>peterpan@neverland.lit</last>
          <count>800</count>
        </set>"
        .parse()
        .unwrap();
    let response = Response::parse(&element).unwrap();
    assert_eq!(response.first, Some(First { uid: "stpeter@jabber.org".into(), index: Some(0) }));
    assert_eq!(response.last.as_deref(), Some("peterpan@neverland.lit"));
    assert_eq!(response.count, Some(800));
    let element: Element =
        "<set xmlns='http://jabber.org/protocol/rsm'><count>800</count></set>".parse().unwrap();
    assert_eq!(Response::parse(&element), Ok(Response { count: Some(800), ..Response::default() }));
}

#[test]
fn numbers_must_be_numbers() {
    for children in ["<max>-1</max>", "<max/>", "<index>ten</index>", "<max>4294967296</max>"] {
        assert_eq!(StanzaError::from(request(children).unwrap_err()).condition.as_str(), "bad-request");
    }
}

fn shown(request: &Request, limit: usize) -> Result<(String, bool), StanzaError> {
    let items = ["a", "b", "c", "d", "e", "f", "g"];
    let page = page(&items, request, limit, |item| item)?;
    Ok((items[page.range].concat(), page.complete))
}

#[test]
fn pages_follow_and_precede_each_other() {
    assert_eq!(shown(&Request::first(3), 100), Ok(("abc".into(), false)));
    assert_eq!(shown(&Request::after("c", 3), 100), Ok(("def".into(), false)));
    assert_eq!(shown(&Request::after("f", 3), 100), Ok(("g".into(), true)));
    assert_eq!(shown(&Request::after("g", 3), 100), Ok(("".into(), true)));
    assert_eq!(shown(&Request::last(3), 100), Ok(("efg".into(), false)));
    assert_eq!(shown(&Request::before("e", 3), 100), Ok(("bcd".into(), false)));
    assert_eq!(shown(&Request::before("b", 3), 100), Ok(("a".into(), true)));
    assert_eq!(shown(&Request::at(2, 2), 100), Ok(("cd".into(), false)));
    assert_eq!(shown(&Request::at(70, 2), 100), Ok(("".into(), true)));
    assert_eq!(shown(&Request::default(), 2), Ok(("ab".into(), false)));
    assert_eq!(shown(&Request::first(50), 2), Ok(("ab".into(), false)));
    assert_eq!(shown(&Request::default(), 100), Ok(("abcdefg".into(), true)));
}

#[test]
fn a_count_comes_without_items() {
    let page = page(&["a", "b"], &Request::count(), 100, |item| item).unwrap();
    assert_eq!(page.response, Response { count: Some(2), ..Response::default() });
}

#[test]
fn an_unknown_item_is_not_found() {
    assert_eq!(shown(&Request::after("z", 3), 100), Err(StanzaError::item_not_found()));
    assert_eq!(shown(&Request::before("z", 3), 100), Err(StanzaError::item_not_found()));
}

prop_compose! {
    fn any_request()(max in any::<Option<u32>>(), after in of(text()),
                     before in of(text()), index in any::<Option<u32>>()) -> Request {
        Request { max, after, before, index }
    }
}

proptest! {
    #[test]
    fn requests_survive_a_round_trip(request in any_request()) {
        prop_assert_eq!(Request::parse(&request.to_element()), Ok(request));
    }

    #[test]
    fn responses_survive_a_round_trip(uid in of((text(), any::<Option<u32>>())),
                                      last in of(text()), count in any::<Option<u32>>()) {
        let response = Response { first: uid.map(|(uid, index)| First { uid, index }), last, count };
        prop_assert_eq!(Response::parse(&response.to_element()), Ok(response));
    }

    #[test]
    fn paging_forwards_shows_each_item_once(count in 0_usize..40, size in 1_u32..10) {
        let items: Vec<String> = (0..count).map(|item| item.to_string()).collect();
        let (mut seen, mut request) = (Vec::new(), Request::first(size));
        for _ in 0..=count {
            let page = page(&items, &request, 100, String::as_str).expect("only known items");
            seen.extend_from_slice(&items[page.range]);
            match page.response.last {
                Some(last) if !page.complete => request = Request::after(last, size),
                _ => break,
            }
        }
        prop_assert_eq!(seen, items);
    }

    #[test]
    fn no_request_makes_paging_panic(request in any_request(), limit in 0_usize..9) {
        let items: Vec<String> = ["", " ", "a"].map(String::from).into();
        if let Ok(page) = page(&items, &request, limit, String::as_str) {
            prop_assert!(page.range.len() <= limit);
        }
    }

    #[test]
    fn no_element_makes_a_parser_panic(
        element in any_element(ns::RSM, &["set", "first", "last", "max", "count", "after"], &["index"]),
    ) {
        let _ = (Request::parse(&element), Response::parse(&element));
    }
}
