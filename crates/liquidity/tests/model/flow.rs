//! What the flow keeps to, whatever it is told and whoever else trades.

use std::collections::BTreeMap;

use openmart_engine::Engine;
use openmart_liquidity::{Flow, Settings, SetupError, Source};
use openmart_model::{
    AccountId, Amount, AssetId, Command, Digest, Event, MarketId, NewAccount, NewOrder, OrderKind,
    Outcome, Quantity, Side,
};

use crate::venue::{BTC_USDT, Venue};

const MARKETS: [MarketId; 3] = [MarketId(0), MarketId(1), MarketId(2)];

fn flow(settings: Settings, venue: &Venue) -> Flow {
    Flow::new(settings, &Venue::values(), &venue.engine).unwrap()
}

fn run(venue: &mut Venue, flow: &mut Flow, until_us: u64) -> Vec<(u64, Command)> {
    let mut commands = Vec::new();
    loop {
        let (batch, _) = venue.step(flow).unwrap();
        commands.extend(batch.commands.into_iter().map(|command| (batch.due_us, command)));
        if batch.due_us >= until_us {
            return commands;
        }
    }
}

/// The flow of a seed is a promise to whoever keeps a seed. Whoever changes the model on purpose changes this
/// number with it, and says so in the changelog.
#[test]
fn the_flow_of_a_seed_stays_the_same() {
    let mut venue = Venue::new();
    let mut flow = flow(Settings { seed: 42, ..Settings::default() }, &venue);
    let commands = run(&mut venue, &mut flow, 600_000_000);
    let mut digest = Digest::new();
    for (due_us, command) in &commands {
        let mut bytes = Vec::new();
        command.encode(&mut bytes);
        digest.word(*due_us);
        digest.bytes(&bytes);
    }
    assert_eq!((commands.len(), digest.value()), (22_615, 12_969_846_091_785_463_330));
}

#[test]
fn rate_and_open_orders_are_bounded() {
    let settings = Settings {
        commands_per_second_max: 20,
        orders_open_max: 40,
        quotes_per_minute: 6_000,
        takes_per_minute: 6_000,
        ..Settings::default()
    };
    let mut venue = Venue::new();
    let mut flow = flow(settings, &venue);
    let mut commands = 0;
    loop {
        let (batch, _) = venue.step(&mut flow).unwrap();
        commands += batch.commands.len();
        for market in MARKETS {
            let open = (0..venue.engine.accounts_len()).map(|account| {
                let open = venue.engine.open_orders(AccountId(account as u32));
                open.filter(|order| order.market == market).count()
            });
            assert!(open.sum::<usize>() <= 40);
        }
        if batch.due_us >= 60_000_000 {
            break;
        }
    }
    // The first quotes come at once; deposits come with the order that needs them.
    assert!((900..1_500).contains(&commands), "{commands} commands in a minute");
}

#[test]
fn prices_of_all_markets_fit_together() {
    let mut venue = Venue::new();
    let mut flow = flow(Settings::default(), &venue);
    let middle = |engine: &Engine, market: MarketId, ticks: f64| {
        let best = |side| engine.best_price(market, side).map(|price| price.ticks() as f64);
        Some((best(Side::Buy)? + best(Side::Sell)?) / 2.0 / ticks)
    };
    let mut farthest: f64 = 0.0;
    for second in 1..=3_600_u64 {
        run(&mut venue, &mut flow, second * 1_000_000);
        let middles = MARKETS.map(|at| middle(&venue.engine, at, [1e2, 1e2, 1e6][at.index()]));
        if let [Some(btc_usdt), Some(eth_usdt), Some(eth_btc)] = middles {
            farthest = farthest.max((eth_btc * btc_usdt / eth_usdt - 1.0).abs());
        }
    }
    assert!(farthest < 0.01, "{farthest}");
    assert!(farthest > 0.0, "they are books of their own");
}

/// An account that has more than anybody.
fn outsider(venue: &mut Venue) -> AccountId {
    let deposits = (0..3).map(|asset| (AssetId(asset), Amount::new(1 << 90))).collect();
    let account = NewAccount { name: "outsider".into(), deposits, keys: Vec::new() };
    match venue.apply(0, &Command::AddAccount(account)).0 {
        Ok(Outcome::AccountAdded(account)) => account,
        other => panic!("{other:?}"),
    }
}

#[test]
fn books_that_somebody_empties_fill_again() {
    let mut venue = Venue::new();
    let me = outsider(&mut venue);
    let mut flow = flow(Settings::default(), &venue);
    run(&mut venue, &mut flow, 10_000_000);
    for round in 2..=60_u64 {
        let side = if round % 2 == 0 { Side::Buy } else { Side::Sell };
        let kind = OrderKind::Market { quantity: Quantity::new(1_000_000_000) };
        let order = NewOrder { account: me, market: BTC_USDT, side, kind, client_id: None };
        venue.apply(round * 10_000_000, &Command::Place(order)).0.unwrap();
        assert_eq!(venue.engine.best_price(BTC_USDT, side.opposite()), None, "it was emptied");
        run(&mut venue, &mut flow, round * 10_000_000);
        assert!(venue.engine.best_price(BTC_USDT, side.opposite()).is_some(), "round {round}");
    }
    assert!(venue.engine.check().is_ok());
}

#[test]
fn who_runs_out_is_refilled_and_who_has_too_much_gives_back() {
    let settings = Settings { account_value: 60_000, makers: 1, takers: 1, ..Settings::default() };
    let mut venue = Venue::new();
    let mut flow = flow(settings, &venue);
    let commands = run(&mut venue, &mut flow, 3_600_000_000);
    let count =
        |is: fn(&Command) -> bool| commands.iter().filter(|(_, command)| is(command)).count();
    assert!(count(|command| matches!(command, Command::Deposit { .. })) > 10);
    assert!(count(|command| matches!(command, Command::Withdraw { .. })) > 10);
    assert!(commands.len() > 100_000, "and the flow goes on");
}

#[test]
fn an_order_on_the_wrong_side_of_the_value_is_taken() {
    let mut venue = Venue::new();
    let me = outsider(&mut venue);
    let mut flow = flow(Settings::default(), &venue);
    run(&mut venue, &mut flow, 5_000_000);
    let bid = venue.engine.best_price(BTC_USDT, Side::Buy).unwrap();
    let kind = OrderKind::Limit {
        price: openmart_model::Price::new(bid.ticks() + bid.ticks() / 50),
        quantity: Quantity::new(2_000_000),
        time_in_force: openmart_model::TimeInForce::GTC,
    };
    let order = NewOrder { account: me, market: BTC_USDT, side: Side::Buy, kind, client_id: None };
    let (placed, _) = venue.apply(5_000_000, &Command::Place(order));
    let Ok(Outcome::Placed { order, .. }) = placed else { panic!("{placed:?}") };
    run(&mut venue, &mut flow, 600_000_000);
    assert!(venue.engine.order(order).is_none(), "20 BTC, 2 % above the market");
}

#[test]
fn another_run_goes_on_with_orders_and_prices_of_the_one_before() {
    let mut venue = Venue::new();
    let volatile = Settings { volatility_ppm: 10_000_000, ..Settings::default() };
    let mut first = flow(volatile, &venue);
    run(&mut venue, &mut first, 3_600_000_000);
    drop(first);
    let last = venue.engine.last_price(BTC_USDT).unwrap().ticks() as f64;
    assert!((last / 6_000_000.0 - 1.0).abs() > 0.005, "it moved: {last}");
    let open = venue.engine.orders_open();
    let mut second = flow(Settings::default(), &venue);
    assert_eq!(second.next(&venue.engine).unwrap().commands, [], "accounts are there");
    let (batch, events) = venue.step(&mut second).unwrap();
    assert!(batch.commands.len() < 270 && venue.engine.orders_open() >= open);
    let placed = events.iter().filter_map(|event| match event {
        Event::Placed(order) if order.market == BTC_USDT => order.kind.price(),
        _ => None,
    });
    for price in placed {
        assert!((price.ticks() as f64 / last - 1.0).abs() < 0.02, "{price:?} near {last}");
    }
}

#[test]
fn a_setup_that_cannot_be_is_refused() {
    let venue = Venue::new();
    let setup = |values: &[(&str, u128)]| {
        let values: BTreeMap<String, u128> =
            values.iter().map(|(code, value)| ((*code).to_owned(), *value)).collect();
        Flow::new(Settings::default(), &values, &venue.engine).map(drop)
    };
    assert_eq!(setup(&[("BTC", 5)]), Err(SetupError::NoMarket));
    assert_eq!(setup(&[("BTC", 5), ("XYZ", 5)]), Err(SetupError::UnknownAsset("XYZ".into())));
    assert_eq!(setup(&[("BTC", 0), ("USDT", 5)]), Err(SetupError::ZeroValue("BTC".into())));
    assert_eq!(setup(&[("BTC", 5), ("USDT", 1)]), Ok(()));
}

#[test]
fn settings_at_their_ends_do_no_harm() {
    for setting in Settings::ALL {
        for value in [*setting.range.start(), *setting.range.end()] {
            let mut settings = Settings { commands_per_second_max: 50, ..Settings::default() };
            // A flow of so many accounts would only take long.
            settings.set(setting.name, value).unwrap();
            let mut venue = Venue::new();
            let mut flow = flow(settings, &venue);
            for _ in 0..300 {
                venue.step(&mut flow).unwrap();
            }
            assert!(venue.engine.check().is_ok(), "{} = {value}", setting.name);
        }
    }
}
