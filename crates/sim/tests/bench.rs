//! The engine benchmark in small: it must run and find its digests.

use std::process::Command;

#[test]
fn the_small_engine_benchmark_finds_its_digests() {
    let folder = std::env::temp_dir().join(format!("openmart-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let json = folder.join("engine.json");
    let output = Command::new(env!("CARGO_BIN_EXE_bench_engine"))
        .args(["--small", "--json"])
        .arg(&json)
        .output()
        .expect("the benchmark starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    let report = std::fs::read(&json).expect("the report is written");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("it is JSON");
    std::fs::remove_dir_all(&folder).expect("the temporary folder goes");
    assert_eq!(report["profiles"].as_array().map(Vec::len), Some(2), "{report}");
    assert_eq!(report["profiles"][0]["latency_ns"]["cancel"]["count"], 8_848, "{report}");
}
