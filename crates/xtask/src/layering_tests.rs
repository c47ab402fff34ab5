use super::*;

/// A package in its folder, called as it has to be, with edges to those folders' packages.
fn package(folder: &str, kind: Kind, to: &[&str]) -> Package {
    Package {
        name: expected_name(folder),
        folder: folder.to_owned(),
        edges: to.iter().map(|folder| Edge { to: expected_name(folder), kind }).collect(),
        ..Package::default()
    }
}

/// Every folder of the design, with two extensions.
const FOLDERS: [&str; 18] = [
    "crates/jid",
    "crates/stanza",
    "crates/stream",
    "crates/sasl",
    "crates/net",
    "crates/store",
    "crates/extension",
    "crates/server",
    "crates/client",
    "crates/link",
    "crates/xtask",
    "crates/stonechatd",
    "crates/stonechat",
    "xeps/carbons",
    "xeps/disco",
    "tests",
    "examples",
    "benches",
];

/// The folders that a package in `folder` may depend on: asked one by one of a graph with a single edge.
fn allowed(folder: &str, kind: Kind) -> Vec<&'static str> {
    let others = FOLDERS.into_iter().filter(|other| *other != folder);
    let is_allowed =
        |other: &&str| violations(&[package(folder, kind, &[other]), package(other, kind, &[])]).is_empty();
    others.filter(is_allowed).collect()
}

#[test]
fn each_layer_may_depend_on_those_below_it_and_on_no_other() {
    let below_extension = ["crates/jid", "crates/stanza", "crates/store"];
    let below_core = [
        "crates/jid",
        "crates/stanza",
        "crates/stream",
        "crates/sasl",
        "crates/net",
        "crates/store",
        "crates/extension",
    ];
    let table: [(&str, &[&str]); 13] = [
        ("crates/jid", &[]),
        ("crates/stanza", &["crates/jid"]),
        ("crates/stream", &["crates/jid", "crates/stanza"]),
        ("crates/sasl", &[]),
        ("crates/net", &["crates/jid"]),
        ("crates/store", &["crates/jid"]),
        ("crates/extension", &below_extension),
        ("crates/server", &below_core),
        ("crates/client", &below_core),
        ("crates/link", &[]),
        ("crates/xtask", &[]),
        ("xeps/carbons", &["crates/jid", "crates/stanza", "crates/store", "crates/extension", "xeps/disco"]),
        ("xeps/disco", &["crates/jid", "crates/stanza", "crates/store", "crates/extension", "xeps/carbons"]),
    ];
    for (folder, expected) in table {
        assert_eq!(allowed(folder, Kind::Normal), expected, "{folder}");
    }
}

#[test]
fn compositions_see_everything_but_the_tools() {
    for folder in ["crates/stonechatd", "crates/stonechat", "tests", "examples", "benches"] {
        let allowed = allowed(folder, Kind::Normal);
        for other in FOLDERS.into_iter().filter(|other| *other != folder) {
            let tool = matches!(other, "crates/link" | "crates/xtask");
            assert_eq!(allowed.contains(&other), !tool, "{folder} on {other}");
        }
    }
}

#[test]
fn only_the_build_scripts_of_compositions_use_link() {
    for folder in FOLDERS {
        let top = Layer::of(folder) == Some(Layer::Top);
        assert_eq!(allowed(folder, Kind::Build).contains(&"crates/link"), top, "{folder}");
    }
}

#[test]
fn development_dependencies_are_free() {
    for folder in FOLDERS {
        assert_eq!(allowed(folder, Kind::Development).len(), FOLDERS.len() - 1, "{folder}");
    }
}

#[test]
fn a_violation_names_both_packages_and_the_manifest() {
    let packages =
        [package("crates/server", Kind::Normal, &["xeps/disco"]), package("xeps/disco", Kind::Normal, &[])];
    let found: Vec<String> = violations(&packages).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["stonechat-server must not depend on stonechat-xep-disco (crates/server/Cargo.toml)"]);
}

#[test]
fn every_violation_is_reported_and_good_edges_are_not() {
    let packages = [
        package("crates/jid", Kind::Normal, &["crates/stanza"]),
        package("crates/stanza", Kind::Normal, &["crates/jid"]),
        package("xeps/disco", Kind::Normal, &["crates/server", "crates/stanza", "crates/stream"]),
        package("crates/server", Kind::Normal, &[]),
        package("crates/stream", Kind::Normal, &[]),
    ];
    assert_eq!(violations(&packages).len(), 3);
}

#[test]
fn a_folder_without_a_layer_is_reported() {
    let found = violations(&[package("crates/helpers", Kind::Normal, &[])]);
    assert!(matches!(&found[..], [Violation::NoLayer { folder, .. }] if folder == "crates/helpers"));
}

#[test]
fn an_extension_that_the_build_script_would_not_find_is_reported() {
    let misnamed =
        Package { name: "stonechat-disco".into(), folder: "xeps/disco".into(), ..Package::default() };
    let found = violations(&[misnamed]);
    assert!(matches!(&found[..], [Violation::Name { expected, .. }] if expected == "stonechat-xep-disco"));
}

#[test]
fn packages_from_elsewhere_are_not_our_concern() {
    let mut jid = package("crates/jid", Kind::Normal, &[]);
    jid.edges.push(Edge { to: "serde".into(), kind: Kind::Normal });
    assert_eq!(violations(&[jid]), []);
}
