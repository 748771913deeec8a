//! No cancel is refused while a new order is admitted, however many orders are offered. No clock is
//! involved: a gate stops the disk, so that the queues fill.

use openmart_exchange::{Lane, Pending, SubmitError};
use openmart_model::{
    AccountId, Command, MarketId, NewOrder, OrderId, OrderKind, Outcome, Price, Quantity, Side,
    TimeInForce,
};
use openmart_sim::cancels::listing;
use openmart_sim::random::Random;
use openmart_sim::venue::gated;

const QUEUE_ORDERS_MAX: usize = 64;
const QUEUE_CANCELS_MAX: usize = 256;
const ROUNDS: u64 = 40;
/// Orders offered while the disk stands still: ten times what there is room for.
const OFFERED: usize = 10 * QUEUE_ORDERS_MAX;
const CANCELS: usize = 100;

fn order() -> Command {
    let (price, quantity) = (Price::new(100), Quantity::new(1));
    let kind = OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC };
    let (account, market, side) = (AccountId(0), MarketId(0), Side::Buy);
    Command::Place(NewOrder { account, market, side, kind, client_id: None })
}

fn cancel(order: OrderId) -> Command {
    Command::Cancel { account: AccountId(0), order }
}

fn placed(pending: Pending) -> OrderId {
    match pending.wait().expect("the exchange runs").result {
        Ok(Outcome::Placed { order, .. }) => order,
        other => panic!("not placed: {other:?}"),
    }
}

#[test]
fn orders_at_ten_times_the_room_are_refused_and_cancels_are_not() {
    let (exchange, gate) = gated(QUEUE_ORDERS_MAX, QUEUE_CANCELS_MAX, listing());
    let mut open: Vec<OrderId> =
        (0..CANCELS).map(|_| placed(exchange.submit(order()).unwrap())).collect();
    let (mut admitted_all, mut refused_all) = (0, 0);
    for seed in 0..ROUNDS {
        let mut random = Random::new(seed);
        gate.shut();
        let running = exchange.submit(order()).unwrap();
        gate.wait_for_sync();
        let (mut admitted, mut cancels, mut refused) = (vec![running], Vec::new(), 0);
        let mut asked: Vec<OrderId> = open.drain(..open.len().min(CANCELS)).collect();
        let (mut offered, mut left) = (OFFERED, asked.len());
        while offered + left > 0 {
            if random.index(offered + left) < left {
                left -= 1;
                let pending = exchange.submit(cancel(asked[left]));
                cancels.push(pending.unwrap_or_else(|refusal| {
                    panic!(
                        "seed {seed}: a cancel was refused with {offered} orders to come: {refusal}"
                    )
                }));
            } else {
                offered -= 1;
                match exchange.submit(order()) {
                    Ok(pending) => admitted.push(pending),
                    Err(refusal) => {
                        let limit = QUEUE_ORDERS_MAX;
                        assert_eq!(refusal, SubmitError::Overloaded { lane: Lane::Orders, limit });
                        refused += 1;
                    }
                }
            }
        }
        assert_eq!(admitted.len(), 1 + QUEUE_ORDERS_MAX, "seed {seed}");
        assert_eq!(refused, OFFERED - QUEUE_ORDERS_MAX, "seed {seed}");
        gate.open();
        for pending in cancels {
            let result = pending.wait().unwrap().result;
            let order = asked.pop().expect("one order for each cancel");
            assert!(
                matches!(result, Ok(Outcome::Canceled { .. })),
                "seed {seed}, {order}: {result:?}"
            );
        }
        admitted_all += admitted.len();
        refused_all += refused;
        open.extend(admitted.into_iter().map(placed));
    }
    let status = exchange.status();
    assert_eq!(status.counters.overloaded, refused_all as u64);
    assert_eq!(exchange.view(|state| state.engine().orders_open()), open.len());
    assert!(admitted_all > 0 && (status.queued_orders, status.queued_cancels) == (0, 0));
}

/// The other way round: so many cancels wait that there is no room for one more.
#[test]
fn an_order_is_refused_while_a_cancel_would_be() {
    let (exchange, gate) = gated(QUEUE_ORDERS_MAX, QUEUE_CANCELS_MAX, listing());
    gate.shut();
    let running = exchange.submit(order()).unwrap();
    gate.wait_for_sync();
    let cancels: Vec<Pending> = (1..=QUEUE_CANCELS_MAX as u64)
        .map(|id| exchange.submit(cancel(OrderId(id))).unwrap())
        .collect();
    assert!(exchange.submit(cancel(OrderId(1))).is_err(), "there was room for one more cancel");
    let admitted = exchange.submit(order());
    gate.open();
    drop((running, cancels));
    assert!(admitted.is_err(), "an order was admitted while a cancel was refused");
}
