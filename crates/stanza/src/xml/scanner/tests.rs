use super::super::{Content, Error, Limit, Limits, Restricted, Scope, Syntax};
use super::Scanner;
use crate::ns;

fn scope() -> Scope {
    let mut scope = Scope::stream(Content::Client);
    scope.bind("stream", ns::STREAM);
    scope
}

fn scan_with(xml: &[u8], limits: Limits) -> Result<Option<usize>, Error> {
    let whole = Scanner::new(limits).scan(xml, &scope());
    let mut scanner = Scanner::new(limits);
    let cut =
        (0..=xml.len()).map(|end| scanner.scan(&xml[..end], &scope())).find(|result| *result != Ok(None));
    assert_eq!(cut.unwrap_or(Ok(None)), whole, "byte by byte: {}", xml.escape_ascii());
    whole
}

fn scan(xml: &str) -> Result<Option<usize>, Error> {
    scan_with(xml.as_bytes(), Limits::authenticated())
}

#[test]
fn well_formed_elements_are_complete() {
    for xml in [
        "<a/>",
        "<a></a>",
        "<a\t\r\n b\n=\n'1'\tc=\"2'\" />",
        "<a></a \n>",
        "<é ü='ö'>日本</é>",
        "<a b='>'>></a>",
        "<a>]] ]>]&gt;]]</a>",
        "<a><![CDATA[]]]]><![CDATA[>&<]]></a>",
        "<a><![CDATA[>]></a>]]]></a>",
        "<a b='&#x9;&#10;&amp;&#x10FFFF;'>&lt;&#0065;</a>",
        "<stream:a stream:b='1' b='2' xml:lang='en' xml:x=''/>",
        "<a xmlns:p='u' p:b=''><p:c xmlns:p='v'/><p:d/></a>",
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xmlns=''/>",
        "<a-b.c_1:d xmlns:a-b.c_1='u'/>",
        "<a>\u{FEFF}\u{7F}\u{85}</a>",
    ] {
        assert_eq!(scan(xml), Ok(Some(xml.len())), "{xml}");
        assert_eq!(scan(&format!("{xml}<b")), Ok(Some(xml.len())), "{xml}");
        let cut = xml.char_indices().next_back().unwrap().0;
        assert_eq!(scan(&xml[..cut]), Ok(None), "{xml}");
    }
}

#[test]
fn broken_syntax_is_refused() {
    for (xml, syntax) in [
        ("a", Syntax::TextOutside),
        ("< a/>", Syntax::Name),
        ("<1/>", Syntax::Name),
        ("<:a/>", Syntax::Name),
        ("<a:/>", Syntax::Name),
        ("<a:b:c/>", Syntax::Name),
        ("<stream:1/>", Syntax::Name),
        ("<\u{D7}/>", Syntax::Name),
        ("<\u{B7}/>", Syntax::Name),
        ("<a\u{D7}/>", Syntax::Name),
        ("<a 1='2'/>", Syntax::Tag),
        ("<a b/>", Syntax::Tag),
        ("<a b=c/>", Syntax::Tag),
        ("<a b='c'd='e'/>", Syntax::Tag),
        ("<a'/>", Syntax::Tag),
        ("<a / >", Syntax::Tag),
        ("<a b='<'/>", Syntax::AttributeValue),
        ("<a b='1' b='2'/>", Syntax::DuplicateAttribute),
        ("<a xmlns='u' xmlns='u'/>", Syntax::DuplicateAttribute),
        ("<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", Syntax::DuplicateAttribute),
        ("<a xmlns:p='&#117;' xmlns:q='u' p:b='1' q:b='2'/>", Syntax::DuplicateAttribute),
        ("<a></b>", Syntax::EndTag),
        ("<a></ab>", Syntax::EndTag),
        ("<ab></a>", Syntax::EndTag),
        ("<a></ a>", Syntax::EndTag),
        ("<a></a b='1'>", Syntax::EndTag),
        ("<p:a xmlns:p='u' xmlns:q='u'></q:a>", Syntax::EndTag),
        ("</a>", Syntax::EndTag),
        ("<a>]]></a>", Syntax::CdataEnd),
        ("<a><![CDATA[x]]>]]></a>", Syntax::CdataEnd),
        ("<a>& </a>", Syntax::Reference),
        ("<a>&;</a>", Syntax::Reference),
        ("<a>&#;</a>", Syntax::Reference),
        ("<a>&#xD800;</a>", Syntax::Reference),
        ("<a>&#0;</a>", Syntax::Reference),
        ("<a b='&#xFFFF;'/>", Syntax::Reference),
        ("<a>&1;</a>", Syntax::Reference),
        ("<p:a/>", Syntax::UndeclaredPrefix),
        ("<a p:b=''/>", Syntax::UndeclaredPrefix),
        ("<a><b xmlns:p='u'/><p:c/></a>", Syntax::UndeclaredPrefix),
        ("<xmlns:a/>", Syntax::UndeclaredPrefix),
        ("<a xmlns:p=''/>", Syntax::Declaration),
        ("<a xmlns:xml='u'/>", Syntax::Declaration),
        ("<a xmlns:xmlns='u'/>", Syntax::Declaration),
        ("<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", Syntax::Declaration),
        ("<a xmlns='http://www.w3.org/2000/xmlns/'/>", Syntax::Declaration),
        ("<a xmlns:p='http://www.w3.org/2000&#x2F;xmlns/'/>", Syntax::Declaration),
        ("<a>\u{0}</a>", Syntax::Character),
        ("<a b='\u{1F}'/>", Syntax::Character),
        ("<a>\u{FFFE}</a>", Syntax::Character),
        ("<a>\u{FFFF}</a>", Syntax::Character),
        ("<a><!></a>", Syntax::Markup),
        ("<a><![cdata[]]></a>", Syntax::Markup),
        ("<![CDATA[]]>", Syntax::Markup),
    ] {
        assert_eq!(scan(xml), Err(syntax.into()), "{xml}");
    }
}

#[test]
fn restricted_xml_is_refused() {
    for (xml, what) in [
        ("<!-- a --><b/>", Restricted::Comment),
        ("<a><!-- b --></a>", Restricted::Comment),
        ("<a><?b?></a>", Restricted::ProcessingInstruction),
        ("<?xml version='1.0'?><a/>", Restricted::ProcessingInstruction),
        ("<!DOCTYPE a>", Restricted::Doctype),
        ("<a><!ENTITY b 'c'></a>", Restricted::Doctype),
        ("<a>&nbsp;</a>", Restricted::Entity),
        ("<a b='&lol9;'/>", Restricted::Entity),
        ("<a>&\u{E9}.-\u{B7};</a>", Restricted::Entity),
    ] {
        assert_eq!(scan(xml), Err(what.into()), "{xml}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    for bytes in [
        &b"\xff"[..],
        b"\xc0\x80",
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\x80",
    ] {
        let text = [b"<a>", bytes, b"</a>"].concat();
        assert_eq!(
            scan_with(&text, Limits::authenticated()),
            Err(Error::Encoding),
            "{}",
            bytes.escape_ascii()
        );
        let value = [b"<a b='", bytes, b"'/>"].concat();
        assert_eq!(
            scan_with(&value, Limits::authenticated()),
            Err(Error::Encoding),
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn every_limit_holds_exactly() {
    let limits = Limits { bytes: 60, depth: 3, elements: 4, attributes: 2, bindings: 2, name: 7 };
    let fits = |xml: &str| assert_eq!(scan_with(xml.as_bytes(), limits), Ok(Some(xml.len())), "{xml}");
    let exceeds = |xml: &str, limit: Limit| {
        assert_eq!(scan_with(xml.as_bytes(), limits), Err(limit.into()), "{xml}");
    };
    fits(&format!("<a>{}</a>", "x".repeat(53)));
    exceeds(&format!("<a>{}</a>", "x".repeat(54)), Limit::Bytes);
    exceeds(&format!("<a>{}", "x".repeat(57)), Limit::Bytes);
    fits("<a><b><c/></b></a>");
    exceeds("<a><b><c><d/></c></b></a>", Limit::Depth);
    fits("<a><b/><b/><b/></a>");
    exceeds("<a><b/><b/><b/><b/></a>", Limit::Elements);
    fits("<a b='' c=''/>");
    exceeds("<a b='' c='' d=''/>", Limit::Attributes);
    fits("<a xmlns='u'><b xmlns='v'/><b xmlns='w'/></a>");
    exceeds("<a xmlns='u'><b xmlns='v' xmlns:p='w'/></a>", Limit::Bindings);
    fits("<abcdefg hijklmn=''/>");
    exceeds("<abcdefgh/>", Limit::Name);
    exceeds("<a bcdefghi", Limit::Name);
    exceeds("<abcd:efg/>", Limit::Name);
}

#[test]
fn limits_have_ceilings() {
    let limits = Limits { bytes: usize::MAX, depth: 1_000_000, ..Limits::highest() };
    assert_eq!(Scanner::new(limits).limits(), Limits::highest());
    assert_eq!(Limits::highest().depth, 128);
}

#[test]
fn a_scanner_at_rest_is_small() {
    assert!(size_of::<Scanner>() <= 960, "{}", size_of::<Scanner>());
}

#[test]
fn what_a_large_element_needed_is_given_back() {
    let mut scanner = Scanner::new(Limits::authenticated());
    let xml = format!(
        "<message>{}{}{}</message>",
        "<a b='' c='' d='' e='' f='' g='' h=''>".repeat(40),
        "</a>".repeat(40),
        "<b/>".repeat(90)
    );
    assert_eq!(scanner.scan(xml.as_bytes(), &scope()), Ok(Some(xml.len())));
    assert!(
        scanner.open.spilled() && scanner.children.spilled() && scanner.attributes.spilled()
            || scanner.children.len() == 91
    );
    scanner.consume(xml.len());
    assert!(!scanner.open.spilled() && !scanner.children.spilled() && !scanner.attributes.spilled());
}
