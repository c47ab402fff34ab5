use super::*;

fn linux(features: &[&str]) -> Build {
    let target =
        [("TARGET", "x86_64-unknown-linux-gnu"), ("CARGO_CFG_UNIX", ""), ("CARGO_CFG_TARGET_OS", "linux")];
    let target = target.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let features = features.iter().map(|name| (format!("CARGO_FEATURE_{name}"), "1".to_owned()));
    Build::from_vars(target.chain(features))
}

fn manifest(text: &str) -> Manifest<'_> {
    Manifest { path: Path::new("app/Cargo.toml"), text }
}

/// Package names found with those features on.
fn found(text: &str, features: &[&str]) -> Vec<String> {
    let found = extensions(&manifest(text), None, &linux(features)).unwrap();
    found.into_iter().map(|extension| extension.package).collect()
}

fn error(text: &str) -> String {
    extensions(&manifest(text), None, &linux(&[])).unwrap_err().to_string()
}

#[test]
fn extension_crates_are_taken_sorted_and_others_left() {
    let text = r#"
        [dependencies]
        stonechat-xep-ping = "0.1"
        stonechat-server = "0.1"
        stonechat-xep-carbons = { path = "../xeps/carbons" }
        [dependencies.stonechat-xep-disco]
        version = "0.1"
        default-features = false
    "#;
    assert_eq!(found(text, &[]), ["stonechat-xep-carbons", "stonechat-xep-disco", "stonechat-xep-ping"]);
}

#[test]
fn a_manifest_without_dependencies_has_no_extensions() {
    assert_eq!(found("[package]\nname = \"app\"", &[]), Vec::<String>::new());
}

#[test]
fn only_what_is_linked_into_the_program_counts() {
    let text = r#"
        [dev-dependencies]
        stonechat-xep-ping = "0.1"
        [build-dependencies]
        stonechat-xep-disco = "0.1"
    "#;
    assert_eq!(found(text, &[]), Vec::<String>::new());
}

#[test]
fn a_renamed_crate_is_known_by_its_package_and_called_by_its_name() {
    let text = r#"
        [dependencies]
        live-copies = { package = "stonechat-xep-carbons", version = "0.1" }
        stonechat-xep-ping = { package = "something-else", version = "1" }
    "#;
    let expected = Extension { package: "stonechat-xep-carbons".into(), krate: "live_copies".into() };
    assert_eq!(extensions(&manifest(text), None, &linux(&[])).unwrap(), [expected]);
}

#[test]
fn an_inherited_crate_is_looked_up_in_the_workspace() {
    let text = r#"
        [dependencies]
        stonechat-xep-ping.workspace = true
        copies = { workspace = true, features = ["server"] }
        serde.workspace = true
    "#;
    let root = r#"
        [workspace.dependencies]
        stonechat-xep-ping = { path = "xeps/ping", version = "0.1" }
        copies = { package = "stonechat-xep-carbons", path = "xeps/carbons" }
        serde = "1"
    "#;
    let root = Manifest { path: Path::new("Cargo.toml"), text: root };
    let found = extensions(&manifest(text), Some(&root), &linux(&[])).unwrap();
    assert_eq!(found.iter().map(|e| e.krate.as_str()).collect::<Vec<_>>(), ["copies", "stonechat_xep_ping"]);
}

#[test]
fn an_inherited_crate_that_the_workspace_does_not_have_names_both_files() {
    let text = "[dependencies]\nstonechat-xep-ping.workspace = true";
    let root = Manifest { path: Path::new("root/Cargo.toml"), text: "[workspace.dependencies]" };
    let error = extensions(&manifest(text), Some(&root), &linux(&[])).unwrap_err().to_string();
    assert_eq!(
        error,
        "root/Cargo.toml: `workspace.dependencies.stonechat-xep-ping` is missing, but app/Cargo.toml inherits it"
    );
}

#[test]
fn an_optional_crate_counts_when_the_feature_of_its_name_is_on() {
    let text = r#"
        [dependencies]
        stonechat-xep-ping = { version = "0.1", optional = true }
    "#;
    assert_eq!(found(text, &[]), Vec::<String>::new());
    assert_eq!(found(text, &["STONECHAT_XEP_PING"]), ["stonechat-xep-ping"]);
}

#[test]
fn an_optional_crate_counts_when_a_feature_that_is_on_names_it() {
    let text = r#"
        [features]
        default = ["all"]
        all = ["dep:stonechat-xep-ping", "copies/server", "disco?/server"]
        [dependencies]
        stonechat-xep-ping = { version = "0.1", optional = true }
        copies = { package = "stonechat-xep-carbons", version = "0.1", optional = true }
        disco = { package = "stonechat-xep-disco", version = "0.1", optional = true }
    "#;
    assert_eq!(found(text, &[]), Vec::<String>::new());
    assert_eq!(found(text, &["ALL"]), ["stonechat-xep-carbons", "stonechat-xep-ping"]);
}

#[test]
fn a_feature_of_the_same_name_does_not_switch_on_a_crate_that_dep_hides() {
    let text = r#"
        [features]
        ping = []
        really = ["dep:ping"]
        [dependencies]
        ping = { package = "stonechat-xep-ping", version = "0.1", optional = true }
    "#;
    assert_eq!(found(text, &["PING"]), Vec::<String>::new());
    assert_eq!(found(text, &["REALLY"]), ["stonechat-xep-ping"]);
}

#[test]
fn a_crate_for_other_targets_is_left_out() {
    let text = r#"
        [target.'cfg(unix)'.dependencies]
        stonechat-xep-ping = "0.1"
        [target.'cfg(windows)'.dependencies]
        stonechat-xep-disco = "0.1"
        [target.x86_64-unknown-linux-gnu.dependencies]
        stonechat-xep-carbons = "0.1"
    "#;
    assert_eq!(found(text, &[]), ["stonechat-xep-carbons", "stonechat-xep-ping"]);
}

#[test]
fn a_crate_named_in_two_tables_is_listed_once() {
    let text = r#"
        [dependencies]
        stonechat-xep-ping = "0.1"
        [target.'cfg(unix)'.dependencies]
        stonechat-xep-ping = { version = "0.1", features = ["server"] }
    "#;
    assert_eq!(found(text, &[]), ["stonechat-xep-ping"]);
}

#[test]
fn errors_name_the_file_and_the_key() {
    let cases = [
        ("[dependencies]\nping = 3", "app/Cargo.toml: `dependencies.ping` is neither a version nor a table"),
        ("dependencies = 3", "app/Cargo.toml: `dependencies` is not a table"),
        (
            "[dependencies]\nping = { package = 3 }",
            "app/Cargo.toml: `dependencies.ping` has a `package` that is not a string",
        ),
        (
            "[target.'cfg(unix)'.dependencies]\nping = { optional = 1 }",
            "app/Cargo.toml: `target.'cfg(unix)'.dependencies.ping` has an `optional` that is neither true nor false",
        ),
        (
            "[dependencies]\nping.workspace = true",
            "app/Cargo.toml: `dependencies.ping` is inherited from a workspace, but no workspace manifest was found",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), expected);
    }
    assert!(
        error("[target.'cfg('.dependencies]")
            .starts_with("app/Cargo.toml: `target.'cfg('` is not a target: ")
    );
    let syntax = error("[dependencies]\nping = ");
    assert!(syntax.starts_with("app/Cargo.toml: TOML parse error at line 2"), "{syntax}");
}
