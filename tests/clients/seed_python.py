"""The documented Python way to cancel an order, in its Python 3 form.

Enters: the address of the server. Leaves: a line per check; stops at the first wrong answer.
"""

import hashlib
import hmac
import json
import sys
import time
from urllib.parse import urlencode

import requests

URL = sys.argv[1]
KEY = "6591f7c2491db0a23a1d8ad6911c825e"
SECRET = "8c08d9d5c3d15b105dbddaf96e427ac6"
MEMO = "mymemo"


def expect(name, actual, expected):
    if actual != expected:
        print(f"FAIL seed-python {name}: got {actual!r}, expected {expected!r}")
        sys.exit(1)
    print(f"ok seed-python {name}")


def sign(message):
    return hmac.new(SECRET.encode(), message.encode(), hashlib.sha256).hexdigest()


def access_token():
    response = requests.post(
        URL + "/v2/authentication",
        data={
            "grant_type": "client_credentials",
            "client_id": KEY,
            "client_secret": sign(f"{KEY}:{SECRET}:{MEMO}"),
        },
    )
    expect("token", (response.status_code, response.json().get("expires_in")), (200, 900))
    return response.json()["access_token"]


def headers(token, data=None):
    result = {
        "X-BM-TIMESTAMP": str(int(time.time() * 1000)),
        "X-BM-AUTHORIZATION": "Bearer " + token,
    }
    if data is not None:
        sorted_data = sorted(data.items(), key=lambda d: d[0], reverse=False)
        result["X-BM-SIGNATURE"] = sign(str(urlencode(sorted_data)))
    return result


def place(token, amount, price):
    """The body and the signed text carry the same Python number, whatever it prints as."""
    data = {"symbol": "BMX_ETH", "side": "buy", "amount": amount, "price": price}
    response = requests.post(
        URL + "/v2/orders",
        data=json.dumps(data),
        headers={**headers(token, data), "Content-Type": "application/json"},
    )
    expect(f"place {amount!r} at {price!r}", (response.status_code, response.text[:14]), (200, '{"entrust_id":'))
    return response.json()["entrust_id"]


def show(token, entrust_id):
    return requests.get(f"{URL}/v2/orders/{entrust_id}", headers=headers(token)).json()


def cancel(token, entrust_id):
    data = {"entrust_id": entrust_id}
    return requests.delete(f"{URL}/v2/orders/{entrust_id}", headers=headers(token, data))


def main():
    token = access_token()
    # A clean book, so that the orders rest.
    response = requests.delete(URL + "/v2/orders?symbol=BMX_ETH&side=buy", headers=headers(token))
    expect("cancel all", (response.status_code, response.content), (200, b"{}"))
    # How Python writes the numbers differs: 100.0, 1e-05 and the advised ten decimals.
    for amount, price, amount_out, price_out in [
        (100, 0.0001, "100.00", "0.00010000"),
        (100.0, 0.00001, "100.00", "0.00001000"),
        (1000.5, 1e-07, "1000.50", "0.00000010"),
        (format(123.45, ".10f"), format(0.00002, ".10f"), "123.45", "0.00002000"),
    ]:
        entrust_id = place(token, amount, price)
        order = show(token, entrust_id)
        expect("order rests", (order["original_amount"], order["price"], order["status"]), (amount_out, price_out, 1))

        response = cancel(token, entrust_id)
        expect("cancel", (response.status_code, response.content), (200, b"{}"))
        expect("order is canceled", show(token, entrust_id)["status"], 4)

        response = cancel(token, entrust_id)
        expect("second cancel", (response.status_code, response.text), (404, '{"message":"Not found"}'))
        expect("its reason", response.headers.get("X-Openmart-Reason"), "canceled")


main()
