//! The command line: names, defaults and help texts. Names are promises to users' scripts.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing_subscriber::filter::LevelFilter;

use crate::admin::arguments::{AdminAccount, AdminAsset, AdminKey, AdminMarket, AdminTransfer};
use crate::commands::arguments::ClientCommand;
use crate::liquidity::Speed;

/// A spot exchange that anyone can run.
///
/// Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 could not reach the exchange.
#[derive(Debug, Parser)]
#[command(name = "openmart", version)]
pub(crate) struct Arguments {
    /// How much to log on standard error: off, error, warn, info, debug or trace [default: warn
    /// for `demo`, info otherwise].
    #[arg(long, global = true, env = "OPENMART_LOG", value_name = "LEVEL")]
    pub(crate) log: Option<LevelFilter>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run an exchange to try things on: four markets, two funded accounts with known keys.
    Demo(Demo),
    /// Run an exchange from a configuration and keep everything in a data folder.
    Serve(Serve),
    /// Tell a running exchange what its operator wants: faults, races, time and state, for those who test clients.
    Admin(Admin),
    /// Print the signature of a message, as `openssl dgst -sha256 -hmac` does.
    Sign(Sign),
    /// Run a demo exchange on which a recorded market trades.
    ReplayMarket(ReplayMarket),
    /// Write a data folder with the orders of seeded makers and takers, as fast as possible.
    Liquidity(Generate),
    /// Look into a data folder while no exchange needs to run.
    #[command(subcommand)]
    Journal(Journal),
    /// Those that talk to an exchange as its clients do.
    #[command(flatten)]
    Client(ClientCommand),
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) server: DemoServer,
    /// Start with empty books and nobody but the two accounts.
    #[arg(long)]
    pub(crate) no_liquidity: bool,
    /// Seed of the demo's market makers.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Where and how the demo runs.
#[derive(Debug, Args)]
pub(crate) struct DemoServer {
    /// Address of the API; port 0 takes a free port. Loopback only: the demo's keys are public.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8470")]
    pub(crate) listen: SocketAddr,
    /// Keep everything in this folder instead of a temporary one.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Rate limits to apply.
    #[arg(long, value_enum, default_value_t = RateLimits::Off)]
    pub(crate) limits: RateLimits,
    /// Address for `openmart admin`, health checks and metrics; port 0 takes a free port [default:
    /// none].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) admin_listen: Option<SocketAddr>,
    /// Break what the rules in this file say; `docs/faults.md` explains them.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
}

/// Which set of rate limits applies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum RateLimits {
    /// None.
    Off,
    /// Those of the historic API.
    Historic,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayMarket {
    /// A CSV file of trades or of book updates; docs/liquidity.md describes it.
    pub(crate) file: PathBuf,
    /// On which of the demo's markets.
    #[arg(long, value_name = "SYMBOL")]
    pub(crate) market: String,
    /// How much faster than recorded, or `max`.
    #[arg(long, value_name = "X|max", default_value = "1")]
    pub(crate) speed: Speed,
    /// Run no exchange: write the data folder with the recorded times, as fast as possible, and end.
    #[arg(long)]
    pub(crate) offline: bool,
    #[command(flatten)]
    pub(crate) server: DemoServer,
}

#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// Seed of the makers and takers.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many commands.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(crate) commands: u64,
    /// A folder that is empty or not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: PathBuf,
    /// Sets a parameter of the model; docs/liquidity.md lists them.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, u64)>,
}

fn setting(text: &str) -> Result<(String, u64), &'static str> {
    let rule = "a setting is a name, an equals sign and a whole number";
    let (name, value) = text.split_once('=').ok_or(rule)?;
    Ok((name.to_owned(), value.parse().map_err(|_| rule)?))
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// What to list, who may trade, and how to run; `openmart.example.toml` explains every field.
    #[arg(long, value_name = "FILE", default_value = "openmart.toml")]
    pub(crate) config: PathBuf,
    /// Data folder [default: what the configuration says, else ./openmart-data].
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Keep everything in a temporary folder that goes when this ends, and let `openmart admin` move time
    /// and state; `docs/time-and-state.md` explains that. For tests.
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// Address of the API; port 0 takes a free port [default: what the configuration says, else
    /// 127.0.0.1:8470].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Address of health checks and metrics [default: what the configuration says, else
    /// 127.0.0.1:8471].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) admin_listen: Option<SocketAddr>,
    /// Break what the rules in this file say; `docs/faults.md` explains them. For tests of clients.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Allow faults and races although others can reach the address, and would meet them too.
    #[arg(long)]
    pub(crate) allow_faults_on_public_bind: bool,
}

/// Where the exchange is, and what it is told.
#[derive(Args)]
pub(crate) struct Admin {
    /// The operator's listener.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "OPENMART_ADMIN_URL",
        default_value = "http://127.0.0.1:8471"
    )]
    pub(crate) url: String,
    /// The operator's token [default: what the data folder holds].
    #[arg(long, global = true, env = "OPENMART_ADMIN_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// The data folder, in which the token lies.
    #[arg(long, global = true, value_name = "DIR", default_value = "./openmart-data")]
    pub(crate) data_dir: PathBuf,
    /// Print the answer as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What it is told.
    #[command(subcommand)]
    pub(crate) noun: AdminNoun,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin").field("url", &self.url).finish_non_exhaustive()
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminNoun {
    /// Break requests, answers and frames by rules; `docs/faults.md` explains them.
    #[command(subcommand)]
    Faults(AdminFaults),
    /// Let the next order of a key run into a race.
    #[command(subcommand)]
    Race(AdminRace),
    /// Hold, move or hurry the clock of an ephemeral exchange.
    #[command(subcommand)]
    Time(AdminTime),
    /// Mark points, fork or rewind an ephemeral exchange.
    #[command(subcommand)]
    State(AdminState),
    /// Open accounts, and see what they have.
    #[command(subcommand)]
    Account(AdminAccount),
    /// Create and revoke keys.
    #[command(subcommand)]
    Key(AdminKey),
    /// Credit an account from outside.
    Deposit(AdminTransfer),
    /// Debit an account's available balance to the outside.
    Withdraw(AdminTransfer),
    /// Add assets.
    #[command(subcommand)]
    Asset(AdminAsset),
    /// Add, halt and resume markets.
    #[command(subcommand)]
    Market(AdminMarket),
    /// Have a snapshot written, and wait for it.
    Snapshot,
    /// Show how the exchange is doing.
    Status,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminTime {
    /// Show what the clock says and how it goes.
    Show,
    /// Let it stand still.
    Freeze {
        /// At this time, in ms since 1970 [default: now].
        #[arg(long, value_name = "MS")]
        at: Option<u64>,
    },
    /// Let it go ahead by so much, and then on as before.
    Step {
        /// Milliseconds.
        ms: u64,
    },
    /// Let it go ahead to a time, and then on as before.
    Jump {
        /// In ms since 1970.
        to_ms: u64,
    },
    /// Let it run so many times as fast as the machine's clock.
    Rate {
        /// From 0.1 to 100000.
        times: f64,
    },
    /// Let it follow the machine's clock again.
    Real,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminState {
    /// Show the last sequence, the points and the forks.
    Show,
    /// Give the last entry a name, to fork from it or rewind to it later.
    Snapshot {
        /// Up to 64 letters, digits, dots, dashes and underscores.
        name: String,
    },
    /// Start a copy that runs apart, on ports of its own.
    Fork(AdminOrigin),
    /// End a copy.
    EndFork {
        /// Its number.
        id: u64,
    },
    /// Let the same address go on with an earlier state.
    Rewind(AdminOrigin),
}

#[derive(Debug, Args)]
pub(crate) struct AdminOrigin {
    /// The last entry that it has.
    #[arg(long, value_name = "N", conflicts_with = "point")]
    pub(crate) sequence: Option<u64>,
    /// The name of a point.
    #[arg(long, value_name = "NAME")]
    pub(crate) point: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminFaults {
    /// Show the rules, and how often each struck.
    List,
    /// Add the rules of a file to those there are; all of them or none. Its seed must not be given.
    Add {
        /// TOML.
        file: PathBuf,
    },
    /// Put the rules of a file in place of all there are. Counts begin anew.
    Set {
        /// TOML.
        file: PathBuf,
    },
    /// End one rule.
    Remove {
        /// Its name.
        name: String,
    },
    /// End every rule.
    Clear,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminRace {
    /// Arm a race for the next order that a key places.
    Arm {
        /// What is to happen.
        #[arg(value_enum)]
        race: RaceName,
        /// The API key.
        #[arg(long)]
        key: String,
        /// How much of what remains is filled [default: 50 for a partial fill, else all].
        #[arg(long, value_name = "N")]
        percent: Option<u8>,
    },
    /// Show races that wait, and the last ones that are over.
    List,
    /// Forget all races but those that are under way.
    Clear,
}

/// What may happen to an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum RaceName {
    /// It is filled just before its cancel arrives.
    FillBeforeCancel,
    /// A part is filled just before its cancel arrives, which takes the rest.
    PartialBeforeCancel,
    /// Its cancel arrives just before somebody wants to take it.
    CancelBeforeFill,
    /// It is filled, and the stream tells of it, before the answer to placing it is sent.
    EventBeforeResponse,
}

#[derive(Args)]
pub(crate) struct Sign {
    /// The message, such as `entrust_id=1223181`.
    pub(crate) message: String,
    /// The secret of the API key; better given as OPENMART_SECRET, which no process list shows.
    #[arg(long, env = "OPENMART_SECRET", hide_env_values = true)]
    pub(crate) secret: String,
}

impl std::fmt::Debug for Sign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sign").field("message", &self.message).finish_non_exhaustive()
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Journal {
    /// Check every file, the hash chain and the snapshots, and replay all entries into an engine.
    Verify {
        /// The data folder.
        dir: PathBuf,
        /// Hold `history.sqlite` against the journal as well, row by row. Writes a second one to the
        /// temporary folder meanwhile.
        #[arg(long)]
        history: bool,
    },
    /// Print entries: sequence, time, command, outcome. Secrets are never shown.
    Show {
        /// The data folder.
        dir: PathBuf,
        /// First sequence to print.
        #[arg(long, value_name = "N", default_value_t = 1)]
        from: u64,
        /// Last sequence to print [default: the last there is].
        #[arg(long, value_name = "N")]
        to: Option<u64>,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Replay entries and print the state they lead to: digest, balances, open orders.
    Replay {
        /// The data folder.
        dir: PathBuf,
        /// Last sequence to apply [default: the last there is].
        #[arg(long, value_name = "SEQ")]
        to: Option<u64>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Write `history.sqlite` anew from the whole journal. No exchange may be running on the folder.
    RebuildHistory {
        /// The data folder.
        dir: PathBuf,
    },
}
