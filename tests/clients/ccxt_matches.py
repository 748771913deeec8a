"""Scenarios in which alice and bob trade, and what everybody can see of it afterwards.

Enters: alice and bob, signed in, with no open orders. Leaves: the same, or WrongAnswer.
"""

import re
import time
from decimal import ROUND_DOWN, Decimal

import ccxt
from ccxt_accounts import MODERN, WrongAnswer, balances, check, check_moved, header, refused

MAKER_RATE = Decimal("0.001")
TAKER_RATE = Decimal("0.002")
SMALLEST_UNIT = Decimal("1e-10")


def fee(received, rate):
    """Taken from what an account receives, truncated to the smallest unit."""
    return (received * rate).quantize(SMALLEST_UNIT, ROUND_DOWN)


def own_trade(exchange, order_id):
    """The single own trade of an order, by both ways that ccxt offers."""
    mine = [trade for trade in exchange.fetch_my_trades("BMX/ETH") if str(trade["order"]) == order_id]
    check(f"trades of order {order_id}", len(mine), 1)
    if exchange.has["fetchOrderTrades"]:
        by_order = exchange.fetch_order_trades(order_id, "BMX/ETH")
        check("trades asked by order", [trade["info"] for trade in by_order], [mine[0]["info"]])
    return mine[0]


def check_own_trade(exchange, order_id, side, taker, charged):
    trade = own_trade(exchange, order_id)
    row = dict(trade["info"])
    check("trade time is close to ours", abs(row.pop("timestamp") - time.time() * 1000) < 60_000, True)
    trade_id = row.pop("trade_id")
    check(
        "own trade",
        row,
        {
            "symbol": "BMX_ETH",
            "amount": "20.17",
            "fees": f"{charged:.10f}",
            "price": "0.00012345",
            "active": taker,
            "entrustType": {"buy": 0, "sell": 1}[side],
            "entrust_id": int(order_id),
        },
    )
    if MODERN:
        check("side in ccxt", trade["side"], side)
        check("fee in ccxt", trade["fee"], {"cost": float(charged), "currency": "BMX" if side == "buy" else "ETH"})
    return trade_id


def partial_fill(maker, taker, maker_side):
    """The maker rests with 32.17, the taker takes 20.17 at a limit that is worse than the maker's price.

    20.17 x 0.00012345 = 0.0024899865, and the fees on it end in digits that must be cut, not rounded.
    """
    taker_side, limit = ("buy", 0.000125) if maker_side == "sell" else ("sell", 0.00012)
    price, filled, rest = Decimal("0.00012345"), Decimal("20.17"), Decimal("12.00")
    value = filled * price
    maker_before, taker_before = balances(maker), balances(taker)

    resting = maker.create_order("BMX/ETH", "limit", maker_side, 32.17, 0.00012345)["id"]
    taking = taker.create_order("BMX/ETH", "limit", taker_side, 20.17, limit)["id"]

    if maker_side == "sell":
        maker_fee, taker_fee = fee(value, MAKER_RATE), fee(filled, TAKER_RATE)
        check_moved("maker", maker_before, maker, {"BMX": (-filled - rest, rest), "ETH": (value - maker_fee, 0)})
        check_moved("taker", taker_before, taker, {"BMX": (filled - taker_fee, 0), "ETH": (-value, 0)})
    else:
        maker_fee, taker_fee = fee(filled, MAKER_RATE), fee(value, TAKER_RATE)
        check_moved(
            "maker", maker_before, maker, {"BMX": (filled - maker_fee, 0), "ETH": (-value - rest * price, rest * price)}
        )
        check_moved("taker", taker_before, taker, {"BMX": (-filled, 0), "ETH": (value - taker_fee, 0)})

    def amounts(exchange, order_id):
        order = exchange.fetch_order(order_id)
        row = order["info"]
        return (row["status"], row["executed_amount"], row["remaining_amount"], row["fees"], order["status"])

    check("maker's order", amounts(maker, resting), (2, "20.17", "12.00", f"{maker_fee:.10f}", "open"))
    check("taker's order", amounts(taker, taking), (3, "20.17", "0.00", f"{taker_fee:.10f}", "closed"))
    check("maker's order is listed as open", [o["id"] for o in maker.fetch_open_orders("BMX/ETH")], [resting])
    check("taker's order is not open", taker.fetch_open_orders("BMX/ETH"), [])
    check("taker's order is closed", taking in [o["id"] for o in taker.fetch_closed_orders("BMX/ETH")], True)
    maker_trade = check_own_trade(maker, resting, maker_side, False, maker_fee)
    taker_trade = check_own_trade(taker, taking, taker_side, True, taker_fee)
    check("one id per match", maker_trade, taker_trade)

    refused("cancel of a filled order", lambda: taker.cancel_order(taking, "BMX/ETH"), ccxt.OrderNotFound, "Not found")
    check("its reason", header(taker, "X-Openmart-Reason"), "filled")

    before = balances(maker)
    freed = ("BMX", rest) if maker_side == "sell" else ("ETH", rest * price)
    maker.cancel_order(resting, "BMX/ETH")
    check_moved("only the rest is freed", before, maker, {freed[0]: (freed[1], -freed[1])})
    check("partly filled, then canceled", amounts(maker, resting), (4, "20.17", "12.00", f"{maker_fee:.10f}", "canceled"))
    check("among canceled", resting in [o["id"] for o in maker.fetch_canceled_orders("BMX/ETH")], True)


def bob_buys_from_alice(alice, bob):
    partial_fill(maker=alice, taker=bob, maker_side="sell")


def bob_sells_to_alice(alice, bob):
    partial_fill(maker=alice, taker=bob, maker_side="buy")


def alice_buys_from_bob(alice, bob):
    partial_fill(maker=bob, taker=alice, maker_side="sell")


def price_then_time(alice, bob):
    """Best price first, then the older order; what is left of the taker rests."""
    before = balances(alice)
    far = bob.create_order("BMX/ETH", "limit", "sell", 7, 0.00013)["id"]
    first = bob.create_order("BMX/ETH", "limit", "sell", 10, 0.00012)["id"]
    second = bob.create_order("BMX/ETH", "limit", "sell", 5, 0.00012)["id"]
    best = bob.create_order("BMX/ETH", "limit", "sell", 1, 0.000119)["id"]
    asks = lambda: [bob.fetch_order(order)["info"]["remaining_amount"] for order in (best, first, second, far)]

    taking = alice.create_order("BMX/ETH", "limit", "buy", 13, 0.000125)["id"]
    check("taken from the best and the oldest", asks(), ["0.00", "0.00", "3.00", "7.00"])
    rows = alice.fetch_order_trades(taking, "BMX/ETH")
    rows = sorted((row["info"] for row in rows), key=lambda row: row["trade_id"])
    check("fills", [(r["amount"], r["price"]) for r in rows], [("1.00", "0.00011900"), ("10.00", "0.00012000"), ("2.00", "0.00012000")])
    check("fees of the order", alice.fetch_order(taking)["info"]["fees"], "0.0260000000")
    check_moved("paid at the makers' prices", before, alice, {"BMX": ("12.974", 0), "ETH": ("-0.001559", 0)})

    taking = alice.create_order("BMX/ETH", "limit", "buy", 4, 0.00012)["id"]
    check("taken what was there", asks(), ["0.00", "0.00", "0.00", "7.00"])
    order = alice.fetch_order(taking)["info"]
    check("the rest rests", (order["status"], order["executed_amount"], order["remaining_amount"]), (2, "3.00", "1.00"))
    check_moved("it holds its rest", before, alice, {"BMX": ("15.968", 0), "ETH": ("-0.002039", "0.00012")})
    alice.cancel_order(taking, "BMX/ETH")
    bob.cancel_order(far, "BMX/ETH")


def public_trades(alice, bob):
    """Newest first; `count` is the base amount and `amount` the quote value."""
    bob.create_order("BMX/ETH", "limit", "sell", 3, 0.00012345)
    alice.create_order("BMX/ETH", "limit", "buy", 3, 0.00012345)
    alice.create_order("BMX/ETH", "limit", "buy", 4.5, 0.00012345)
    bob.create_order("BMX/ETH", "limit", "sell", 4.5, 0.00012345)
    raw = alice.publicGetSymbolsSymbolTrades({"symbol": "BMX_ETH"})
    check("at most fifty", len(raw) <= 50, True)
    check("times are whole numbers", {type(row["order_time"]) for row in raw}, {int})
    check("newest first", [r["order_time"] for r in raw], sorted((r["order_time"] for r in raw), reverse=True))
    # 4.5 x 0.00012345 = 0.000555525: half up.
    check(
        "rows",
        [{k: v for k, v in row.items() if k != "order_time"} for row in raw[:2]],
        [
            {"amount": "0.00055553", "price": "0.00012345", "count": "4.50", "type": "sell"},
            {"amount": "0.00037035", "price": "0.00012345", "count": "3.00", "type": "buy"},
        ],
    )
    parsed = alice.fetch_trades("BMX/ETH")
    check("all of them in ccxt", len(parsed), len(raw))
    check("last of them in ccxt", {t["side"] for t in parsed[-2:]}, {"buy", "sell"})


def order_book(alice, bob):
    for side, amount, price in [
        ("buy", 10, 0.00011001),
        ("buy", 2.5, 0.00011001),
        ("buy", 1, 0.00010999),
        ("sell", 4, 0.00013001),
        ("sell", 6, 0.00013099),
    ]:
        alice.create_order("BMX/ETH", "limit", side, amount, price)
    bob.create_order("BMX/ETH", "limit", "buy", 0.25, 0.00011001)

    def level(price, amount, total, count):
        return {"price": price, "amount": amount, "total": total, "count": count}

    raw = alice.publicGetSymbolsSymbolOrders({"symbol": "BMX_ETH"})
    check(
        "book",
        raw,
        {
            "buys": [level("0.00011001", "12.75", "12.75", "3"), level("0.00010999", "1.00", "13.75", "1")],
            "sells": [level("0.00013001", "4.00", "4.00", "1"), level("0.00013099", "6.00", "10.00", "1")],
        },
    )
    raw = alice.publicGetSymbolsSymbolOrders({"symbol": "BMX_ETH", "precision": 6})
    check(
        "book of six decimals: buys rounded down, sells up",
        raw,
        {
            "buys": [level("0.000110", "12.75", "12.75", "3"), level("0.000109", "1.00", "13.75", "1")],
            "sells": [level("0.000131", "10.00", "10.00", "2")],
        },
    )
    parsed = alice.fetch_order_book("BMX/ETH")
    check("bids in ccxt", parsed["bids"], [[0.00011001, 12.75], [0.00010999, 1.0]])
    check("asks in ccxt", parsed["asks"], [[0.00013001, 4.0], [0.00013099, 6.0]])

    ticker = alice.fetch_ticker("BMX/ETH")
    check("best offers in the ticker", (ticker["bid"], ticker["ask"]), (0.00011001, 0.00013001))
    offers = [ticker["info"][name] for name in ("bid_1", "bid_1_amount", "ask_1", "ask_1_amount")]
    check("best offers as text", offers, ["0.00011001", "12.75", "0.00013001", "4.00"])
    alice.cancel_all_orders("BMX/ETH", {"side": "buy"})
    check("book after cancel-all", [lvl["amount"] for lvl in alice.publicGetSymbolsSymbolOrders({"symbol": "BMX_ETH"})["buys"]], ["0.25"])
    alice.cancel_all_orders("BMX/ETH", {"side": "sell"})
    bob.cancel_all_orders("BMX/ETH", {"side": "buy"})
    check("empty book", alice.publicGetSymbolsSymbolOrders({"symbol": "BMX_ETH"}), {"buys": [], "sells": []})


def tickers(alice, bob):
    before = alice.fetch_ticker("BMX/ETH")["info"]
    bob.create_order("BMX/ETH", "limit", "sell", 100, 0.00012345)
    alice.create_order("BMX/ETH", "limit", "buy", 100, 0.00012345)
    after = alice.fetch_ticker("BMX/ETH")["info"]
    check("base volume grows", Decimal(after["volume"]) - Decimal(before["volume"]), Decimal(100))
    grown = Decimal(after["base_volume"]) - Decimal(before["base_volume"])
    # 0.012345 of quote, printed with two decimals: what was cut before decides.
    check("quote volume is cut to two decimals", grown in (Decimal("0.01"), Decimal("0.02")), True)
    check("last price", after["current_price"], "0.00012345")
    check("no offers", [after[n] for n in ("bid_1", "bid_1_amount", "ask_1", "ask_1_amount")], ["0.00000000", "0.00"] * 2)
    check("lowest, last and highest", after["lowest_price"] <= after["current_price"] <= after["highest_price"], True)

    every = alice.fetch_tickers()
    check("all tickers", sorted(every), ["BMX/ETH", "BTC/USDT", "ETH/BTC", "ETH/USDT"])
    for symbol, ticker in every.items():
        row = ticker["info"]
        name = symbol.replace("/", "_")
        check(f"{name}: symbol_id", row["symbol_id"], name)
        check(f"{name}: address ends in the symbol", row["url"].split("=")[-1], name)
        if not re.fullmatch(r"[+-]\d+\.\d{4}", row["fluctuation"]):
            raise WrongAnswer(f"{name}: fluctuation {row['fluctuation']!r}")
    empty = alice.publicGetTicker({"symbol": ""})
    check("an empty symbol is no symbol", len(empty), 4)


SCENARIOS = [
    bob_buys_from_alice,
    bob_sells_to_alice,
    alice_buys_from_bob,
    price_then_time,
    public_trades,
    order_book,
    tickers,
]
