//! The program itself, on a small scale.

use std::process::Command;

use serde_json::Value;

#[test]
fn a_quick_run_measures_every_case_of_floor_and_stonechat() {
    let folder = tempfile::tempdir().unwrap();
    let (json, svg) = (folder.path().join("result.json"), folder.path().join("result.svg"));
    let run = Command::new(env!("CARGO_BIN_EXE_stonechat-benches"))
        .args(["--quick", "--servers", "floor,stonechat", "--json"])
        .arg(&json)
        .arg("--svg")
        .arg(&svg)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let table = String::from_utf8(run.stdout).unwrap();
    assert!(table.contains("chat, TLS, window 10") && table.contains("µs CPU"), "{table}");
    let report: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let cells = report["cells"].as_array().unwrap();
    // Of 15 cases the floor has no part in one, and Stonechat in another.
    assert_eq!(cells.len(), 28);
    for cell in cells.iter().filter(|cell| cell["server"] == "stonechat" && cell["unit"] == "µs CPU") {
        assert!(cell["median"].as_f64().unwrap() > 0.0, "{cell}");
    }
    assert!(std::fs::read_to_string(svg).unwrap().contains("</svg>"));
}
