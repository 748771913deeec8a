"""Scenarios about candles, by the raw endpoint and by ccxt's own words.

Enters: alice and bob, signed in, with no open orders. Leaves: the same, or WrongAnswer.
"""

from decimal import Decimal

import ccxt
from ccxt_accounts import check, refused

MINUTE_MS = 60_000
MEMBERS = ["timestamp", "open_price", "highest_price", "lowest_price", "current_price", "volume"]


def candles(alice, bob):
    """Two trades, at 0.00012345 and 0.00012346, appear at once in the candles of every step."""
    steps = alice.publicGetSteps()
    check("steps", steps, sorted(alice.timeframes.values()))
    start = alice.milliseconds()

    def rows_of(step):
        # From two candles ago to the end of all times: the running one is the last.
        request = {"symbol": "BMX_ETH", "from": start - 2 * step * MINUTE_MS, "to": 2**63 - 1, "step": step}
        return alice.publicGetSymbolsSymbolKline(request)

    def volume(rows):
        return sum((Decimal(row["volume"]) for row in rows), Decimal(0))

    before = {step: volume(rows_of(step)) for step in steps}
    for amount, price in [(3, 0.00012345), (4.5, 0.00012346)]:
        bob.create_order("BMX/ETH", "limit", "sell", amount, price)
        alice.create_order("BMX/ETH", "limit", "buy", amount, price)
    for step in steps:
        rows = rows_of(step)
        check(f"{step}: members", {tuple(row) for row in rows}, {tuple(MEMBERS)})
        check(f"{step}: volume", volume(rows) - before[step], Decimal("7.5"))
        check(f"{step}: close", rows[-1]["current_price"], "0.00012346")
        check(f"{step}: decimals of volume", len(rows[-1]["volume"].partition(".")[2]), 8)
        times = [row["timestamp"] for row in rows]
        check(f"{step}: times are whole numbers", {type(time) for time in times}, {int})
        if step <= 1440:
            check(f"{step}: aligned", {time % (step * MINUTE_MS) for time in times}, {0})
            gaps = {later - earlier for earlier, later in zip(times, times[1:])}
            check(f"{step}: no gap", gaps <= {step * MINUTE_MS}, True)
        for row in rows:
            low, high = Decimal(row["lowest_price"]), Decimal(row["highest_price"])
            between = [low <= Decimal(row[name]) <= high for name in ("open_price", "current_price")]
            check(f"{step}: {row} spans its prices", between, [True, True])


def candles_in_ccxt(alice, bob):
    bob.create_order("BMX/ETH", "limit", "sell", 2, 0.00012347)
    alice.create_order("BMX/ETH", "limit", "buy", 2, 0.00012347)
    for timeframe, step in alice.timeframes.items():
        rows = alice.fetch_ohlcv("BMX/ETH", timeframe, limit=10)
        check(f"{timeframe}: some", 1 <= len(rows) <= 10, True)
        check(f"{timeframe}: ascending", [row[0] for row in rows], sorted({row[0] for row in rows}))
        _, _, high, low, close, _ = rows[-1]
        check(f"{timeframe}: close", close, 0.00012347)
        check(f"{timeframe}: low and high", low <= close <= high, True)
        raw = {"symbol": "BMX_ETH", "from": rows[0][0], "to": rows[0][0], "step": step}
        (only,) = alice.publicGetSymbolsSymbolKline(raw)
        again = alice.fetch_ohlcv("BMX/ETH", timeframe, since=rows[0][0], limit=1)[0]
        check(f"{timeframe}: both bounds count", again, [only["timestamp"], *(float(only[name]) for name in MEMBERS[1:])])
    check("nothing before the first trade", alice.fetch_ohlcv("BMX/ETH", "1d", since=1_500_000_000_000, limit=5), [])


def candles_refused(alice, bob):
    def ask(**query):
        return lambda: alice.publicGetSymbolsSymbolKline({"symbol": "BMX_ETH", **query})

    for name, query in [("from", {"to": 1}), ("to", {"from": 1})]:
        refused(f"no {name}", ask(**query), ccxt.BadRequest, f"Required Long parameter '{name}' is not present")
    refused("a step that there is not", ask(**{"from": 1, "to": 1, "step": 2}), ccxt.ExchangeError, "Invalid step")
    check("a range that ends before it begins", ask(**{"from": 2, "to": 1})(), [])


SCENARIOS = [candles, candles_in_ccxt, candles_refused]
