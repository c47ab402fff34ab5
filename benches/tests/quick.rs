//! The program itself, on a small scale.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Runs the program; gives what it printed.
fn run(arguments: &[&str], json: &Path) -> (String, Value) {
    let run = Command::new(env!("CARGO_BIN_EXE_stonechat-benches"))
        .args(arguments)
        .arg("--json")
        .arg(json)
        .output()
        .expect("it can be started");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let file = std::fs::read(json).expect("it wrote the file");
    (String::from_utf8_lossy(&run.stdout).into_owned(), serde_json::from_slice(&file).expect("JSON"))
}

#[test]
fn a_quick_run_measures_every_case_of_floor_and_stonechat() {
    let folder = tempfile::tempdir().unwrap();
    let (json, svg) = (folder.path().join("result.json"), folder.path().join("result.svg"));
    let svg_path = svg.to_str().unwrap();
    let (table, report) = run(&["--quick", "--servers", "floor,stonechat", "--svg", svg_path], &json);
    assert!(table.contains("chat, TLS, window 10") && table.contains("µs CPU"), "{table}");
    let cells = report["cells"].as_array().unwrap();
    // Of 17 cases the floor has no part in one.
    assert_eq!(cells.len(), 33);
    for cell in cells.iter().filter(|cell| cell["server"] == "stonechat" && cell["unit"] == "µs CPU") {
        assert!(cell["median"].as_f64().unwrap() > 0.0, "{cell}");
    }
    assert!(std::fs::read_to_string(svg).unwrap().contains("</svg>"));
}

#[test]
fn a_quick_growth_measures_every_series_at_two_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let svg = folder.path().join("growth.svg");
    let (table, report) =
        run(&["growth", "--quick", "--svg", svg.to_str().unwrap()], &folder.path().join("growth.json"));
    assert!(table.contains("| verdict |"), "{table}");
    let series = report["series"].as_array().unwrap();
    assert_eq!(series.len(), 7);
    for one in series {
        assert_eq!(one["points"].as_array().unwrap().len(), 2, "{one}");
        assert!(one["verdict"]["factor"].as_f64().unwrap() > 0.0, "{one}");
    }
    assert!(std::fs::read_to_string(svg).unwrap().contains("</svg>"));
}

#[test]
fn a_short_soak_loses_nothing_and_leaves_no_descriptor_and_no_session() {
    let folder = tempfile::tempdir().unwrap();
    let (table, report) = run(&["soak", "--minutes", "0.1"], &folder.path().join("soak.json"));
    assert!(table.contains("nothing lost, all in order"), "{table}");
    assert!(report["samples"].as_array().unwrap().len() > 5);
    for done in ["messages", "presences", "pings", "visits", "letters"] {
        assert!(report["done"][done].as_u64().unwrap() > 0, "{done}");
    }
    assert_eq!(report["passed"], true, "{table}");
}
