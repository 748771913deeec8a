"""Scenarios of one account's orders: place, show, cancel, cancel all, and every refusal.

Enters: alice and bob, signed in, with no open orders. Leaves: the same, or WrongAnswer.
"""

import time
from decimal import Decimal

import ccxt
from ccxt_accounts import MODERN, balances, check, check_moved, header, refused

# Prices of a market stay close together in all client tests, since the price band refuses
# orders above five times the best offer or the last trade.
RESTING = [
    # symbol, side, amount, price, then how the server must print both
    ("BMX/ETH", "buy", 100, 0.00001, "100.00", "0.00001000"),
    ("BMX/ETH", "buy", 1000.5, 0.0000001, "1000.50", "0.00000010"),
    ("BMX/ETH", "buy", 1234567.89, 0.00007, "1234567.89", "0.00007000"),
    ("BMX/ETH", "sell", 0.5, 0.00012345, "0.50", "0.00012345"),
    ("BTC/USDT", "buy", 0.12345, 43210.99, "0.12345", "43210.99"),
    ("BTC/USDT", "sell", 1, 43210.99, "1.00000", "43210.99"),
    ("ETH/USDT", "buy", 12.3456, 900, "12.3456", "900.00"),
    ("ETH/BTC", "sell", 1.2345, 0.021383, "1.2345", "0.021383"),
]


def hold(symbol, side, amount, price):
    """The asset an order freezes, and how much of it."""
    base, quote = symbol.split("/")
    if side == "buy":
        return quote, Decimal(amount) * Decimal(price)
    return base, Decimal(amount)


def ids(orders):
    return [order["id"] for order in orders]


def place_show_cancel(alice, bob):
    for symbol, side, amount, price, amount_out, price_out in RESTING:
        name = f"{side} {amount_out} {symbol} at {price_out}"
        before = balances(alice)
        order_id = alice.create_order(symbol, "limit", side, amount, price)["id"]
        placed_at = int(header(alice, "X-Openmart-Sequence"))
        asset, frozen = hold(symbol, side, amount_out, price_out)
        check_moved(f"{name}: hold", before, alice, {asset: (-frozen, frozen)})

        order = alice.fetch_order(order_id)
        timestamp = order["info"].pop("timestamp")
        check(f"{name}: time is close to ours", abs(timestamp - time.time() * 1000) < 60_000, True)
        check(
            f"{name}: order",
            order["info"],
            {
                "entrust_id": int(order_id),
                "symbol": symbol.replace("/", "_"),
                "side": side,
                "price": price_out,
                "fees": "0.0000000000",
                "original_amount": amount_out,
                "executed_amount": "0" + amount_out[amount_out.index(".") :].translate({ord(d): "0" for d in "123456789"}),
                "remaining_amount": amount_out,
                "status": 1,
            },
        )
        check(f"{name}: status in ccxt", order["status"], "open")
        check(f"{name}: open orders", ids(alice.fetch_open_orders(symbol)), [order_id])
        check(f"{name}: not seen by others", ids(bob.fetch_open_orders(symbol)), [])

        alice.cancel_order(order_id, symbol)
        check(f"{name}: bytes of the cancel", alice.last_http_response, "{}")
        check(f"{name}: sequence of the cancel", int(header(alice, "X-Openmart-Sequence")) > placed_at, True)
        check_moved(f"{name}: funds after the cancel", before, alice, {})
        order = alice.fetch_order(order_id)
        check(f"{name}: canceled", (order["status"], order["remaining"]), ("canceled", float(amount_out)))
        check(f"{name}: open orders after", ids(alice.fetch_open_orders(symbol)), [])
        check(f"{name}: among canceled", order_id in ids(alice.fetch_canceled_orders(symbol)), True)
        check(f"{name}: not among closed", order_id in ids(alice.fetch_closed_orders(symbol)), False)


def sample_below_minimum(alice, bob):
    """0.1 at 0.00001, which old releases write as 1e-05, obeys the minimum the market declares.

    Either way the signature must have been accepted: it is checked before the size.
    """
    smallest = Decimal(alice.markets["BMX/ETH"]["info"]["min_buy_amount"])
    place = lambda: alice.create_order("BMX/ETH", "limit", "buy", 0.1, 0.00001)
    if Decimal("0.1") * Decimal("0.00001") < smallest:
        refused("0.1 at 0.00001", place, ccxt.ExchangeError, f"Minimum buy amount is {smallest:.10f}")
    else:
        alice.cancel_order(place()["id"], "BMX/ETH")


def cancel_too_late(alice, bob):
    order_id = alice.create_order("BMX/ETH", "limit", "buy", 100, 0.00001)["id"]
    before = balances(alice)

    for what, exchange, wanted in [("foreign order", bob, order_id), ("unknown order", alice, "999999999999")]:
        refused(what, lambda: exchange.cancel_order(wanted, "BMX/ETH"), ccxt.OrderNotFound, "Not found")
        check(f"{what}: reason", header(exchange, "X-Openmart-Reason"), "unknown")
        refused(f"{what}, shown", lambda: exchange.fetch_order(wanted), ccxt.OrderNotFound, "Not found")
    check("the order is untouched", ids(alice.fetch_open_orders("BMX/ETH")), [order_id])
    check_moved("its hold is untouched", before, alice, {})

    alice.cancel_order(order_id, "BMX/ETH")
    before = balances(alice)
    refused("second cancel", lambda: alice.cancel_order(order_id, "BMX/ETH"), ccxt.OrderNotFound, "Not found")
    check("second cancel: reason", header(alice, "X-Openmart-Reason"), "canceled")
    check_moved("second cancel frees nothing", before, alice, {})


def cancel_all(alice, bob):
    before = balances(alice)
    bids = [alice.create_order("BMX/ETH", "limit", "buy", amount, 0.00011)["id"] for amount in (10, 20.5, 3)]
    asks = [alice.create_order("BMX/ETH", "limit", "sell", amount, 0.0002)["id"] for amount in (7, 8.25)]
    elsewhere = alice.create_order("ETH/USDT", "limit", "buy", 1, 900)["id"]
    foreign = bob.create_order("BMX/ETH", "limit", "buy", 5, 0.00011)["id"]

    check("answer", alice.cancel_all_orders("BMX/ETH", {"side": "buy"}), {})
    check("only asks are left", sorted(ids(alice.fetch_open_orders("BMX/ETH"))), sorted(asks))
    check("bids are canceled", {alice.fetch_order(bid)["status"] for bid in bids}, {"canceled"})
    check("the other market is untouched", ids(alice.fetch_open_orders("ETH/USDT")), [elsewhere])
    check("the other account is untouched", ids(bob.fetch_open_orders("BMX/ETH")), [foreign])
    check_moved("bids are free", before, alice, {"BMX": ("-15.25", "15.25"), "USDT": (-900, 900)})

    alice.cancel_all_orders("BMX/ETH", {"side": "sell"})
    alice.cancel_all_orders("ETH/USDT", {"side": "buy"})
    bob.cancel_all_orders("BMX/ETH", {"side": "buy"})
    check_moved("everything is free", before, alice, {})
    check("nothing left to cancel is no error", alice.cancel_all_orders("BMX/ETH", {"side": "sell"}), {})


def refused_orders(alice, bob):
    """Nothing of a refused order remains: no hold, no order, no change of the book."""
    ask = alice.create_order("BMX/ETH", "limit", "sell", 10, 0.0002)["id"]
    btc = bob.create_order("BTC/USDT", "limit", "buy", 1, 43210.99)["id"]
    before = {exchange: balances(exchange) for exchange in (alice, bob)}
    market = bob.markets["BTC/USDT"]
    # More than bob can pay for.
    too_much = (before[bob]["USDT"][0] / Decimal("43210.99")).quantize(Decimal(1)) + 1
    check("the market's largest order is no obstacle", too_much <= Decimal(market["info"]["base_max_size"]), True)
    smallest = alice.markets["BMX/ETH"]["info"]["min_buy_amount"]
    over = str(Decimal(alice.markets["BMX/ETH"]["info"]["base_max_size"]) + 1)

    def raw(exchange, amount, price, side="sell", symbol="BMX_ETH"):
        return lambda: exchange.privatePostOrders({"symbol": symbol, "side": side, "amount": amount, "price": price})

    unknown_symbol = ccxt.BadSymbol if MODERN else ccxt.ExchangeError
    for what, call, error, message in [
        ("not enough funds", raw(bob, str(too_much), "43210.99", "buy", "BTC_USDT"), ccxt.InvalidOrder, "Place order error"),
        ("own order in the way", raw(alice, "10", "0.0002", "buy"), ccxt.InvalidOrder, "Place order error"),
        ("price above the band", raw(bob, "10", "0.00100001"), ccxt.InvalidOrder, "Maximum price is 0.00100000"),
        ("price off the grid", raw(alice, "10", "0.000200001"), ccxt.ExchangeError, "Invalid price"),
        ("price zero", raw(alice, "10", "0"), ccxt.ExchangeError, "Invalid price"),
        ("amount off the grid", raw(alice, "10.001", "0.0002"), ccxt.ExchangeError, "Invalid amount"),
        ("amount zero", raw(alice, "0.00", "0.0002"), ccxt.ExchangeError, "Invalid amount"),
        ("amount too large", raw(alice, over, "0.0002"), ccxt.ExchangeError, f"Maximum amount is {Decimal(over) - 1:.10f}"),
        ("value too small", raw(alice, "0.01", "0.00000001", "buy"), ccxt.ExchangeError, f"Minimum buy amount is {smallest}"),
        ("amount as a word", raw(alice, "ten", "0.0002"), ccxt.ExchangeError, "Invalid amount"),
        ("negative amount", raw(alice, "-10", "0.0002"), ccxt.ExchangeError, "Invalid amount"),
        ("unknown symbol", raw(alice, "10", "0.0002", symbol="NOPE_ETH"), unknown_symbol, "Unknown symbol"),
    ]:
        refused(what, call, error, message)
        for exchange in (alice, bob):
            check_moved(f"{what}: funds", before[exchange], exchange, {})
        check(f"{what}: orders of alice", ids(alice.fetch_open_orders("BMX/ETH")), [ask])
        check(f"{what}: orders of bob", ids(bob.fetch_open_orders("BMX/ETH") + bob.fetch_open_orders("BTC/USDT")), [btc])
    alice.cancel_order(ask, "BMX/ETH")
    bob.cancel_order(btc, "BTC/USDT")


def listed_in_pages(alice, bob):
    placed = [alice.create_order("ETH/BTC", "limit", "buy", 1 + n, 0.02)["id"] for n in range(5)]
    newest_first = [int(order_id) for order_id in reversed(placed)]

    def page(offset, limit, status=5):
        return alice.privateGetOrders({"symbol": "ETH_BTC", "status": status, "offset": offset, "limit": limit})

    for offset, expected in [(0, newest_first[:2]), (1, newest_first[2:4]), (2, newest_first[4:]), (1000, [])]:
        got = page(offset, 2)
        check(f"page {offset}", [order["entrust_id"] for order in got["orders"]], expected)
        check(f"page {offset}: counters", (got["total_orders"], got["total_pages"], got["current_page"]), (5, 3, offset))
    check("all statuses", [order["entrust_id"] for order in page(0, 5, status=0)["orders"]], newest_first)
    alice.cancel_all_orders("ETH/BTC", {"side": "buy"})
    check("none open", (page(0, 500)["orders"], page(0, 500)["total_pages"]), ([], 0))
    check("all canceled", [order["entrust_id"] for order in page(0, 5, status=4)["orders"]], newest_first)

    for missing, kind in [("symbol", "String"), ("status", "Integer")]:
        query = {"symbol": "ETH_BTC", "status": 5, "offset": 0, "limit": 500}
        del query[missing]
        refused(
            f"orders without {missing}",
            lambda: alice.privateGetOrders(query),
            ccxt.BadRequest,
            f"Required {kind} parameter '{missing}' is not present",
        )
    refused(
        "limit too large",
        lambda: page(0, 1001),
        ccxt.InvalidOrder if MODERN else ccxt.ExchangeError,
        "Invalid limit. limit must be in the range (0, 1000]",
    )


SCENARIOS = [place_show_cancel, sample_below_minimum, cancel_too_late, cancel_all, refused_orders, listed_in_pages]
