//! `openmart admin`, and starts with `--faults`: a real program broken by another, and what stays true.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use openmart_wire::bitmart_v2::Side;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::account::{ALICE, Account, limit, placed};
use crate::support::process::{Server, openmart, run, text};

const LOST: &str = r#"
[[rule]]
name = "lost"
method = "POST"
path = "/v2/orders"
nth = 1
fault = { kind = "disconnect-after" }
"#;

/// A demo with an operator's listener, in a folder of its own.
pub(crate) struct Demo {
    folder: TempDir,
    pub(crate) server: Server,
    url: String,
}

impl Demo {
    pub(crate) fn start(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let mut command = openmart(["demo", "--no-liquidity", "--listen", "127.0.0.1:0"]);
        command.args(["--admin-listen", "127.0.0.1:0"]).arg("--data-dir").arg(&data_dir);
        let started = Server::start({
            command.args(more);
            command
        });
        let mut server = started.unwrap_or_else(|output| panic!("{output:?}"));
        let url = loop {
            let line = server.line();
            if let Some((_, url)) = line.split_once("OPENMART_ADMIN_URL=") {
                break url.to_owned();
            }
        };
        Self { folder, server, url }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn admin(&self, arguments: &[&str]) -> Output {
        let mut command = openmart(["admin", "--url", &self.url, "--data-dir"]);
        command.arg(self.data_dir()).args(arguments);
        command.output().unwrap()
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.admin(&[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn alice(&self) -> Account {
        Account::log_in(self.server.address, ALICE).unwrap()
    }

    /// Ends it and has its journal checked by the program itself.
    pub(crate) fn end(self) -> String {
        let data_dir = self.data_dir();
        let (status, log) = self.server.end_with("TERM");
        assert_eq!(status.code(), Some(0), "{log}");
        let verified = run([Path::new("journal"), Path::new("verify"), &data_dir]);
        assert_eq!(verified.status.code(), Some(0), "{}", text(&verified.stderr));
        log
    }
}

fn refusal(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let error = text(&output.stderr);
    assert_eq!(error.lines().count(), 1, "{error}");
    error.trim_end().strip_prefix("openmart: ").unwrap_or_else(|| panic!("{error}")).to_owned()
}

#[test]
fn a_start_with_faults_is_loud_and_loses_an_answer_but_no_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("faults.toml");
    fs::write(&file, LOST).unwrap();
    let demo = Demo::start(&["--faults", file.to_str().unwrap()]);
    let order = limit("BTC_USDT", Side::Buy, "1", "20000");
    assert!(demo.alice().place(&order).is_err(), "the answer is lost");
    let orders = demo.alice().orders("BTC_USDT").unwrap();
    assert_eq!(orders.len(), 1, "and the order is there, once: {orders:?}");
    assert_eq!(demo.alice().cancel(orders[0].entrust_id).unwrap().body, "{}");
    let list = demo.json(&["faults", "list"]);
    assert_eq!((&list["rules"][0]["seen"], &list["rules"][0]["struck"]), (&1.into(), &1.into()));
    let log = demo.end();
    assert!(log.contains("WARN") && log.contains("FAULTS ARE ON") && log.contains("lost"), "{log}");
}

#[test]
fn faults_are_added_shown_and_ended_while_it_runs() {
    let demo = Demo::start(&[]);
    assert_eq!(text(&demo.admin(&["faults", "list"]).stdout), "no faults\n");
    let file = demo.file("faults.toml", LOST);
    let shown = text(&demo.admin(&["faults", "add", &file]).stdout);
    let expected = "seed 0\n\
        NAME  MATCHES          WHEN   FAULT             SEEN  STRUCK\n\
        lost  POST /v2/orders  nth 1  disconnect-after  0     0\n";
    assert_eq!(shown, expected);
    let again = refusal(&demo.admin(&["faults", "add", &file]), 1);
    assert!(again.starts_with(&file), "{again}");
    assert!(again.ends_with("fault rule 1 (\"lost\"): there is a rule of this name already"));
    let other = demo.file("other.toml", "seed = 5\n[[rule]]\nname = \"slow\"\nprobability = 0.5\nfault = { kind = \"latency\", delay = { distribution = \"fixed\", ms = 1 } }\n");
    let seeded = refusal(&demo.admin(&["faults", "add", &other]), 1);
    assert!(seeded.contains("use `openmart admin faults set`"), "{seeded}");
    let shown = text(&demo.admin(&["faults", "set", &other]).stdout);
    assert!(shown.starts_with("seed 5\n"), "{shown}");
    assert!(
        shown.contains(
            "slow  all      probability 0.5  latency distribution=fixed ms=1 point=before"
        ),
        "{shown}"
    );
    demo.alice();
    let list = demo.json(&["faults", "list"]);
    assert_eq!(list["rules"][0]["seen"], 1);
    let missing = refusal(&demo.admin(&["faults", "remove", "lost"]), 1);
    assert_eq!(missing, "there is no fault rule \"lost\"");
    assert_eq!(text(&demo.admin(&["faults", "remove", "slow"]).stdout), "no faults\n");
    demo.admin(&["faults", "add", &file]);
    assert_eq!(text(&demo.admin(&["faults", "clear"]).stdout), "no faults\n");
    let order = limit("BTC_USDT", Side::Buy, "1", "20000");
    placed(&demo.alice().place(&order).unwrap());
    let log = demo.end();
    assert_eq!(log.matches("FAULTS ARE ON").count(), 3, "{log}");
    assert_eq!(log.matches("faults are off").count(), 2, "{log}");
}

#[test]
fn a_race_is_armed_and_its_truth_is_in_the_journal() {
    let demo = Demo::start(&[]);
    let shown = demo.admin(&["race", "arm", "fill-before-cancel", "--key", ALICE.key]);
    assert!(text(&shown.stdout).contains("fill-before-cancel"), "{shown:?}");
    let mut alice = demo.alice();
    let id = placed(&alice.place(&limit("BTC_USDT", Side::Buy, "1", "20000")).unwrap());
    let refused = alice.cancel(id).unwrap();
    assert_eq!((refused.status, refused.header("X-Openmart-Reason")), (404, Some("filled")));
    assert_eq!(alice.trades("BTC_USDT").unwrap().len(), 1);
    let list = demo.json(&["race", "list"]);
    let race = &list["races"][0];
    assert_eq!((race["state"].as_str(), race["order"].as_u64()), (Some("done"), Some(id)));
    assert_eq!(text(&demo.admin(&["race", "clear"]).stdout), "no races\n");
    let nobody = refusal(&demo.admin(&["race", "arm", "cancel-before-fill", "--key", "x"]), 1);
    assert_eq!(nobody, "there is no API key \"x\" that is not revoked");
    let half = ["race", "arm", "fill-before-cancel", "--key", ALICE.key, "--percent", "50"];
    assert_eq!(refusal(&demo.admin(&half), 1), "percent is 100 here");
    let log = demo.end();
    assert!(log.contains("RACE ARMED") && !log.contains(ALICE.secret), "{log}");
}

#[test]
fn the_same_seed_leaves_the_same_journal() {
    let entries = |seed: &str| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("faults.toml");
        let rules = "[[rule]]\nname = \"half\"\nmethod = \"POST\"\npath = \"/v2/orders\"\n\
            probability = 0.5\nfault = { kind = \"answer\", status = 503 }\n";
        fs::write(&file, format!("seed = {seed}\n{rules}")).unwrap();
        let demo = Demo::start(&["--faults", file.to_str().unwrap()]);
        demo.admin(&["race", "arm", "partial-before-cancel", "--key", ALICE.key]);
        let mut alice = demo.alice();
        for amount in ["1", "2", "3", "4", "5", "6", "7", "8"] {
            let answer = alice.place(&limit("BTC_USDT", Side::Buy, amount, "20000")).unwrap();
            if answer.status == 200 {
                assert_eq!(alice.cancel(placed(&answer)).unwrap().body, "{}");
            }
        }
        let data_dir = demo.data_dir();
        let Demo { folder: _kept, server, .. } = demo;
        server.end_with("TERM");
        let shown = run([Path::new("journal"), Path::new("show"), &data_dir, Path::new("--json")]);
        let lines: Vec<Value> = text(&shown.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .map(|mut line: Value| {
                // The clock of the machine is no part of what the seed decides.
                line.as_object_mut().unwrap().remove("time_ms");
                line
            })
            .collect();
        assert!(lines.len() > 12, "{lines:?}");
        lines
    };
    let first = entries("1");
    assert_eq!(first, entries("1"));
    assert_ne!(first, entries("3"));
}

#[test]
fn nobody_without_the_token_is_heard_and_nobody_there_is_said() {
    let demo = Demo::start(&[]);
    let token = demo.data_dir().join("admin.token");
    assert_eq!(fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o600);
    let with = |more: &[&str]| {
        let mut command = openmart(["admin", "faults", "list"]);
        command.args(more).output().unwrap()
    };
    let wrong = with(&["--url", &demo.url, "--token", "wrong"]);
    assert!(refusal(&wrong, 1).starts_with("this needs the operator's token"));
    let right = fs::read_to_string(&token).unwrap();
    let right = with(&["--url", &demo.url, "--token", right.trim()]);
    assert_eq!(text(&right.stdout), "no faults\n");
    let missing = with(&["--url", &demo.url, "--data-dir", "/nowhere"]);
    assert!(
        refusal(&missing, 1).starts_with("cannot read the operator's token /nowhere/admin.token")
    );
    let odd = with(&["--url", "ftp://x", "--token", "t"]);
    assert!(refusal(&odd, 1).contains("is not the address of an operator's listener"));
    // Nobody listens on a port that was given and closed again.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = closed.local_addr().unwrap();
    drop(closed);
    let nobody = with(&["--url", &format!("http://{address}"), "--token", "t"]);
    assert!(refusal(&nobody, 3).starts_with("cannot reach the operator's listener 127.0.0.1:"));
    assert_eq!(with(&["--colour", "red"]).status.code(), Some(2));
}

#[test]
fn a_bad_file_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |content: &str| {
        let file = folder.path().join("faults.toml");
        fs::write(&file, content).unwrap();
        let mut command = openmart(["demo", "--listen", "127.0.0.1:0", "--faults"]);
        command.arg(&file).env("TMPDIR", folder.path());
        let Err(output) = Server::start(command) else { panic!("it started with {content}") };
        refusal(&output, 1)
    };
    let error = refused("[[rule]]\nname = \"a\"\nfault = { kind = \"explode\" }\n");
    assert!(error.contains("faults.toml, line 3: unknown variant `explode`"), "{error}");
    let error = refused(&format!(
        "{LOST}\n[[rule]]\nname = \"b\"\npath = \"/v2/order\"\nfault = {{ kind = \"disconnect-after\" }}\n"
    ));
    assert!(error.contains("faults.toml, line 9: fault rule 2 (\"b\"): no route has"), "{error}");
    let missing = run(["demo", "--listen", "127.0.0.1:0", "--faults", "/nowhere.toml"]);
    assert!(refusal(&missing, 1).starts_with("cannot read the fault rules /nowhere.toml: "));
    let public = run(["demo", "--listen", "127.0.0.1:0", "--admin-listen", "0.0.0.0:0"]);
    assert!(refusal(&public, 1).starts_with("refusing to listen on 0.0.0.0:0"));
}

const PAGE: &str = include_str!("../../../../docs/faults.md");

/// What stands between fences of this language.
fn examples(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    let blocks = PAGE.split(opening.as_str()).skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

#[test]
fn every_example_of_the_page_runs() {
    let demo = Demo::start(&[]);
    let files = examples("toml");
    assert!(files.len() >= 8, "{files:?}");
    for content in &files {
        let file = demo.file("example.toml", content);
        let list = demo.json(&["faults", "set", &file]);
        assert_eq!(list["rules"].as_array().unwrap().len(), content.matches("[[rule]]").count());
    }
    let unseeded = files[0].replace("seed = 7\n", "");
    let token = fs::read_to_string(demo.data_dir().join("admin.token")).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_openmart")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let mut commands = 0;
    for script in examples("sh").iter().filter(|script| !script.starts_with("openmart demo")) {
        demo.file("faults.toml", files[0]);
        for line in script.replace("\\\n", " ").lines() {
            // A file that is added says no seed, as the page says as well.
            if line.contains("faults add") {
                demo.file("faults.toml", &unseeded);
            }
            let output = std::process::Command::new("sh")
                .args(["-ec", line])
                .current_dir(demo.folder.path())
                .env("PATH", &path)
                .env("OPENMART_ADMIN_URL", &demo.url)
                .env("OPENMART_ADMIN_TOKEN", token.trim())
                .output()
                .unwrap();
            assert!(output.status.success(), "{line}: {}", text(&output.stderr));
            assert!(!text(&output.stdout).contains("\"message\""), "{line}: {output:?}");
            commands += 1;
        }
    }
    assert!(commands >= 12, "{commands}");
}
