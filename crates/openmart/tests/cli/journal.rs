//! `openmart journal` on good and on damaged folders.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use openmart_history::{FILE_NAME, dump};
use openmart_wire::bitmart_v2::Side;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::account::{ALICE, Account, BOB, limit, placed};
use crate::support::process::{Server, openmart, run, text};

/// Bytes before the first batch of a segment, and before the content of a snapshot.
const SEGMENT_HEADER_BYTES: usize = 512;
const SNAPSHOT_HEADER_BYTES: usize = 128;

/// A folder in which some orders were placed, matched and canceled.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let mut alice = Account::log_in(server.address, ALICE).unwrap();
    let mut bob = Account::log_in(server.address, BOB).unwrap();
    placed(&alice.place(&limit("BTC_USDT", Side::Buy, "2", "20000")).unwrap());
    let mut named = limit("BTC_USDT", Side::Sell, "0.5", "20000");
    named.client_order_id = Some("mine-1".into());
    placed(&bob.place(&named).unwrap());
    let canceled = placed(&bob.place(&limit("ETH_BTC", Side::Sell, "1", "0.05")).unwrap());
    assert_eq!(bob.cancel(canceled).unwrap().body, "{}");
    assert_eq!(bob.cancel(canceled).unwrap().status, 404);
    server.end_with("TERM");
    folder
}

fn start(folder: &Path) -> Server {
    let mut command = openmart(["demo", "--no-liquidity", "--listen", "127.0.0.1:0"]);
    command.arg("--data-dir").arg(folder);
    Server::start(command).unwrap_or_else(|output| panic!("{output:?}"))
}

fn journal(tool: &str, folder: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["journal", tool, folder.to_str().unwrap()];
    arguments.extend(more);
    run(arguments)
}

/// Standard output of a tool that must succeed.
fn output_of(tool: &str, folder: &Path, more: &[&str]) -> String {
    let output = journal(tool, folder, more);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(text(&output.stderr), "");
    text(&output.stdout)
}

/// The one sentence of a tool that must fail.
fn error_of(tool: &str, folder: &Path, more: &[&str]) -> String {
    let output = journal(tool, folder, more);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = text(&output.stderr);
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

fn file(folder: &Path, prefix: &str) -> PathBuf {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
        .collect();
    found.sort();
    found.swap_remove(0)
}

fn flip_bit(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_sound_folder_is_called_sound() {
    let folder = folder();
    let report = output_of("verify", folder.path(), &[]);
    assert!(report.contains("entries: 15, from sequence 1 to 15\n"), "{report}");
    assert!(report.contains("snapshot at 15: sound\n"), "{report}");
    assert!(report.contains("2 accounts, 1 open orders, every asset conserved\n"), "{report}");
    assert!(report.ends_with("\nsound\n"), "{report}");
    // Also while an exchange runs on it.
    let server = start(folder.path());
    output_of("verify", folder.path(), &[]);
    server.end_with("TERM");
}

#[test]
fn entries_are_shown_with_names_and_outcomes() {
    let folder = folder();
    let shown = output_of("show", folder.path(), &[]);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 15);
    for (line, (sequence, rest)) in lines.iter().zip([
        (1, "add asset BTC (Bitcoin, 10 decimals) -> asset #0"),
        (2, "add asset ETH (Ethereum, 10 decimals) -> asset #1"),
    ]) {
        assert!(line.starts_with(&format!("{sequence}  2")) && line.ends_with(rest), "{line}");
    }
    for part in [
        "list market BTC_USDT -> market #1",
        "open account alice with [1000.0000000000 BTC, 10000.0000000000 ETH, ",
        "alice buy BTC_USDT 2.00000 at 20000.00 gtc -> order 1\n",
        "bob sell BTC_USDT 0.50000 at 20000.00 gtc as mine-1 -> order 2, 1 trades\n",
        "cancel order 3 of bob -> order 3 canceled\n",
        "cancel order 3 of bob -> refused: no such open order\n",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let some = output_of("show", folder.path(), &["--from", "12", "--to", "13"]);
    assert_eq!(some.lines().collect::<Vec<_>>(), lines[11..13]);
    assert!(!shown.contains(ALICE.secret));
}

#[test]
fn entries_are_json_on_demand() {
    let folder = folder();
    let shown = output_of("show", folder.path(), &["--json"]);
    let entries: Vec<Value> =
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let order = &entries[11];
    assert_eq!(order["sequence"], 12);
    assert_eq!(order["command"]["type"], "place");
    assert_eq!(order["command"]["account"], "bob");
    assert_eq!(order["command"]["price"], "20000.00");
    assert_eq!(order["command"]["client_order_id"], "mine-1");
    assert_eq!(order["outcome"]["trades"], 1);
    assert_eq!(entries[14]["outcome"]["type"], "rejected");
    let account = &entries[8]["command"];
    assert_eq!(account["keys"][0]["key"], ALICE.key);
    assert!(!shown.contains("sealed") && !shown.contains(ALICE.secret), "{account}");
}

#[test]
fn a_replay_prints_the_state_at_any_sequence() {
    let folder = folder();
    let whole = output_of("replay", folder.path(), &[]);
    assert!(whole.starts_with("sequence: 15\n"), "{whole}");
    let verified = output_of("verify", folder.path(), &[]);
    let digest = whole.lines().find(|line| line.starts_with("digest: ")).unwrap();
    assert!(verified.contains(digest), "{digest}: {verified}");
    assert!(whole.contains("order 1: BTC_USDT buy 2.00000 at 20000.00, filled 0.50000\n"));
    assert!(whole.contains("  USDT: available 99960000.0000000000, hold 30000.0000000000\n"));
    let before = output_of("replay", folder.path(), &["--to", "10", "--json"]);
    let before: Value = serde_json::from_str(&before).unwrap();
    assert_eq!(before["sequence"], 10);
    assert_eq!(before["accounts"][0]["orders"].as_array().unwrap().len(), 0);
    assert_eq!(before["accounts"][1]["balances"][0]["available"], "1000.0000000000");
    let error = error_of("replay", folder.path(), &["--to", "16"]);
    assert!(error.contains("the journal ends at sequence 15, before 16"), "{error}");
}

#[test]
fn a_damaged_entry_is_found_by_every_tool() {
    let folder = folder();
    let segment = file(folder.path(), "segment-");
    flip_bit(&segment, SEGMENT_HEADER_BYTES + 200);
    for tool in ["verify", "show", "replay"] {
        let error = error_of(tool, folder.path(), &[]);
        assert!(error.contains("segment-000000000001"), "{tool}: {error}");
        assert!(error.contains("is damaged at byte 512"), "{tool}: {error}");
    }
    let mut command = openmart(["demo", "--no-liquidity", "--listen", "127.0.0.1:0"]);
    command.arg("--data-dir").arg(folder.path());
    let Err(output) = Server::start(command) else { panic!("an exchange started on it") };
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("restore the folder from a backup"), "{output:?}");
}

#[test]
fn entries_before_the_damage_are_shown() {
    let folder = folder();
    let segment = file(folder.path(), "segment-");
    // The last batch is the refused cancel; the orders before it are batches of their own.
    let bytes = fs::read(&segment).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    let sector = end / 512 - 1;
    flip_bit(&segment, sector * 512 + 70);
    let output = journal("show", folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout).lines().count(), 13);
    assert!(text(&output.stderr).contains("is damaged at byte"));
}

#[test]
fn a_damaged_snapshot_is_found() {
    let folder = folder();
    let snapshot = file(folder.path(), "snapshot-");
    flip_bit(&snapshot, SNAPSHOT_HEADER_BYTES + 30);
    let output = journal("verify", folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("snapshot at 15: damaged\n"), "{output:?}");
    let name = snapshot.file_name().unwrap().to_str().unwrap();
    assert!(text(&output.stderr).contains(name), "{output:?}");
}

#[test]
fn a_folder_without_a_journal_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(error_of("verify", folder.path(), &[]).contains("there is no journal in"));
    let missing = folder.path().join("missing");
    assert!(error_of("show", &missing, &[]).contains("cannot open the data folder"));
    assert!(!missing.exists(), "nothing is created");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = folder();
    let server = start(folder.path());
    let mut alice = Account::log_in(server.address, ALICE).unwrap();
    // More than a pipe holds.
    for _ in 0..600 {
        let id = placed(&alice.place(&limit("ETH_USDT", Side::Buy, "1", "1000")).unwrap());
        alice.cancel(id).unwrap();
    }
    server.end_with("TERM");
    let mut command = openmart(["journal", "show", folder.path().to_str().unwrap()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 1];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

fn history_rows(folder: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    dump(&folder.join(FILE_NAME), |row| rows.push(row)).unwrap();
    rows
}

#[test]
fn history_is_rebuilt_on_request_and_at_a_start_that_misses_it() {
    let folder = folder();
    let written = history_rows(folder.path());
    assert!(written.iter().any(|row| row.starts_with("trades ")), "{written:?}");
    let said = output_of("rebuild-history", folder.path(), &[]);
    assert!(said.contains(FILE_NAME), "{said}");
    assert_eq!(history_rows(folder.path()), written);

    fs::remove_file(folder.path().join(FILE_NAME)).unwrap();
    let server = start(folder.path());
    let error = error_of("rebuild-history", folder.path(), &[]);
    assert!(error.contains("in use"), "{error}");
    server.end_with("TERM");
    let rebuilt = history_rows(folder.path());
    // The demo goes on at each start: what was there is there again, and only more may follow.
    let missing = written.iter().filter(|row| !row.starts_with("applied ")).find(|row| {
        !row.starts_with("order_counts ")
            && !row.starts_with("fill_counts ")
            && !rebuilt.contains(row)
    });
    assert_eq!(missing, None);
}

/// What is in the folder, but for the lock.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.file_name().unwrap() != "lock")
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// Rebuilds history in a shell that was set up first.
fn rebuild_after(set_up: &str, folder: &Path) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{set_up} exec \"$0\" journal rebuild-history \"$1\"")]);
    command.arg(env!("CARGO_BIN_EXE_openmart")).arg(folder).output().unwrap()
}

#[test]
fn a_rebuild_whose_write_fails_leaves_everything_as_it_was() {
    let folder = folder();
    let written = history_rows(folder.path());
    let before = files(folder.path());
    let mut failed = 0;
    // Files may grow up to so many sectors: the write behind that fails, wherever it is.
    for sectors in (0..).step_by(8) {
        let limit = format!("trap '' XFSZ; ulimit -f {sectors};");
        let output = rebuild_after(&limit, folder.path());
        if output.status.success() {
            break;
        }
        failed += 1;
        assert_eq!(output.status.code(), Some(1), "{sectors}: {output:?}");
        assert!(text(&output.stderr).contains("history: cannot "), "{sectors}: {output:?}");
        assert!(files(folder.path()) == before, "{sectors}");
    }
    assert!(failed > 10, "{failed}");
    assert_eq!(history_rows(folder.path()), written);
}

/// On a disk of its own, for which the system must let users have namespaces.
#[test]
fn a_rebuild_on_a_full_disk_leaves_everything_as_it_was() {
    let origin = folder();
    let written = history_rows(origin.path());
    let mount = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=$2k none \"$1\" || exit 77
        cp -r \"$3\"/. \"$1\" || exit 77
        state() { (cd \"$1\" && find . -type f ! -name lock | sort | xargs cksum); }
        before=$(state \"$1\")
        \"$0\" journal rebuild-history \"$1\"; code=$?
        after=$(state \"$1\")
        [ $code = 0 ] || [ \"$before\" = \"$after\" ] || { echo \"$after\"; exit 78; }
        cp \"$1\"/history.sqlite \"$4\"; exit $code";
    let used: usize =
        files(origin.path()).iter().map(|(_, bytes)| bytes.len().div_ceil(4_096)).sum();
    let copy = mount.path().with_extension("copy");
    let (mut failed, mut full) = (0, 0);
    for free_kib in (4..).step_by(16) {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", script, env!("CARGO_BIN_EXE_openmart")]);
        command.arg(mount.path()).arg((used * 4 + 16 + free_kib).to_string());
        let Ok(output) = command.arg(origin.path()).arg(&copy).output() else {
            eprintln!("not met: there is no `unshare`");
            return;
        };
        let error = text(&output.stderr);
        match output.status.code() {
            Some(0) => break,
            Some(1) if !error.starts_with("unshare") => {
                // What SQLite maps into memory it cannot have either, which it does not call full.
                assert!(error.contains("history: cannot "), "{free_kib}: {error}");
                failed += 1;
                full += usize::from(error.contains("disk is full"));
            }
            Some(1 | 77) if failed == 0 => {
                eprintln!("not met: the system gives no disk of its own: {error}");
                return;
            }
            _ => panic!("{free_kib}: {output:?}"),
        }
    }
    assert!(failed > 3 && full > 0, "{failed} {full}");
    let mut rows = Vec::new();
    dump(&copy, |row| rows.push(row)).unwrap();
    fs::remove_file(&copy).unwrap();
    assert_eq!(rows, written);
}

/// What a rebuild leaves that is killed: part of a file under another name, with or without the old one.
#[test]
fn what_a_killed_rebuild_leaves_hinders_nobody() {
    let folder = folder();
    let written = history_rows(folder.path());
    let beside = |ending: &str| folder.path().join(format!("{FILE_NAME}{ending}"));
    for without in [false, true] {
        for ending in [".rebuild", ".rebuild-wal", ".rebuild-shm", ".rebuild-journal"] {
            fs::write(beside(ending), b"half of something").unwrap();
        }
        if without {
            for ending in ["", "-wal", "-shm"] {
                let _ = fs::remove_file(beside(ending));
            }
            start(folder.path()).end_with("TERM");
            assert!(history_rows(folder.path()).contains(written.last().unwrap()));
        }
        output_of("rebuild-history", folder.path(), &[]);
        output_of("verify", folder.path(), &["--history"]);
        assert!(!beside(".rebuild").exists() && !beside(".rebuild-journal").exists());
    }
}

#[test]
fn history_is_held_against_the_journal_on_request() {
    let folder = folder();
    let before = files(folder.path());
    let report = output_of("verify", folder.path(), &["--history"]);
    assert!(report.contains("\nhistory at 15: sound, "), "{report}");
    assert!(files(folder.path()) == before, "nothing is changed");

    // A price that was never paid, in a file that SQLite calls sound.
    let history = folder.path().join(FILE_NAME);
    let sqlite = rusqlite::Connection::open(&history).unwrap();
    sqlite.execute("UPDATE trades SET price = price + 1", ()).unwrap();
    drop(sqlite);
    output_of("verify", folder.path(), &[]);
    let output = journal("verify", folder.path(), &["--history"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stdout).ends_with("\nhistory: damaged\n"), "{output:?}");
    let error = text(&output.stderr);
    assert!(error.contains("trades in ") && error.contains("rebuild-history"), "{error}");

    let size = fs::metadata(&history).unwrap().len() as usize;
    fs::write(&history, vec![0; size]).unwrap();
    assert_eq!(journal("verify", folder.path(), &["--history"]).status.code(), Some(1));
    output_of("rebuild-history", folder.path(), &[]);
    assert_eq!(output_of("verify", folder.path(), &["--history"]), report);
    fs::remove_file(&history).unwrap();
    let report = output_of("verify", folder.path(), &["--history"]);
    assert!(report.contains("\nhistory: none, "), "{report}");

    let server = start(folder.path());
    output_of("verify", folder.path(), &["--history"]);
    server.end_with("TERM");
}
