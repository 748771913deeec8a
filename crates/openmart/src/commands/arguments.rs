//! The arguments of the commands that talk to an exchange.

use std::fmt;

use clap::{ArgAction, Args, Subcommand, ValueEnum};
use clap_complete::Shell;
use openmart_client::{ClientOrderId, Decimal, Side, StatusFilter, limits};

#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Place, cancel and look at orders.
    #[command(subcommand)]
    Order(OrderCommand),
    /// What the account has.
    Balances(Balances),
    /// The last trades of a market, or the account's own.
    Trades(Trades),
    /// The last 24 hours and best prices of one market or of all.
    Ticker(Ticker),
    /// The order book of a market.
    Book(Book),
    /// Print what the exchange pushes, line by line, until interrupted.
    Watch(Watch),
    /// Print a completion script for a shell.
    Completions(Completions),
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// Place a limit order, good till canceled.
    Place(PlaceOrder),
    /// Cancel an order.
    Cancel(OneOrder),
    /// Cancel all orders of the account in a market, or those of one side.
    CancelAll(CancelAll),
    /// List the account's orders in a market, newest first.
    List(ListOrders),
    /// Show one order.
    Show(OneOrder),
}

/// Where the exchange is, who asks, and how to print.
#[derive(Args, Clone)]
pub(crate) struct Connection {
    /// Base URL of the exchange.
    #[arg(
        long,
        env = "OPENMART_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8470",
        help_heading = "Connection"
    )]
    pub(crate) url: String,
    /// API key.
    #[arg(long, env = "OPENMART_KEY", value_name = "KEY", help_heading = "Connection")]
    pub(crate) key: Option<String>,
    /// Its secret; better given as OPENMART_SECRET, which no process list shows.
    #[arg(
        long,
        env = "OPENMART_SECRET",
        hide_env_values = true,
        value_name = "SECRET",
        help_heading = "Connection"
    )]
    pub(crate) secret: Option<String>,
    /// Its memo.
    #[arg(
        long,
        env = "OPENMART_MEMO",
        hide_env_values = true,
        value_name = "MEMO",
        help_heading = "Connection"
    )]
    pub(crate) memo: Option<String>,
    /// Print JSON with the names of the API instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("url", &self.url).finish_non_exhaustive()
    }
}

#[derive(Debug, Args)]
pub(crate) struct PlaceOrder {
    /// The market, such as BTC_USDT.
    pub(crate) symbol: String,
    /// `buy` or `sell`.
    #[arg(value_parser = side)]
    pub(crate) side: Side,
    /// Quantity in the base asset.
    pub(crate) amount: Decimal,
    /// Limit price in the quote asset.
    pub(crate) price: Decimal,
    /// A name for the order, under which there can be no second one [default: a random one].
    #[arg(long, value_name = "ID", value_parser = client_order_id)]
    pub(crate) client_order_id: Option<ClientOrderId>,
    /// Send no name, for servers that know none; a lost answer then leaves the outcome unknown.
    #[arg(long, conflicts_with = "client_order_id")]
    pub(crate) nameless: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct OneOrder {
    /// Its id, as placing and listing print it.
    #[arg(value_name = "ID")]
    pub(crate) order_id: u64,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct CancelAll {
    /// The market, such as BTC_USDT.
    pub(crate) symbol: String,
    /// `buy` or `sell` [default: both, one after the other].
    #[arg(value_parser = side)]
    pub(crate) side: Option<Side>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct ListOrders {
    /// The market, such as BTC_USDT.
    pub(crate) symbol: String,
    /// Which orders.
    #[arg(long, value_enum, default_value_t = Status::Open)]
    pub(crate) status: Status,
    #[command(flatten)]
    pub(crate) page: Page,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Which orders a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Status {
    /// In the book.
    Open,
    /// Completely filled.
    Filled,
    /// Canceled.
    Canceled,
    /// Filled or canceled.
    Finished,
    /// Every order.
    All,
}

impl Status {
    pub(crate) fn filter(self) -> StatusFilter {
        match self {
            Self::Open => StatusFilter::InBook,
            Self::Filled => StatusFilter::Filled,
            Self::Canceled => StatusFilter::Canceled,
            Self::Finished => StatusFilter::Finished,
            Self::All => StatusFilter::All,
        }
    }
}

/// A part of a list.
#[derive(Debug, Args)]
pub(crate) struct Page {
    /// Rows on a page.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::PAGE_ROWS_MAX))
    )]
    pub(crate) limit: u32,
    /// Which page, from 0.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        value_parser = clap::value_parser!(u64).range(..=limits::PAGE_OFFSET_MAX)
    )]
    pub(crate) page: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Balances {
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct Trades {
    /// The market, such as BTC_USDT.
    pub(crate) symbol: String,
    /// The account's own trades instead of everybody's last 50.
    #[arg(long)]
    pub(crate) own: bool,
    /// Only those of one order; implies --own.
    #[arg(long, value_name = "ID")]
    pub(crate) order: Option<u64>,
    #[command(flatten)]
    pub(crate) page: Page,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct Ticker {
    /// The market, such as BTC_USDT [default: all of them].
    pub(crate) symbol: Option<String>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct Book {
    /// The market, such as BTC_USDT.
    pub(crate) symbol: String,
    /// Price levels of each side to print.
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "watch")]
    pub(crate) levels: usize,
    /// Group prices by so many decimals [default: as many as the market has].
    #[arg(long, value_name = "N")]
    pub(crate) precision: Option<u8>,
    /// Draw the book live in this terminal, with one's own orders marked and a key to cancel them.
    #[arg(long, conflicts_with = "json")]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The market, such as BTC_USDT.
    pub(crate) symbol: String,
    /// What to follow; may be given more than once.
    #[arg(
        long = "channel",
        value_name = "CHANNEL",
        value_enum,
        action = ArgAction::Append,
        default_values_t = [Channel::Trades]
    )]
    pub(crate) channels: Vec<Channel>,
    /// Minutes of a candle.
    #[arg(long, value_name = "MINUTES", default_value_t = 1)]
    pub(crate) step: u32,
    /// End after so many lines.
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Something that the exchange pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Channel {
    /// Trades, first the last 15.
    Trades,
    /// The top of the order book.
    Book,
    /// The last 24 hours.
    Price,
    /// The running candle.
    Kline,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_parser = shell)]
    pub(crate) shell: Shell,
}

fn side(text: &str) -> Result<Side, &'static str> {
    Side::parse(text).ok_or("a side is `buy` or `sell`")
}

fn client_order_id(text: &str) -> Result<ClientOrderId, openmart_client::UsageError> {
    ClientOrderId::new(text)
}

/// The shells that we promise, of those that the library knows.
fn shell(text: &str) -> Result<Shell, &'static str> {
    match text {
        "bash" => Ok(Shell::Bash),
        "zsh" => Ok(Shell::Zsh),
        "fish" => Ok(Shell::Fish),
        _ => Err("a shell is `bash`, `zsh` or `fish`"),
    }
}
