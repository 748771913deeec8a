//! How long a test waits for an exchange of its own, and what hundreds of them take.
//!
//! Enters: how many at once. Leaves: the time from start to the answer of the first cancel of one
//! venue, and of so many together, with threads, files and memory; a table and JSON.
//!
//! ```text
//! venues [--small] [--count N] [--rounds N] [--json FILE]
//! ```

use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

use openmart_test::Venue;
use openmart_test::client::{NewOrder, Side};
use serde_json::{Value, json};

/// Venues at once, and rounds of one alone; with `--small` the second of each.
const COUNT: [usize; 2] = [200, 8];
const ROUNDS: [usize; 2] = [50, 3];

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let small = usize::from(arguments.iter().any(|word| word == "--small"));
    let given = |name: &str| {
        let at = arguments.iter().position(|word| word == name);
        at.and_then(|at| arguments.get(at + 1)).map(String::as_str)
    };
    let number = |name: &str, default: usize| given(name).map_or(Ok(default), str::parse);
    let (count, rounds) = (number("--count", COUNT[small])?, number("--rounds", ROUNDS[small])?);
    // The shared threads are there from the first one on.
    first_cancel().await?;
    let one = alone(rounds).await?;
    let many = together(count).await?;
    let result = json!({ "alone": one, "together": many });
    println!("{}", serde_json::to_string_pretty(&result)?);
    if let Some(file) = given("--json") {
        fs::write(file, serde_json::to_string_pretty(&result)?)?;
    }
    Ok(())
}

/// One after the other, in milliseconds.
async fn alone(rounds: usize) -> Result<Value, Failure> {
    let (mut taken, mut ends) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let begun = Instant::now();
        let venue = first_cancel().await?;
        taken.push(begun.elapsed());
        let begun = Instant::now();
        drop(venue);
        ends.push(begun.elapsed());
    }
    Ok(json!({
        "rounds": rounds, "to_first_cancel_ms": spread(&mut taken), "to_end_ms": spread(&mut ends),
    }))
}

/// All at once: from the first start to the last cancel, and what they take while all are there.
async fn together(count: usize) -> Result<Value, Failure> {
    let before = Taken::now()?;
    let begun = Instant::now();
    let starting: Vec<_> = (0..count).map(|_| tokio::spawn(first_cancel())).collect();
    let mut venues = Vec::new();
    for starting in starting {
        venues.push(starting.await??);
    }
    let wall = begun.elapsed();
    let during = Taken::now()?;
    let each =
        |figure: fn(&Taken) -> u64| (figure(&during) - figure(&before)) as f64 / count as f64;
    let begun = Instant::now();
    drop(venues);
    let end = begun.elapsed();
    let after = Taken::now()?;
    Ok(json!({
        "venues": count, "to_last_cancel_ms": ms(wall), "to_end_ms": ms(end),
        "each": {
            "threads": each(|taken| taken.threads), "files": each(|taken| taken.files),
            "resident_kib": each(|taken| taken.resident_kib),
        },
        "before": before.json(), "during": during.json(), "after": after.json(),
    }))
}

async fn first_cancel() -> Result<Venue, Failure> {
    let venue = Venue::start().await?;
    let alice = venue.client("alice")?;
    let order = NewOrder::named("BTC_USDT", Side::Buy, "0.5".parse()?, "20000".parse()?);
    let placed = alice.place_order(&order).await?;
    alice.cancel_order(placed.order_id).await?;
    Ok(venue)
}

/// What the process has of the system.
struct Taken {
    threads: u64,
    files: u64,
    resident_kib: u64,
}

impl Taken {
    fn now() -> Result<Self, Failure> {
        let status = fs::read_to_string("/proc/self/status")?;
        let of = |name: &str| -> Result<u64, Failure> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let line = line.ok_or_else(|| format!("no {name} in /proc/self/status"))?;
            Ok(line.trim().trim_end_matches(" kB").parse()?)
        };
        let files = fs::read_dir("/proc/self/fd")?.count() as u64;
        Ok(Self { threads: of("Threads:")?, files, resident_kib: of("VmRSS:")? })
    }

    fn json(&self) -> Value {
        json!({ "threads": self.threads, "files": self.files, "resident_kib": self.resident_kib })
    }
}

fn ms(taken: Duration) -> f64 {
    taken.as_secs_f64() * 1_000.0
}

fn spread(taken: &mut [Duration]) -> Value {
    taken.sort();
    let at = |share: usize| taken.get((taken.len() * share / 100).min(taken.len() - 1));
    json!({ "median": at(50).map(|at| ms(*at)), "p95": at(95).map(|at| ms(*at)), "most": at(100).map(|at| ms(*at)) })
}
