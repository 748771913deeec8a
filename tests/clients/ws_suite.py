"""The WebSocket as the documents' samples use it, with the package websocket-client.

Enters: the address of the server. Leaves: a line per check; stops at the first wrong answer. Orders
are placed and canceled by REST beside it, and what is pushed must show them.
"""

import hashlib
import hmac
import json
import sys
import time
from urllib.parse import urlencode

import requests
import websocket

URL = sys.argv[1]
WS = URL.replace("http://", "ws://") + "/"
KEYS = {
    "alice": ("6591f7c2491db0a23a1d8ad6911c825e", "8c08d9d5c3d15b105dbddaf96e427ac6", "mymemo"),
    "bob": ("b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0", "5ec2e75ec2e75ec2e75ec2e75ec2e75e", "bob"),
}
SYMBOL = "ETH_BTC"
# Pushes come four times a second; a server that takes this long has forgotten one.
PATIENCE_SECONDS = 10


def expect(name, actual, expected):
    if actual != expected:
        print(f"FAIL websocket-client {name}: got {actual!r}, expected {expected!r}")
        sys.exit(1)
    print(f"ok websocket-client {name}")


class Account:
    def __init__(self, name):
        key, self.secret, memo = KEYS[name]
        proof = self.sign(f"{key}:{self.secret}:{memo}")
        form = {"grant_type": "client_credentials", "client_id": key, "client_secret": proof}
        answer = requests.post(URL + "/v2/authentication", data=form).json()
        self.token = answer["access_token"]

    def sign(self, message):
        return hmac.new(self.secret.encode(), message.encode(), hashlib.sha256).hexdigest()

    def headers(self, message):
        return {
            "X-BM-TIMESTAMP": str(int(time.time() * 1000)),
            "X-BM-AUTHORIZATION": "Bearer " + self.token,
            "X-BM-SIGNATURE": self.sign(message),
        }

    def place(self, side, amount, price):
        order = {"symbol": SYMBOL, "side": side, "amount": amount, "price": price}
        message = urlencode(sorted(order.items()))
        answer = requests.post(URL + "/v2/orders", json=order, headers=self.headers(message))
        return answer.json()["entrust_id"]

    def cancel(self, entrust_id):
        message = f"entrust_id={entrust_id}"
        answer = requests.delete(f"{URL}/v2/orders/{entrust_id}", headers=self.headers(message))
        return answer.text

    def cancel_all(self):
        for side in ("buy", "sell"):
            query = {"side": side, "symbol": SYMBOL}
            headers = self.headers(urlencode(query))
            requests.delete(URL + "/v2/orders", params=query, headers=headers)


def connect():
    return websocket.create_connection(WS, timeout=PATIENCE_SECONDS)


def ask(ws, message):
    ws.send(json.dumps(message))
    return json.loads(ws.recv())


def subscribe(channel, **more):
    ws = connect()
    return ws, ask(ws, {"subscribe": channel, "symbol": SYMBOL, **more})


def pings_and_errors():
    ws = connect()
    expect("pong", ask(ws, {"subscribe": "ping"}), {"subscribe": "pong"})
    expect("unknown message", "message" in ask(ws, {"event": "ping"}), True)
    expect("unknown topic", ask(ws, {"subscribe": "x"}), {"message": "Unknown topic"})
    wrong = {"subscribe": "price", "symbol": "NO_NE"}
    expect("unknown symbol", ask(ws, wrong), {"message": "Unknown symbol"})
    wrong = {"subscribe": "order", "symbol": SYMBOL, "precision": 40}
    expect("precision", ask(ws, wrong), {"message": "Invalid precision"})
    ws.send("not json")
    expect("no json", json.loads(ws.recv()), {"message": "Invalid request"})
    ws.close()


def order_book(alice):
    ws, push = subscribe("order", precision=6)
    expect("order is answered as depth", (push["subscribe"], push["precision"]), ("depth", 6))
    expect("an empty side", push["data"]["buys"], [])
    entrust_id = alice.place("buy", "1.5", "0.02")
    level = {"amount": "1.5000", "total": "1.5000", "price": "0.020000", "count": "1"}
    expect("a placed order", json.loads(ws.recv())["data"]["buys"], [level])
    expect("cancel", alice.cancel(entrust_id), "{}")
    expect("a canceled order", json.loads(ws.recv())["data"]["buys"], [])
    leave = {"unsubscribe": "order", "symbol": SYMBOL}
    expect("unsubscribe is echoed", ask(ws, leave), leave)
    entrust_id = alice.place("buy", "1.5", "0.02")
    time.sleep(0.6)
    expect("silence after it", ask(ws, {"subscribe": "ping"}), {"subscribe": "pong"})
    alice.cancel(entrust_id)
    ws.close()


def trades_and_price(alice, bob):
    trades, first = subscribe("trade", precision=6)
    expect("trade", (first["subscribe"], first["precision"]), ("trade", 6))
    price, first_price = subscribe("price")
    expect("price", sorted(first_price), ["data", "subscribe", "symbol"])
    known = len(first["data"]["trades"])
    expect("at most 15 trades at first", known <= 15, True)
    alice.place("sell", "3", "0.021")
    for amount in ("1", "2"):
        bob.place("buy", amount, "0.021")
    seen = []
    while len(seen) < 2:
        push = json.loads(trades.recv())
        seen = push["data"]["trades"] + seen
    expect("each trade once, newest first", [t["count"] for t in seen], ["2.0000", "1.0000"])
    expect(
        "one trade",
        {k: v for k, v in seen[0].items() if k != "time"},
        {"side": "buy", "amount": "0.04200000", "price": "0.021000", "count": "2.0000"},
    )
    moved = json.loads(price.recv())["data"]
    ticker = requests.get(URL + "/v2/ticker", params={"symbol": SYMBOL}).json()
    expect("price is that of the ticker", moved["current_price"], ticker["current_price"])
    expect("its members", sorted(moved), sorted(first_price["data"]))
    trades.close()
    price.close()


def candles():
    ws, push = subscribe("kline", step=5)
    expect("kline", (push["subscribe"], push["step"]), ("kline", "5"))
    ws.close()


def main():
    alice, bob = Account("alice"), Account("bob")
    for account in (alice, bob):
        account.cancel_all()
    pings_and_errors()
    order_book(alice)
    trades_and_price(alice, bob)
    candles()
    for account in (alice, bob):
        account.cancel_all()


main()
