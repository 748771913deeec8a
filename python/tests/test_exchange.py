"""The package against the real program."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import ccxt
import pytest

from openmart_test import BinaryNotFound, Exchange, NotStarted, Refused, find_binary

SYMBOL = "BTC/USDT"


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def place(account, amount=0.5, price=20000):
    return account.create_order(SYMBOL, "limit", "buy", amount, price)["id"]


def test_it_trades_and_stops():
    with Exchange() as exchange:
        alice, pid = exchange.ccxt("alice"), exchange.pid
        order = place(alice)
        assert [found["id"] for found in alice.fetch_open_orders(SYMBOL)] == [order]
        alice.cancel_order(order, SYMBOL)
        assert exchange.bob.memo == "bob"
        assert exchange.alice.secret not in repr(exchange.alice)
    assert not is_alive(pid)


def test_fixtures_are_apart(openmart, openmart_session):
    assert openmart.url != openmart_session.url
    place(openmart.ccxt())
    assert openmart_session.ccxt().fetch_open_orders(SYMBOL) == []


def test_many_at_once():
    with ThreadPoolExecutor(8) as pool:
        exchanges = list(pool.map(lambda _: Exchange(), range(8)))
        try:
            orders = list(pool.map(lambda exchange: place(exchange.ccxt()), exchanges))
        finally:
            list(pool.map(Exchange.close, exchanges))
    assert len({exchange.url for exchange in exchanges}) == 8
    assert orders == [orders[0]] * 8
    assert not any(is_alive(exchange.pid) for exchange in exchanges)


def test_races_and_faults_on_command(openmart):
    alice = openmart.ccxt("alice")
    openmart.race("fill-before-cancel", "alice")
    order = place(alice)
    with pytest.raises(ccxt.OrderNotFound):
        alice.cancel_order(order, SYMBOL)
    assert alice.last_response_headers["X-Openmart-Reason"] == "filled"
    assert [race["state"] for race in openmart.races()] == ["done"]

    openmart.fault("lost", {"kind": "disconnect-after"}, method="POST", path="/v2/orders", nth=1)
    with pytest.raises(ccxt.NetworkError):
        place(alice)
    assert len(alice.fetch_open_orders(SYMBOL)) == 1
    assert [rule["struck"] for rule in openmart.faults()] == [1]
    openmart.heal()
    assert openmart.faults() == []


def test_a_file_of_faults_strikes_from_the_start(tmp_path):
    rules = tmp_path / "faults.toml"
    rules.write_text('[[rule]]\nname = "down"\npath = "/v2/ping"\nfault = { kind = "answer", status = 503 }\n')
    with Exchange(faults=rules, seed=7) as exchange:
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(exchange.url + "/v2/ping")


def test_what_is_wrong_is_said(openmart, tmp_path, monkeypatch):
    with pytest.raises(Refused):
        openmart.race("no-such-race")
    with pytest.raises(Refused, match="no route has this method and path"):
        openmart.fault("bad", {"kind": "disconnect-after"}, path="/no-such-path")
    with pytest.raises(NotStarted, match="nothing.toml"):
        Exchange(faults=tmp_path / "nothing.toml")
    with pytest.raises(NotStarted, match="cannot run"):
        Exchange(binary=tmp_path / "nothing")
    monkeypatch.setenv("OPENMART_BIN", str(tmp_path / "nothing"))
    with pytest.raises(BinaryNotFound, match="which is no program"):
        find_binary()


def test_one_that_nobody_closes_ends_with_the_program():
    for code in ("print(Exchange().pid)", "exchange = Exchange(); print(exchange.pid)"):
        program = [sys.executable, "-c", f"from openmart_test import Exchange; {code}"]
        pid = int(subprocess.run(program, check=True, capture_output=True, text=True).stdout)
        assert not is_alive(pid)
