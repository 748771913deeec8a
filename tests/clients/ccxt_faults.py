"""An unmodified ccxt, and an unmodified WebSocket client, on an exchange that misbehaves on command.

Enters: the address of the server; OPENMART_ADMIN_URL and OPENMART_ADMIN_TOKEN of its operator.
Leaves: a line `ok` or `FAIL` per fault and race, and an exit code. After each of them the
exchange's own state is checked: what exists, what was traded, and that no funds came or went.
"""

import json
import os
import sys
import traceback
import urllib.request
from decimal import Decimal

import ccxt
import websocket
from ccxt_accounts import CREDENTIALS, WrongAnswer, balances, check, check_moved, header, open_account, sign_in, start_clean

URL = sys.argv[1]
ADMIN = os.environ["OPENMART_ADMIN_URL"]
TOKEN = os.environ["OPENMART_ADMIN_TOKEN"]
NAME = f"ccxt-faults-{ccxt.__version__}"
KEY = CREDENTIALS["alice"]["apiKey"]
SYMBOL = "BMX/ETH"
# A scenario that needs longer hangs; nothing waits for it.
PATIENCE_SECONDS = 20


def admin(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(ADMIN + path, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)


def break_by(fault, **match):
    rule = {"name": "test", "fault": fault, **match}
    return admin("PUT", "/admin/faults", {"seed": 1, "rules": [rule]})


def struck():
    return admin("GET", "/admin/faults")["rules"][0]["struck"]


def heal():
    admin("DELETE", "/admin/faults")
    admin("DELETE", "/admin/races")


def place(exchange, side="buy", amount=100, price=0.00012):
    return exchange.create_order(SYMBOL, "limit", side, amount, price)["id"]


def raised(what, call, error):
    """The call must raise this error of ccxt, or one that is derived from it."""
    try:
        answer = call()
    except error as found:
        return found
    except Exception as found:
        raise WrongAnswer(f"{what}: got {type(found).__name__}: {found}, expected {error.__name__}") from found
    raise WrongAnswer(f"{what}: got the answer {answer!r}, expected {error.__name__}")


def open_ids(exchange):
    return [order["id"] for order in exchange.fetch_open_orders(SYMBOL)]


def refused_without_execution(alice, bob):
    # This release takes every refusal of this API with a message for the same error.
    for status, error in [(429, ccxt.ExchangeError), (500, ccxt.ExchangeError), (503, ccxt.ExchangeError)]:
        before = balances(alice)
        break_by({"kind": "answer", "status": status, "retry_after_s": 2}, method="POST", path="/v2/orders", key=KEY, nth=1)
        raised(f"status {status}", lambda: place(alice), error)
        check("retry after", header(alice, "Retry-After"), "2")
        check(f"status {status}: nothing was placed", open_ids(alice), [])
        check_moved(f"status {status}: funds", before, alice, {})
        alice.cancel_order(place(alice), SYMBOL)


def disconnected_before_execution(alice, bob):
    before = balances(alice)
    break_by({"kind": "disconnect-before"}, method="POST", path="/v2/orders", nth=1)
    raised("placing", lambda: place(alice), ccxt.NetworkError)
    check("nothing was placed", open_ids(alice), [])
    check_moved("funds", before, alice, {})


def executed_but_answer_lost(alice, bob):
    before = balances(alice)
    break_by({"kind": "disconnect-after"}, method="POST", path="/v2/orders", nth=1)
    raised("placing", lambda: place(alice), ccxt.NetworkError)
    ids = open_ids(alice)
    check("it exists once", len(ids), 1)
    check_moved("its hold", before, alice, {"ETH": ("-0.012", "0.012")})
    break_by({"kind": "disconnect-after"}, method="DELETE", nth=1)
    raised("canceling", lambda: alice.cancel_order(ids[0], SYMBOL), ccxt.NetworkError)
    check("the cancel happened", open_ids(alice), [])
    raised("canceling again", lambda: alice.cancel_order(ids[0], SYMBOL), ccxt.OrderNotFound)
    check("reason", header(alice, "X-Openmart-Reason"), "canceled")
    check_moved("funds", before, alice, {})


def too_slow_to_wait_for(alice, bob):
    before = balances(alice)
    hasty = sign_in(URL, "alice")
    hasty.load_markets()
    # The shortest that this client knows: it counts whole seconds.
    hasty.timeout = 1000
    long = {"distribution": "fixed", "ms": 5000}
    break_by({"kind": "latency", "delay": long}, method="POST", path="/v2/orders", nth=1)
    raised("slow before", lambda: place(hasty), ccxt.RequestTimeout)
    check("not executed yet, or never", open_ids(alice), [])
    break_by({"kind": "latency", "delay": long, "point": "after"}, method="POST", path="/v2/orders", nth=1)
    raised("slow after", lambda: place(hasty), ccxt.RequestTimeout)
    check("executed all the same", len(open_ids(alice)), 1)
    alice.cancel_all_orders(SYMBOL, {"side": "buy"})
    check_moved("funds", before, alice, {})
    for delay in [
        {"distribution": "uniform", "min_ms": 1, "max_ms": 3},
        {"distribution": "normal", "mean_ms": 2, "deviation_ms": 1},
        {"distribution": "exponential", "mean_ms": 2},
        {"distribution": "pareto", "min_ms": 1, "shape": 3},
    ]:
        break_by({"kind": "latency", "delay": delay}, burst={"length": 2, "every": 3})
        alice.cancel_order(place(alice), SYMBOL)
        check(f"{delay['distribution']}: struck", struck(), 2)


def cut_and_slow_bodies(alice, bob):
    before = balances(alice)
    break_by({"kind": "truncate-body", "bytes": 8}, method="POST", path="/v2/orders", nth=1)
    raised("a cut answer", lambda: place(alice), (ccxt.BaseError, KeyError, TypeError))
    check("it was executed", len(open_ids(alice)), 1)
    break_by({"kind": "slow-body", "chunk_bytes": 200, "interval_ms": 2})
    check("a slow answer is whole", sorted(alice.fetch_markets(), key=lambda m: m["id"]), sorted(bob.fetch_markets(), key=lambda m: m["id"]))
    check("struck", struck(), 2)
    alice.cancel_all_orders(SYMBOL, {"side": "buy"})
    check_moved("funds", before, alice, {})


def stale_reads(alice, bob):
    break_by({"kind": "stale-read"}, method="GET", path="/v2/orders")
    check("nothing open", open_ids(alice), [])
    order_id = place(alice)
    check("the own order is not seen", open_ids(alice), [])
    check("later it is", open_ids(alice), [order_id])
    alice.cancel_order(order_id, SYMBOL)
    check("canceled, and still seen", open_ids(alice), [order_id])
    heal()
    check("in truth it has gone", open_ids(alice), [])


def skewed_clock(alice, bob):
    before = balances(alice)
    told = alice.fetch_time()
    break_by({"kind": "clock-skew", "ms": 3_600_000})
    check("an hour ahead", 3_590_000 < alice.fetch_time() - told < 3_630_000, True)
    raised("placing", lambda: place(alice), ccxt.ExchangeError)
    heal()
    check_moved("funds", before, alice, {})


def subscribe_trades():
    ws = websocket.create_connection(URL.replace("http", "ws") + "/", timeout=PATIENCE_SECONDS)
    ws.send(json.dumps({"subscribe": "trade", "symbol": "BMX_ETH"}))
    ws.recv()
    return ws


def pushed(ws):
    return [trade["count"] for trade in json.loads(ws.recv())["data"]["trades"]]


def disturbed_frames(alice, bob):
    def trade(amount):
        place(alice, "sell", amount)
        place(bob, "buy", amount)

    for fault, expected in [
        ({"kind": "drop-frame"}, [["2.00"]]),
        ({"kind": "duplicate-frame"}, [["1.00"], ["1.00"], ["2.00"]]),
        ({"kind": "reorder-frame"}, [["2.00"], ["1.00"]]),
        ({"kind": "delay-frame", "ticks": 2}, [["1.00"], ["2.00"]]),
    ]:
        ws, witness = subscribe_trades(), subscribe_trades()
        break_by(fault, channel="trade", symbol="BMX_ETH", nth=1)
        seen_by_rule = lambda: admin("GET", "/admin/faults")["rules"][0]["seen"]
        for number, amount in enumerate(("1", "2")):
            trade(amount)
            # Each trade in a push of its own: both sessions were due one.
            while seen_by_rule() < 2 * (number + 1):
                pass
        for follower in (ws, witness):
            check(fault["kind"], [pushed(follower) for _ in expected], expected)
            follower.close()
        heal()


def race(kind, percent=None):
    arm = {"key": KEY, "race": kind, **({} if percent is None else {"percent": percent})}
    admin("POST", "/admin/races", arm)


def outcome():
    return admin("GET", "/admin/races")["races"][-1]


def fill_before_cancel(alice, bob):
    before = balances(alice)
    race("fill-before-cancel")
    order_id = place(alice)
    raised("canceling", lambda: alice.cancel_order(order_id, SYMBOL), ccxt.OrderNotFound)
    check("reason", header(alice, "X-Openmart-Reason"), "filled")
    check("status", alice.fetch_order(order_id)["status"], "closed")
    # 0.1 % of what a maker receives.
    check_moved("funds", before, alice, {"BMX": ("99.9", "0"), "ETH": ("-0.012", "0")})
    check("race", outcome()["state"], "done")


def fill_before_cancel_all(alice, bob):
    before = balances(alice)
    race("fill-before-cancel")
    order_id, other_id = place(alice), place(alice, price=0.00011)
    alice.cancel_all_orders(SYMBOL, {"side": "buy"})
    check("answer", alice.last_http_response, "{}")
    check("filled", alice.fetch_order(order_id)["status"], "closed")
    check("canceled", alice.fetch_order(other_id)["status"], "canceled")
    check_moved("funds", before, alice, {"BMX": ("99.9", "0"), "ETH": ("-0.012", "0")})
    check("race", outcome()["state"], "done")


def partial_before_cancel(alice, bob):
    before = balances(alice)
    race("partial-before-cancel", 25)
    order_id = place(alice)
    alice.cancel_order(order_id, SYMBOL)
    check("answer", alice.last_http_response, "{}")
    order = alice.fetch_order(order_id)
    check("a quarter is filled", (order["status"], order["filled"]), ("canceled", 25.0))
    check_moved("funds", before, alice, {"BMX": ("24.975", "0"), "ETH": ("-0.003", "0")})


def cancel_before_fill(alice, bob):
    before = balances(alice)
    race("cancel-before-fill")
    order_id = place(alice)
    alice.cancel_order(order_id, SYMBOL)
    check("answer", alice.last_http_response, "{}")
    check("nothing is filled", alice.fetch_order(order_id)["filled"], 0.0)
    check_moved("funds", before, alice, {})
    over = outcome()
    check("race", (over["state"], len(over["house_orders"])), ("done", 1))


def event_before_response(alice, bob):
    ws = subscribe_trades()
    race("event-before-response")
    order_id = place(alice)
    # The push was there before the answer: it is read without waiting.
    ws.settimeout(0.001)
    check("pushed", pushed(ws), ["100.00"])
    ws.close()
    check("status", alice.fetch_order(order_id)["status"], "closed")


SCENARIOS = [
    refused_without_execution,
    disconnected_before_execution,
    executed_but_answer_lost,
    too_slow_to_wait_for,
    cut_and_slow_bodies,
    stale_reads,
    skewed_clock,
    disturbed_frames,
    fill_before_cancel,
    fill_before_cancel_all,
    partial_before_cancel,
    cancel_before_fill,
    event_before_response,
]


def main():
    alice, bob = sign_in(URL, "alice"), sign_in(URL, "bob")
    for exchange in (alice, bob):
        exchange.load_markets()
    failed = 0
    for scenario in SCENARIOS:
        name = f"{NAME} {scenario.__name__}"
        try:
            heal()
            start_clean(alice, bob)
            scenario(alice, bob)
            print(f"ok {name}", flush=True)
        except Exception as error:
            failed += 1
            why = str(error) if isinstance(error, WrongAnswer) else f"{type(error).__name__}: {error}"
            print(f"FAIL {name}: {why}", flush=True)
            if not isinstance(error, WrongAnswer):
                traceback.print_exc()
    heal()
    start_clean(alice, bob)
    sys.exit(1 if failed else 0)


main()
