"""The two accounts of the demo, each driven by the installed ccxt, and exact checks on them.

Enters: the address of the server. Leaves: signed-in ccxt exchanges, balances as exact
decimals (ccxt itself turns them into floats), and the exception for a wrong answer.
"""

import json
from decimal import Decimal

import ccxt

CREDENTIALS = {
    "alice": {
        "apiKey": "6591f7c2491db0a23a1d8ad6911c825e",
        "secret": "8c08d9d5c3d15b105dbddaf96e427ac6",
        # ccxt takes the memo of the key as uid.
        "uid": "mymemo",
    },
    "bob": {
        "apiKey": "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0",
        "secret": "5ec2e75ec2e75ec2e75ec2e75ec2e75e",
        "uid": "bob",
    },
}

SYMBOLS = ["BMX/ETH", "BTC/USDT", "ETH/USDT", "ETH/BTC"]

# Releases before this one send numbers as JSON numbers and know fewer error texts.
MODERN = tuple(int(part) for part in ccxt.__version__.split(".")) >= (1, 21, 0)


class WrongAnswer(Exception):
    """The server answered something else than the specification says."""


def check(what, actual, expected):
    if actual != expected:
        raise WrongAnswer(f"{what}: got {actual!r}, expected {expected!r}")


def open_account(url, name, **overrides):
    """A ccxt exchange that is not signed in yet."""
    exchange = ccxt.bitmart({**CREDENTIALS[name], "enableRateLimit": False, "timeout": 20000, **overrides})
    exchange.urls["api"] = url
    return exchange


def sign_in(url, name):
    exchange = open_account(url, name)
    exchange.sign_in()
    return exchange


def balances(exchange):
    """Available and frozen of each asset, exactly as the server wrote them."""
    parsed = exchange.fetch_balance()
    result = {}
    for row in parsed["info"]:
        for member in ("available", "frozen"):
            if not isinstance(row[member], str) or len(row[member].partition(".")[2]) != 10:
                raise WrongAnswer(f"{row['id']} {member} {row[member]!r} is no text with ten decimals")
        available, frozen = Decimal(row["available"]), Decimal(row["frozen"])
        check(f"what ccxt makes of {row['id']}", parsed[row["id"]]["free"], float(available))
        result[row["id"]] = (available, frozen)
    check("assets in the wallet", sorted(result), ["BMX", "BTC", "ETH", "USDT"])
    return result


def moved(before, after):
    """What changed between two balances: asset to (available, frozen), as text without zeros."""
    changes = {}
    for asset, (available, frozen) in after.items():
        change = (available - before[asset][0], frozen - before[asset][1])
        if change != (0, 0):
            changes[asset] = change
    return changes


def check_moved(what, before, exchange, expected):
    """`expected` names every asset that changed; amounts are decimal texts."""
    expected = {asset: tuple(map(Decimal, change)) for asset, change in expected.items()}
    check(what, moved(before, balances(exchange)), expected)


def refused(what, call, error, message):
    """The call must raise exactly this ccxt error, caused by exactly this message."""
    try:
        answer = call()
    except ccxt.BaseError as raised:
        check(f"{what}: error class", type(raised).__name__, error.__name__)
        text = str(raised)
        try:
            body = json.loads(text[text.index("{") :])
        except ValueError:
            raise WrongAnswer(f"{what}: error without a JSON body: {text}") from raised
        check(f"{what}: error body", body, {"message": message})
    else:
        raise WrongAnswer(f"{what}: expected '{message}', got the answer {answer!r}")


def header(exchange, name):
    return exchange.last_response_headers.get(name)


def start_clean(*accounts):
    """No open order of anybody in any market, whatever ran before."""
    for exchange in accounts:
        for symbol in SYMBOLS:
            for side in ("buy", "sell"):
                exchange.cancel_all_orders(symbol, {"side": side})
