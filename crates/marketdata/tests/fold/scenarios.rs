//! Small cases with their numbers written out.

use openmart_marketdata::{MarketData, MarketFeed};
use openmart_model::{
    AccountId, Amount, CloseReason, Event, MarketId, Order, OrderId, OrderKind, Price, Quantity,
    Side, TimeInForce, Timestamp, Trade, TradeId,
};

const MARKET: MarketId = MarketId(0);
const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 1_440 * MINUTE_MS;

/// A market to which single facts are told, each as a command of its own.
pub(crate) struct Market {
    pub(crate) data: MarketData,
    sequence: u64,
    trades: u64,
}

impl Market {
    pub(crate) fn new() -> Self {
        let mut data = MarketData::new();
        data.apply(1, Timestamp(0), &[Event::MarketAdded(MARKET)]);
        Self { data, sequence: 1, trades: 0 }
    }

    fn apply(&mut self, time_ms: u64, events: &[Event]) {
        self.sequence += 1;
        self.data.apply(self.sequence, Timestamp(time_ms), events);
    }

    pub(crate) fn rest(&mut self, time_ms: u64, side: Side, ticks: u64, lots: u64) {
        let (price, remaining) = (Price::new(ticks), Quantity::new(lots));
        let order = OrderId(1);
        self.apply(time_ms, &[Event::Rested { order, market: MARKET, side, price, remaining }]);
    }

    /// A sell order that rests and is bought at once.
    pub(crate) fn trade(&mut self, time_ms: u64, ticks: u64, lots: u64) {
        self.rest(time_ms, Side::Sell, ticks, lots);
        let trade = self.trade_event(ticks, lots);
        let closed = closed(Side::Sell, ticks, lots, lots, CloseReason::Filled);
        self.apply(time_ms, &[trade, closed]);
    }

    fn trade_event(&mut self, ticks: u64, lots: u64) -> Event {
        self.trades += 1;
        Event::Traded(Trade {
            id: TradeId(self.trades),
            market: MARKET,
            price: Price::new(ticks),
            quantity: Quantity::new(lots),
            notional: Amount::new(u128::from(ticks) * u128::from(lots)),
            taker_side: Side::Buy,
            taker_order: OrderId(2),
            taker_account: AccountId(0),
            taker_fee: Amount::ZERO,
            maker_order: OrderId(1),
            maker_account: AccountId(1),
            maker_fee: Amount::ZERO,
        })
    }

    pub(crate) fn feed(&self) -> &MarketFeed {
        self.data.market(MARKET).expect("the market was added")
    }
}

fn closed(side: Side, ticks: u64, lots: u64, filled: u64, reason: CloseReason) -> Event {
    let (price, quantity) = (Price::new(ticks), Quantity::new(lots));
    let order = Order {
        id: OrderId(1),
        account: AccountId(1),
        market: MARKET,
        side,
        kind: OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC },
        client_id: None,
        time: Timestamp(0),
        filled: Quantity::new(filled),
        notional: Amount::ZERO,
        fees: Amount::ZERO,
    };
    Event::Closed { order, reason, rested: true }
}

/// The book of the API's own example, with two and with four decimals.
#[test]
fn depth_groups_bids_down_and_asks_up() {
    let mut market = Market::new();
    for (side, ticks, lots) in [
        (Side::Buy, 24_990, 7_500),
        (Side::Buy, 24_990, 25),
        (Side::Buy, 24_985, 30_000),
        (Side::Buy, 24_899, 1_234),
        (Side::Sell, 25_012, 4_000),
        (Side::Sell, 25_030, 12_550),
        (Side::Sell, 25_100, 1_000),
        (Side::Sell, 25_101, 1),
    ] {
        market.rest(0, side, ticks, lots);
    }
    let rows = |digits| {
        let depth = market.feed().depth(digits, 200);
        let row =
            |l: &openmart_marketdata::DepthLevel| (l.price.units(), l.lots, l.lots_total, l.orders);
        let bids: Vec<_> = depth.bids.iter().map(row).collect();
        let asks: Vec<_> = depth.asks.iter().map(row).collect();
        (bids, asks)
    };
    let (bids, asks) = rows(0);
    let expected =
        [(24_990, 7_525, 7_525, 2), (24_985, 30_000, 37_525, 1), (24_899, 1_234, 38_759, 1)];
    assert_eq!(bids, expected);
    assert_eq!(asks.len(), 4);
    let (bids, asks) = rows(2);
    assert_eq!(bids, [(249, 37_525, 37_525, 3), (248, 1_234, 38_759, 1)]);
    assert_eq!(asks, [(251, 17_550, 17_550, 3), (252, 1, 17_551, 1)]);
    let (bids, asks) = rows(255);
    assert_eq!((bids, asks), (vec![(0, 38_759, 38_759, 4)], vec![(1, 17_551, 17_551, 4)]));
}

#[test]
fn a_level_leaves_with_its_last_order() {
    let mut market = Market::new();
    market.rest(0, Side::Sell, 50, 10);
    market.rest(0, Side::Sell, 50, 5);
    let trade = market.trade_event(50, 4);
    market.apply(0, &[trade]);
    let best = |market: &Market| market.feed().best(Side::Sell).map(|best| best.lots);
    assert_eq!(best(&market), Some(11));
    market.apply(0, &[closed(Side::Sell, 50, 10, 4, CloseReason::Canceled)]);
    assert_eq!(best(&market), Some(5));
    market.apply(0, &[closed(Side::Sell, 50, 5, 0, CloseReason::Canceled)]);
    assert_eq!(best(&market), None);
    assert!(market.feed().depth(0, 10).asks.is_empty());
}

#[test]
fn sequences_tell_what_changed() {
    let mut market = Market::new();
    let sequences = |market: &Market| {
        let feed = market.feed();
        (feed.depth_sequence(), feed.trades_sequence(), feed.changed_sequence())
    };
    assert_eq!(sequences(&market), (1, 1, 1));
    market.rest(0, Side::Sell, 50, 10);
    assert_eq!(sequences(&market), (2, 1, 2));
    let trade = market.trade_event(50, 4);
    market.apply(0, &[trade]);
    assert_eq!(sequences(&market), (3, 3, 3));
    market.apply(0, &[closed(Side::Sell, 50, 10, 4, CloseReason::Canceled)]);
    assert_eq!(sequences(&market), (4, 3, 4));
    market.apply(0, &[Event::AccountAdded(AccountId(0))]);
    assert_eq!(sequences(&market), (4, 3, 4));
    assert_eq!(market.data.sequence(), 5);
}

#[test]
fn a_trade_counts_until_the_end_of_its_24th_hour_s_minute() {
    let mut market = Market::new();
    let traded_ms = 10 * DAY_MS + 7 * MINUTE_MS + 30_000;
    market.trade(traded_ms, 100, 3);
    let volume = |now_ms| market.feed().ticker(Timestamp(now_ms)).volume_lots;
    assert_eq!(volume(traded_ms), 3);
    assert_eq!(volume(traded_ms + DAY_MS), 3);
    assert_eq!(volume(traded_ms + DAY_MS + 29_999), 3);
    assert_eq!(volume(traded_ms + DAY_MS + 30_000), 0);
    // A clock behind the last event shows the state as of the last event.
    assert_eq!(volume(traded_ms - DAY_MS), 3);
    assert_eq!(volume(0), 3);
}

#[test]
fn change_is_measured_from_the_last_price_before_the_window() {
    let mut market = Market::new();
    let change = |market: &Market, now_ms| {
        let ticker = market.feed().ticker(Timestamp(now_ms));
        (ticker.open.map(|price| price.ticks()), ticker.change_basis_points())
    };
    assert_eq!(change(&market, DAY_MS), (None, None));
    market.trade(DAY_MS, 200, 1);
    assert_eq!(change(&market, DAY_MS), (Some(200), Some(0)));
    market.trade(DAY_MS + 1, 210, 1);
    market.trade(DAY_MS + MINUTE_MS, 220, 1);
    // No trade before the window: from the first one in it.
    assert_eq!(change(&market, DAY_MS + MINUTE_MS), (Some(200), Some(1_000)));
    // The first minute has left: from its last price.
    assert_eq!(change(&market, 2 * DAY_MS + MINUTE_MS), (Some(210), Some(476)));
    // Everything has left: nothing changed in the last day.
    assert_eq!(change(&market, 9 * DAY_MS), (Some(220), Some(0)));
    let ticker = market.feed().ticker(Timestamp(9 * DAY_MS));
    assert_eq!((ticker.last, ticker.high, ticker.low), (Some(Price::new(220)), None, None));
}

#[test]
fn change_is_rounded_half_away_from_zero() {
    for (open, last, basis_points) in [
        (24_713, 25_012, 121),
        (20_000, 20_001, 1),
        (20_000, 19_999, -1),
        (20_001, 20_002, 0),
        (20_001, 20_000, 0),
        (30_000, 30_001, 0),
        (30_000, 30_002, 1),
        (30_000, 29_998, -1),
        (1, 3, 20_000),
        (3, 1, -6_667),
        (1, u64::MAX, (i128::from(u64::MAX) - 1) * 10_000),
        (u64::MAX, 1, -10_000),
    ] {
        let mut market = Market::new();
        market.trade(0, open, 1);
        market.trade(0, last, 1);
        let ticker = market.feed().ticker(Timestamp(0));
        assert_eq!(ticker.change_basis_points(), Some(basis_points), "{open} to {last}");
    }
}

#[test]
#[should_panic(expected = "no such level at sequence 2")]
fn an_order_leaving_from_nowhere_is_a_bug() {
    Market::new().apply(0, &[closed(Side::Buy, 7, 1, 0, CloseReason::Canceled)]);
}

#[test]
#[should_panic(expected = "more than is at the level at sequence 3")]
fn a_trade_over_more_than_there_is_is_a_bug() {
    let mut market = Market::new();
    market.rest(0, Side::Sell, 50, 10);
    let trade = market.trade_event(50, 11);
    market.apply(0, &[trade]);
}

#[test]
#[should_panic(expected = "was given sequence 1")]
fn a_command_applied_twice_is_a_bug() {
    let mut market = Market::new();
    market.data.apply(1, Timestamp(0), &[]);
}

#[test]
#[should_panic(expected = "was given sequence 3 and Timestamp(9)")]
fn a_time_that_goes_back_is_a_bug() {
    let mut market = Market::new();
    market.rest(10, Side::Sell, 50, 10);
    market.rest(9, Side::Sell, 50, 10);
}

#[test]
#[should_panic(expected = "a quantity without an order at sequence 3")]
fn a_quantity_that_stays_behind_its_order_is_a_bug() {
    let mut market = Market::new();
    market.rest(0, Side::Sell, 50, 10);
    market.apply(0, &[closed(Side::Sell, 50, 9, 0, CloseReason::Canceled)]);
}

#[test]
#[should_panic(expected = "a market out of turn at sequence 2")]
fn a_market_out_of_turn_is_a_bug() {
    Market::new().apply(0, &[Event::MarketAdded(MarketId(2))]);
}

#[test]
fn a_market_is_there_once_it_was_added() {
    let mut market = Market::new();
    assert!(market.data.market(MARKET).is_some());
    assert!(market.data.market(MarketId(1)).is_none());
    market.apply(0, &[Event::MarketAdded(MarketId(1))]);
    let ids: Vec<_> = market.data.markets().map(|(id, _)| id).collect();
    assert_eq!(ids, [MARKET, MarketId(1)]);
}
