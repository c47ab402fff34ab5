//! The workspace as it stands keeps to its layers.

use stonechat_xtask::layering::violations;
use stonechat_xtask::workspace::Workspace;

#[test]
fn no_dependency_points_the_wrong_way() {
    let workspace = Workspace::read().unwrap();
    let found: Vec<String> = violations(&workspace.packages).iter().map(ToString::to_string).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_metadata_has_the_edges_that_the_manifests_have() {
    let workspace = Workspace::read().unwrap();
    let stanza = workspace.packages.iter().find(|package| package.name == "stonechat-stanza").unwrap();
    assert_eq!(stanza.folder, "crates/stanza");
    assert!(stanza.has_library && stanza.is_published);
    assert!(stanza.edges.iter().any(|edge| edge.to == "stonechat-jid"));
    let tests = workspace.packages.iter().find(|package| package.folder == "tests").unwrap();
    assert!(!tests.is_published);
}
