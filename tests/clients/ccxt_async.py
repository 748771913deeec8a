"""Runs the asynchronous half of an unmodified ccxt: another HTTP stack, many calls at once.

Enters: the address of the server. Leaves: a line `ok` or `FAIL` per scenario, and an exit code.
"""

import asyncio
import sys
from decimal import Decimal

import ccxt.async_support
from ccxt_accounts import CREDENTIALS, check

URL = sys.argv[1]
NAME = f"ccxt-async-{ccxt.async_support.__version__}"
ORDERS = 30


async def funds(alice):
    return {row["id"]: (Decimal(row["available"]), Decimal(row["frozen"])) for row in (await alice.fetch_balance())["info"]}


async def open_ids(alice):
    return sorted(order["id"] for order in await alice.fetch_open_orders("BMX/ETH"))


async def many_at_once(alice):
    """Orders placed together all rest; canceled together, each is canceled once and its funds are free."""
    before = await funds(alice)
    placed = await asyncio.gather(
        *(alice.create_order("BMX/ETH", "limit", "buy", 100 + n, 0.00001) for n in range(ORDERS))
    )
    ids = sorted(order["id"] for order in placed)
    check("every order has its own id", len(set(ids)), ORDERS)
    check("all rest", await open_ids(alice), ids)
    held = sum(Decimal("0.00001") * (100 + n) for n in range(ORDERS))
    available, frozen = before["ETH"]
    check("funds held", (await funds(alice))["ETH"], (available - held, frozen + held))

    # Each order is canceled twice at the same moment: one of the two must be refused.
    answers = await asyncio.gather(
        *(alice.cancel_order(order_id, "BMX/ETH") for order_id in ids * 2), return_exceptions=True
    )
    refusals = [answer for answer in answers if isinstance(answer, Exception)]
    check("refusals", {type(refusal).__name__ for refusal in refusals}, {"OrderNotFound"})
    check("one cancel of two is refused", len(refusals), ORDERS)
    check("none rests", await open_ids(alice), [])
    check("funds free", await funds(alice), before)


async def main():
    alice = ccxt.async_support.bitmart({**CREDENTIALS["alice"], "enableRateLimit": False, "timeout": 20000})
    alice.urls["api"] = URL
    failed = False
    try:
        await alice.sign_in()
        await alice.load_markets()
        await alice.cancel_all_orders("BMX/ETH", {"side": "buy"})
        await many_at_once(alice)
        print(f"ok {NAME} many_at_once")
    except Exception as error:
        failed = True
        print(f"FAIL {NAME} many_at_once: {type(error).__name__}: {error}")
    finally:
        await alice.close()
    sys.exit(1 if failed else 0)


asyncio.run(main())
