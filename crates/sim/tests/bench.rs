//! Benchmarks in small: they must run and find what they know beforehand.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Runs a benchmark, which must succeed, and reads what it wrote.
fn report(command: &mut Command, json: &Path) -> Value {
    let output = command.arg("--json").arg(json).output().expect("the benchmark starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    let report = std::fs::read(json).expect("the report is written");
    serde_json::from_slice(&report).expect("it is JSON")
}

#[test]
fn the_small_engine_benchmark_finds_its_digests() {
    let folder = std::env::temp_dir().join(format!("openmart-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let json = folder.join("engine.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench_engine"));
    command.arg("--small");
    let report = report(&mut command, &json);
    std::fs::remove_dir_all(&folder).expect("the temporary folder goes");
    assert_eq!(report["profiles"].as_array().map(Vec::len), Some(2), "{report}");
    assert_eq!(report["profiles"][0]["latency_ns"]["cancel"]["count"], 8_848, "{report}");
}

#[test]
fn the_small_overload_benchmark_refuses_no_cancel() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let json = folder.path().join("overload.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench_overload"));
    command.arg(folder.path().join("data")).arg("--small");
    let report = report(&mut command, &json);
    assert_eq!(report["floods"][0]["cancels_refused"], 0, "{report}");
    assert_eq!(report["floods"][0]["cancels"], 400, "{report}");
    assert_eq!(report["cancel_alls"][0]["orders"], 2_000, "{report}");
}

#[test]
fn the_small_recovery_benchmark_finds_the_state_of_the_commands() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let json = folder.path().join("recovery.json");
    for part in ["replay", "snapshot"] {
        // Neither of these starts the program.
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench_recovery"));
        command
            .args(["no-program".as_ref(), folder.path().join("data").as_os_str()])
            .args(["--small", "--only", part]);
        let report = report(&mut command, &json);
        let size = [&report["replay"][0]["orders_open"], &report["snapshot"]["orders"]];
        let expected = if part == "replay" { 9_966 } else { 5_000 };
        assert!(size.iter().any(|size| **size == expected), "{report}");
    }
}

#[test]
fn the_small_journal_benchmark_has_a_row_for_each_size_of_batch() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let json = folder.path().join("journal.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench_journal"));
    command.arg(folder.path().join("data")).arg("--small");
    let report = report(&mut command, &json);
    let commands: Vec<_> = (0..3).map(|row| report["rows"][row]["commands"].as_u64()).collect();
    assert_eq!(commands, [Some(1), Some(32), Some(256)], "{report}");
}
