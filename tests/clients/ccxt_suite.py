"""Runs an unmodified ccxt, of whatever release is installed, against the demo accounts.

Enters: the address of the server. Leaves: a line `ok` or `FAIL` per scenario, and an exit
code. Scenarios share nothing but the accounts: each starts without open orders and
compares balances with those it found.
"""

import sys
import time
import traceback
from decimal import Decimal

import ccxt
import ccxt_klines
import ccxt_matches
import ccxt_orders
from ccxt_accounts import (
    MODERN,
    SYMBOLS,
    WrongAnswer,
    balances,
    check,
    check_moved,
    open_account,
    refused,
    sign_in,
    start_clean,
)

URL = sys.argv[1]
NAME = f"ccxt-{ccxt.__version__}"


def signs_in(alice, bob):
    exchange = open_account(URL, "alice")
    answer = exchange.sign_in()
    check("lifetime", answer["expires_in"], 900)
    check("token has only letters and digits", answer["access_token"].isalnum(), True)
    check("an older token still works", sorted(balances(alice)), sorted(balances(exchange)))
    for what, overrides in [
        ("wrong secret", {"secret": "0" * 32}),
        ("wrong memo", {"uid": "MyMemo"}),
        ("wrong key", {"apiKey": "0" * 32}),
    ]:
        refused(what, open_account(URL, "alice", **overrides).sign_in, ccxt.ExchangeError, "Invalid request")


def loads_markets(alice, bob):
    markets = open_account(URL, "alice").load_markets()
    check("markets", sorted(markets), sorted(SYMBOLS))
    for symbol, price_decimals, amount_decimals, increment in [
        ("BMX/ETH", 8, 2, "0.01"),
        ("BTC/USDT", 2, 5, "0.00001"),
        ("ETH/USDT", 2, 4, "0.0001"),
        ("ETH/BTC", 6, 4, "0.0001"),
    ]:
        market = markets[symbol]
        check(f"{symbol}: precision", market["precision"], {"amount": amount_decimals, "price": price_decimals})
        check(f"{symbol}: increment", market["info"]["quote_increment"], increment)
        check(f"{symbol}: expiration", market["info"]["expiration"], "NA")
        for member in ("base_min_size", "base_max_size", "min_buy_amount", "min_sell_amount"):
            text = market["info"][member]
            check(f"{symbol}: decimals of {member} {text}", len(text.partition(".")[2]), 10)
        if MODERN:
            check(f"{symbol}: smallest value", market["limits"]["cost"]["min"], 0.00001)
    check("currencies", sorted(alice.fetch_currencies()), ["BMX", "BTC", "ETH", "USDT"])


def tells_time(alice, bob):
    check("server and client clocks agree within a minute", abs(alice.fetch_time() - time.time() * 1000) < 60_000, True)


def refuses_strangers(alice, bob):
    """Clock, signature and token fail with three messages, and nothing happens."""
    order_id = alice.create_order("BMX/ETH", "limit", "buy", 100, 0.00001)["id"]
    before = balances(alice)
    for what, spoil, message in [
        ("token", lambda x: x.options.update(accessToken="m" * 32), "Unauthorized"),
        ("slow clock", lambda x: setattr(x, "nonce", lambda: x.milliseconds() - 90_000), "Invalid X-BM-TIMESTAMP"),
        ("fast clock", lambda x: setattr(x, "nonce", lambda: x.milliseconds() + 90_000), "Invalid X-BM-TIMESTAMP"),
        ("secret", lambda x: setattr(x, "secret", "0" * 32), "Invalid X-BM-SIGNATURE"),
    ]:
        stranger = sign_in(URL, "alice")
        stranger.load_markets()
        spoil(stranger)
        error = ccxt.AuthenticationError if MODERN and message == "Unauthorized" else ccxt.ExchangeError
        calls = {
            "place": lambda: stranger.create_order("BMX/ETH", "limit", "buy", 1000, 0.00001),
            "cancel": lambda: stranger.cancel_order(order_id, "BMX/ETH"),
            "cancel all": lambda: stranger.cancel_all_orders("BMX/ETH", {"side": "buy"}),
        }
        if what != "secret":
            calls["wallet"] = stranger.fetch_balance
        for name, call in calls.items():
            refused(f"{name} with wrong {what}", call, error, message)
        check("the order still rests", [o["id"] for o in alice.fetch_open_orders("BMX/ETH")], [order_id])
        check_moved("funds", before, alice, {})
    alice.cancel_order(order_id, "BMX/ETH")


def fees_since(exchange, last_trade_id):
    """Fees per asset of the own trades after this one, from the paged list."""
    total = {}
    for symbol in SYMBOLS:
        base, quote = symbol.split("/")
        page, pages = 0, 1
        while page < pages:
            answer = exchange.privateGetTrades({"symbol": symbol.replace("/", "_"), "offset": page, "limit": 10})
            pages, page = answer["total_pages"], page + 1
            for row in answer["trades"]:
                if row["trade_id"] <= last_trade_id:
                    pages = 0
                    break
                asset = quote if row["entrustType"] else base
                total[asset] = total.get(asset, Decimal(0)) + Decimal(row["fees"])
    return total


def newest_trade(*accounts):
    rows = [
        row["trade_id"]
        for exchange in accounts
        for symbol in SYMBOLS
        for row in exchange.privateGetTrades({"symbol": symbol.replace("/", "_"), "offset": 0, "limit": 1})["trades"]
    ]
    return max(rows, default=0)


def check_conserved(before, last_trade_id, accounts):
    """Nothing is made or lost: all that left the two accounts are the fees they paid."""
    after = [balances(exchange) for exchange in accounts]
    paid = [fees_since(exchange, last_trade_id) for exchange in accounts]
    for asset in after[0]:
        lost = sum(sum(b[asset]) for b in before) - sum(sum(a[asset]) for a in after)
        check(f"{asset} lost against fees paid", lost, sum(fees.get(asset, Decimal(0)) for fees in paid))
        check(f"{asset} frozen without open orders", [a[asset][1] for a in after], [0, 0])


def main():
    accounts = [sign_in(URL, "alice"), sign_in(URL, "bob")]
    for exchange in accounts:
        exchange.load_markets()
    start_clean(*accounts)
    before = [balances(exchange) for exchange in accounts]
    last_trade_id = newest_trade(*accounts)

    def conserves_funds(alice, bob):
        check_conserved(before, last_trade_id, accounts)

    scenarios = [signs_in, loads_markets, tells_time, *ccxt_orders.SCENARIOS, *ccxt_matches.SCENARIOS, *ccxt_klines.SCENARIOS]
    failed = 0
    for scenario in [*scenarios, refuses_strangers, conserves_funds]:
        name = f"{NAME} {scenario.__name__}"
        try:
            start_clean(*accounts)
            scenario(*accounts)
            print(f"ok {name}", flush=True)
        except Exception as error:
            failed += 1
            why = str(error) if isinstance(error, WrongAnswer) else f"{type(error).__name__}: {error}"
            print(f"FAIL {name}: {why}", flush=True)
            if not isinstance(error, WrongAnswer):
                traceback.print_exc()
    start_clean(*accounts)
    sys.exit(1 if failed else 0)


main()
