use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::error::Condition;
use crate::test_trees::{any_element, text};

fn parse(xml: &str) -> Form {
    Form::parse(&xml.parse().expect("test XML is well-formed")).expect("a form")
}

/// XEP-0004 example 2.
fn bot_form() -> Form {
    parse(
        "<x xmlns='jabber:x:data' type='form'>
          <title>Bot Configuration</title>
          <instructions>Fill out this form to configure your new bot!</instructions>
          <field type='hidden' var='FORM_TYPE'><value>jabber:bot</value></field>
          <field type='fixed'><value>Section 1: Bot Info</value></field>
          <field type='text-single' label='The name of your bot' var='botname'/>
          <field type='text-multi' label='Helpful description of your bot' var='description'/>
          <field type='boolean' label='Public bot?' var='public'><required/></field>
          <field type='text-private' label='Password for special access' var='password'/>
          <field type='list-multi' label='What features will the bot support?' var='features'>
            <option label='Contests'><value>contests</value></option>
            <option label='News'><value>news</value></option>
            <option label='Search'><value>search</value></option>
            <value>news</value>
            <value>search</value>
          </field>
          <field type='list-single' label='Maximum number of subscribers' var='maxsubs'>
            <value>20</value>
            <option label='20'><value>20</value></option>
            <option label='50'><value>50</value></option>
            <option label='None'><value>none</value></option>
          </field>
          <field type='jid-multi' label='People to invite' var='invitelist'>
            <desc>Tell all your friends about your new bot!</desc>
          </field>
        </x>",
    )
}

/// XEP-0004 example 3.
fn bot_submission() -> Form {
    parse(
        "<x xmlns='jabber:x:data' type='submit'>
          <field type='hidden' var='FORM_TYPE'><value>jabber:bot</value></field>
          <field type='text-single' var='botname'><value>The Jabber Google Bot</value></field>
          <field type='text-multi' var='description'>
            <value>This bot enables you to send requests to</value>
            <value>Google and receive the search results right</value>
          </field>
          <field type='boolean' var='public'><value>0</value></field>
          <field type='text-private' var='password'><value>v3r0na</value></field>
          <field type='list-multi' var='features'><value>news</value><value>search</value></field>
          <field type='list-single' var='maxsubs'><value>50</value></field>
          <field type='jid-multi' var='invitelist'>
            <value>juliet@capulet.com</value>
            <value>benvolio@montague.net</value>
          </field>
        </x>",
    )
}

fn with(var: &str, values: &[&str]) -> Form {
    let mut form = bot_submission();
    form.fields.retain(|field| field.var.as_deref() != Some(var));
    form.with_field(Field::bare(var).with_values(values.iter().copied()))
}

#[test]
fn the_form_of_the_example_parses() {
    let form = bot_form();
    assert_eq!((form.kind, form.title.as_deref()), (Type::Form, Some("Bot Configuration")));
    assert_eq!(form.instructions, ["Fill out this form to configure your new bot!"]);
    assert_eq!((form.form_type(), form.fields.len()), (Some("jabber:bot"), 9));
    assert!(form.field("public").is_some_and(|field| field.required));
    assert_eq!(form.values("features"), ["news", "search"]);
    assert_eq!(form.field("maxsubs").map(|field| field.options.len()), Some(3));
    assert_eq!(Form::parse(&form.to_element()), Ok(form));
}

#[test]
fn the_submission_of_the_example_fills_out_its_form() {
    let submission = bot_submission();
    assert_eq!(bot_form().check(&submission), Ok(()));
    assert_eq!(submission.boolean("public"), Ok(Some(false)));
    assert_eq!(submission.parsed::<u32>("maxsubs"), Ok(Some(50)));
    assert_eq!(submission.jids("invitelist").map(|jids| jids.len()), Ok(2));
    assert!(submission.text("description").is_some_and(|text| text.lines().count() == 2));
    assert_eq!(submission.value("absent"), None);
}

/// XEP-0004 example 8.
#[test]
fn results_have_columns_and_rows() {
    let form = parse(
        "<x xmlns='jabber:x:data' type='result'>
          <title>Joogle Search: verona</title>
          <reported><field var='name'/><field var='url'/></reported>
          <item>
            <field var='name'><value>Comune di Verona - Benvenuti nel sito ufficiale</value></field>
            <field var='url'><value>http://www.comune.verona.it/</value></field>
          </item>
          <item>
            <field var='name'><value>benvenuto!</value></field>
            <field var='url'><value>http://www.hellasverona.it/</value></field>
          </item>
        </x>",
    );
    assert_eq!(form.reported.len(), 2);
    assert_eq!(form.items[1].value("url"), Some("http://www.hellasverona.it/"));
    assert_eq!(Form::parse(&form.to_element()), Ok(form));
}

#[test]
fn a_form_says_what_it_is_for() {
    for xml in ["<x xmlns='jabber:x:data'/>", "<x xmlns='jabber:x:data' type='error'/>"] {
        assert!(Form::parse(&xml.parse().unwrap()).is_err(), "{xml}");
    }
    assert_eq!(parse("<x xmlns='jabber:x:data' type='cancel'/>"), Form::cancel());
}

/// XEP-0068 §4.3.
#[test]
fn a_form_type_that_is_not_hidden_counts_in_submissions_only() {
    let field = "<field var='FORM_TYPE' type='text-single'><value>urn:a</value></field>";
    let form = |kind: &str| parse(&format!("<x xmlns='jabber:x:data' type='{kind}'>{field}</x>"));
    assert_eq!((form("form").form_type(), form("result").form_type()), (None, None));
    assert_eq!(form("submit").form_type(), Some("urn:a"));
}

#[test]
fn field_types_that_are_not_understood_are_text() {
    let form = parse("<x xmlns='jabber:x:data' type='form'><field var='a' type='colour'/></x>");
    assert_eq!(form.field("a").and_then(|field| field.kind), Some(field::Type::TextSingle));
}

#[test]
fn submissions_that_do_not_fit_are_not_acceptable() {
    for (var, values) in [
        ("public", &["maybe"] as &[&str]),
        ("public", &[]),
        ("public", &[""]),
        ("public", &["0", "1"]),
        ("features", &["news", "weather"]),
        ("maxsubs", &["70"]),
        ("maxsubs", &["20", "50"]),
        ("invitelist", &["juliet@capulet.com", "@"]),
        ("botname", &["one", "two"]),
    ] {
        let error = bot_form().check(&with(var, values)).expect_err(var);
        assert_eq!(error.condition(), Condition::NotAcceptable);
        assert!(error.text().contains(&format!("'{var}'")), "{error}");
    }
}

#[test]
fn submissions_may_leave_out_optional_fields_and_add_unknown_ones() {
    for (var, values) in [
        ("features", &[] as &[&str]),
        ("maxsubs", &[""]),
        ("invitelist", &[]),
        ("unknown", &["anything", "else"]),
        ("public", &["true"]),
    ] {
        assert_eq!(bot_form().check(&with(var, values)), Ok(()), "{var}");
    }
}

#[test]
fn duplicate_addresses_are_ignored() {
    let form = with("invitelist", &["a@b.example", "c@d.example", "a@b.example", ""]);
    assert_eq!(form.jids("invitelist").map(|jids| jids.len()), Ok(2));
}

/// XEP-0122 examples 1 to 6.
#[test]
fn validation_survives_as_the_examples_have_it() {
    let read = |children: &str| {
        let ns = ns::DATA_VALIDATE;
        let xml = format!("<validate xmlns='{ns}' datatype='xs:dateTime'>{children}</validate>");
        let validate = Validate::parse(&xml.parse().unwrap()).unwrap();
        assert_eq!(Validate::parse(&validate.to_element()).as_ref(), Ok(&validate));
        validate
    };
    assert_eq!(read(""), Validate::new(Datatype::DateTime));
    assert_eq!(read("<basic/>").method, Method::Basic);
    assert_eq!(read("<open/>").method, Method::Open);
    let range = read("<range min='2003-10-05T00:00:00-07:00' max='2003-10-24T23:59:59-07:00'/>");
    assert!(range.accepts("2003-10-06T11:22:00-07:00"));
    assert!(!range.accepts("2003-10-05T00:00:00Z") && !range.accepts("2003-10-25T07:00:00Z"));
    let regex = "([0-9]{3})-([0-9]{2})-([0-9]{4})";
    assert_eq!(read(&format!("<regex>{regex}</regex>")).method, Method::Regex(regex.into()));
    let list = read("<basic/><list-range min='1' max='3'/>");
    assert_eq!(list.list_range, Some(ListRange { min: Some(1), max: Some(3) }));
    assert_eq!(read("<telepathy/>").method, Method::Basic);
}

/// XEP-0122 example 7, whose `<basic/>` ends up in the namespace of the form.
#[test]
fn methods_in_the_namespace_of_the_form_are_understood() {
    let form = parse(
        "<x xmlns='jabber:x:data' xmlns:xdv='http://jabber.org/protocol/xdata-validate' type='form'>
          <field type='list-single' var='date/start' label='Starting Date'>
            <xdv:validate datatype='xs:date'><open/></xdv:validate>
          </field>
        </x>",
    );
    let validate = form.field("date/start").and_then(|field| field.validate.clone());
    assert_eq!(validate, Some(Validate::new(Datatype::Date).with_method(Method::Open)));
}

#[test]
fn lists_are_open_where_validation_says_so() {
    let list = Field::new(field::Type::ListMulti, "n").with_option("One", "1");
    let rules = Validate::range(Datatype::Int, Some("1"), Some("9"))
        .with_list_range(ListRange { min: Some(2), max: Some(3) });
    let form = Form::new(Type::Form).with_field(list.with_validate(rules));
    let check = |values: &[&str]| {
        let field = Field::bare("n").with_values(values.iter().copied());
        form.check(&Form::new(Type::Submit).with_field(field)).is_ok()
    };
    assert!(check(&["1", "9"]) && check(&["1", "2", "3"]));
    assert!(!check(&["1"]) && !check(&["1", "2", "3", "4"]) && !check(&["1", "10"]) && !check(&["1", "x"]));
}

#[test]
fn datatypes_accept_their_values_only() {
    let table: &[(Datatype, &[&str], &[&str])] = &[
        (Datatype::Byte, &["-128", "127", "+5", " 007 ", "-0"], &["128", "-129", "1.0", "", "1e2", "--1"]),
        (Datatype::Long, &["9223372036854775807"], &["9223372036854775808", "-9223372036854775809"]),
        (Datatype::Integer, &["123456789012345678901234567890"], &["12a", "\u{0661}"]),
        (Datatype::UnsignedLong, &["18446744073709551615"], &["-1", "18446744073709551616"]),
        (Datatype::PositiveInteger, &["1"], &["0"]),
        (Datatype::NegativeInteger, &["-1"], &["0", "-0"]),
        (Datatype::Decimal, &["1.50", ".5", "5.", "-0.0"], &[".", "1.2.3", "1e5", "INF"]),
        (
            Datatype::Double,
            &["1e5", "-.5", "INF", "-INF", "NaN", "1.5E-3"],
            &["inf", "nan", "infinity", "1e", "0x1"],
        ),
        (Datatype::Boolean, &["true", "0"], &["yes", "TRUE"]),
        (Datatype::Date, &["2003-10-06", "2003-10-06Z", "2003-10-06-07:00"], &["2003-10-32", "06.10.2003"]),
        (Datatype::DateTime, &["2003-10-06T11:22:00-07:00"], &["2003-10-06T11:22:00", "now"]),
        (Datatype::Time, &["11:22:00", "11:22:00Z"], &["11:22", "25:00:00"]),
        (Datatype::Language, &["en", "de-CH-1996"], &["", "languages-en", "1n", "en_GB"]),
        (Datatype::AnyUri, &["http://a/b?c#d", "b", "xmpp:a@b"], &["a b", "<a>"]),
        (Datatype::String, &["", "anything\n"], &[]),
    ];
    for (datatype, good, bad) in table {
        good.iter().for_each(|value| assert!(datatype.accepts(value), "{datatype} {value:?}"));
        bad.iter().for_each(|value| assert!(!datatype.accepts(value), "{datatype} {value:?}"));
    }
}

/// XEP-0122 §4.1 and §4.7.
#[test]
fn what_cannot_be_checked_is_accepted() {
    let unknown = Validate { datatype: "x:shade".into(), ..Validate::default() };
    assert!(unknown.accepts("grey"));
    assert!(Validate::range(Datatype::Int, Some("low"), Some("high")).accepts("5"));
    assert!(Validate::range(Datatype::String, Some("b"), Some("c")).accepts("a"));
    let half_open = Validate::range(Datatype::Int, Some("5"), None);
    assert!(half_open.accepts("99999") && !half_open.accepts("4"));
}

#[test]
fn debug_shows_no_secrets() {
    assert!(!format!("{:?}", bot_submission()).contains("v3r0na"));
    assert!(!format!("{:?}", Field::bare("password").with_value("v3r0na")).contains("v3r0na"));
    assert!(format!("{:?}", bot_submission()).contains("The Jabber Google Bot"));
}

prop_compose! {
    fn any_validate()(datatype in select(Datatype::ALL), method in 0..4, min in of(text()),
                      max in of(text()), range in any::<Option<(Option<u32>, Option<u32>)>>()) -> Validate {
        let method = match method {
            0 => Method::Basic,
            1 => Method::Open,
            2 => Method::Regex(min.unwrap_or_default()),
            _ => Method::Range { min, max },
        };
        let list_range = range.map(|(min, max)| ListRange { min, max });
        Validate { method, list_range, ..Validate::new(datatype) }
    }
}

prop_compose! {
    fn any_field()(var in of(text()), kind in of(select(field::Type::ALL)),
                   label in of(text()), desc in of(text()), required in any::<bool>(),
                   values in vec(text(), 0..3), validate in of(any_validate()),
                   options in vec((of(text()), text()), 0..3), other in 0_usize..2) -> Field {
        let options = options.into_iter().map(|(label, value)| field::Choice { label, value }).collect();
        let other = vec![Element::bare("media", "urn:xmpp:media-element"); other];
        Field { var, kind, label, desc, required, values, options, validate, other }
    }
}

prop_compose! {
    fn any_form()(kind in select(Type::ALL), title in of(text()),
                  instructions in vec(text(), 0..3), fields in vec(any_field(), 0..4),
                  reported in vec(any_field(), 0..3),
                  items in vec(vec(any_field(), 0..3), 0..3)) -> Form {
        let items = items.into_iter().map(|fields| Item { fields }).collect();
        Form { kind, title, instructions, fields, reported, items }
    }
}

proptest! {
    #[test]
    fn forms_survive_a_round_trip(form in any_form()) {
        prop_assert!(Form::parse(&form.to_element()) == Ok(form.clone()));
        let mut wire = Vec::new();
        crate::xml::write_element(&form.to_element(), "", &mut wire);
        let read = crate::xml::read_element(&wire, "").expect("what is written can be read");
        prop_assert!(Form::parse(&read) == Ok(form));
    }

    #[test]
    fn no_submission_makes_the_check_panic(form in any_form(), submission in any_form()) {
        let _ = form.check(&submission);
        let _ = (form.form_type(), form.boolean("a"), form.jids("a"), format!("{form:?}"));
    }

    #[test]
    fn no_element_makes_a_parser_panic(
        element in any_element(
            ns::DATA_FORMS,
            &["x", "field", "value", "option", "item", "reported"],
            &["type", "var", "label"],
        ),
    ) {
        let _ = (Form::parse(&element), Field::parse(&element));
    }

    #[test]
    fn no_validation_makes_a_parser_panic(
        element in any_element(
            ns::DATA_VALIDATE,
            &["validate", "range", "list-range", "open"],
            &["datatype", "min", "max"],
        ),
    ) {
        let _ = Validate::parse(&element);
    }

    #[test]
    fn whole_numbers_compare_as_numbers(left in any::<i64>(), right in any::<i64>()) {
        let order = Datatype::Integer.compare(&left.to_string(), &format!("{right}.0"));
        prop_assert_eq!(order, Some(left.cmp(&right)));
    }

    #[test]
    fn fractions_compare_as_numbers(left in -9999_i32..9999, right in -9999_i32..9999) {
        let write = |number: i32| {
            let (sign, size) = (if number < 0 { "-" } else { "" }, number.abs());
            format!("{sign}{:02}.{:02}0", size / 100, size % 100)
        };
        prop_assert_eq!(Datatype::Decimal.compare(&write(left), &write(right)), Some(left.cmp(&right)));
    }

    #[test]
    fn no_value_makes_a_datatype_panic(
        datatype in select(Datatype::ALL), left in "[0-9TZ:.+ -eE]{0,30}", right in text(),
    ) {
        let _ = (datatype.accepts(&left), datatype.accepts(&right), datatype.compare(&left, &right));
        if !matches!(datatype, Datatype::Double | Datatype::Float) && datatype.accepts(&left) {
            let equal = datatype.compare(&left, &left);
            prop_assert!(equal.is_none_or(|order| order == std::cmp::Ordering::Equal));
        }
    }
}
