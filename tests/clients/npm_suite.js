// Runs the unmodified npm package bitmart-api against the demo accounts.
// Enters: the address of the server. Leaves: a line `ok` or `FAIL` per scenario, and an exit code.
'use strict';

const assert = require('assert');
const { BitmartRestApi } = require('bitmart-api');
const { version } = require('bitmart-api/package.json');

const url = process.argv[2];
const name = `npm-${version}`;
const symbol = 'BMX_ETH';
const { filled, canceled, pending_and_partially_filled: open } = BitmartRestApi.orderStates();

// The package has its address built in; its HTTP client is public, so only that is pointed elsewhere.
function connect(memo, key, secret) {
  const api = new BitmartRestApi(memo, key, secret);
  assert.ok(api.client.client.defaults.baseURL, 'the package keeps its address in axios defaults');
  api.client.client.defaults.baseURL = `${url}/v2`;
  return api;
}

const alice = connect('mymemo', '6591f7c2491db0a23a1d8ad6911c825e', '8c08d9d5c3d15b105dbddaf96e427ac6');
const bob = connect('bob', 'b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0', '5ec2e75ec2e75ec2e75ec2e75ec2e75e');

// Ten decimals as a whole number of smallest units: JavaScript numbers would lose digits.
function units(text) {
  assert.match(text, /^\d+\.\d{10}$/, 'amounts are text with ten decimals');
  return BigInt(text.replace('.', ''));
}

async function balances(api) {
  const rows = await api.getWalletBalances();
  assert.deepStrictEqual(rows.map(row => row.id).sort(), ['BMX', 'BTC', 'ETH', 'USDT']);
  return Object.fromEntries(rows.map(row => [row.id, { available: units(row.available), frozen: units(row.frozen) }]));
}

function moved(before, after) {
  const changes = {};
  for (const id of Object.keys(after)) {
    const change = [after[id].available - before[id].available, after[id].frozen - before[id].frozen];
    if (change.some(amount => amount !== 0n)) {
      changes[id] = change;
    }
  }
  return changes;
}

async function refused(call, status, message) {
  await assert.rejects(call, error => {
    assert.ok(error.response, `no answer: ${error.message}`);
    assert.deepStrictEqual([error.response.status, error.response.data], [status, { message }]);
    return true;
  });
}

async function startClean() {
  for (const api of [alice, bob]) {
    for (const side of ['buy', 'sell']) {
      await api.cancelAllOrders(symbol, side);
    }
  }
}

const ids = page => page.orders.map(order => order.entrust_id);

async function publicData() {
  assert.deepStrictEqual(await alice.ping(), {});
  const { server_time } = await alice.getTime();
  assert.ok(Number.isInteger(server_time) && Math.abs(server_time - Date.now()) < 60000, `time ${server_time}`);
  assert.deepStrictEqual(await alice.getSteps(), [1, 3, 5, 15, 30, 45, 60, 120, 180, 240, 1440, 10080, 43200]);
  assert.deepStrictEqual((await alice.getSymbols()).sort(), ['BMX_ETH', 'BTC_USDT', 'ETH_BTC', 'ETH_USDT']);
  assert.deepStrictEqual((await alice.getCurrencies()).map(row => row.id).sort(), ['BMX', 'BTC', 'ETH', 'USDT']);
  const details = (await alice.getSymbolsDetails()).find(row => row.id === symbol);
  assert.deepStrictEqual(
    [details.base_currency, details.quote_currency, details.quote_increment, details.price_max_precision],
    ['BMX', 'ETH', '0.01', 8],
  );
}

// The numbers as JavaScript writes them, which for the smallest price is 1e-7; and as text.
async function placeShowCancel() {
  for (const [amount, price, amountOut, priceOut] of [
    [100, 0.0001, '100.00', '0.00010000'],
    [1000.5, 0.00001, '1000.50', '0.00001000'],
    [1000.5, 1e-7, '1000.50', '0.00000010'],
    ['123.4500000000', '0.0000200000', '123.45', '0.00002000'],
  ]) {
    const before = await balances(alice);
    const id = await alice.placeOrder(symbol, amount, price, 'buy');
    assert.ok(Number.isSafeInteger(id), `id ${id}`);
    const held = units(`${amountOut}00000000`) * BigInt(priceOut.replace('.', '')) / 100000000n;
    assert.deepStrictEqual(moved(before, await balances(alice)), { ETH: [-held, held] });

    const { timestamp, ...order } = await alice.getOrderDetails(id);
    assert.ok(Math.abs(timestamp - Date.now()) < 60000, `order time ${timestamp}`);
    assert.deepStrictEqual(order, {
      entrust_id: id, symbol, side: 'buy', price: priceOut, fees: '0.0000000000',
      original_amount: amountOut, executed_amount: '0.00', remaining_amount: amountOut, status: 1,
    });
    const listed = await alice.getOrders(symbol);
    assert.deepStrictEqual([ids(listed), listed.total_orders, listed.total_pages, listed.current_page], [[id], 1, 1, 0]);

    // The id goes into the body as a number or as text, whatever the caller has.
    const given = typeof amount === 'string' ? String(id) : id;
    assert.deepStrictEqual(await alice.cancelOrder(given), {});
    assert.strictEqual((await alice.getOrderDetails(id)).status, canceled);
    assert.deepStrictEqual(ids(await alice.getOrders(symbol)), []);
    assert.strictEqual(ids(await alice.getOrders(symbol, canceled))[0], id);
    assert.deepStrictEqual(moved(before, await balances(alice)), {});
    await refused(() => alice.cancelOrder(given), 404, 'Not found');
  }
}

async function cancelAll() {
  const before = await balances(alice);
  for (const amount of [10, 20.5, 3]) {
    await alice.placeOrder(symbol, amount, 0.00011, 'buy');
  }
  const ask = await alice.placeOrder(symbol, 7, 0.0002, 'sell');
  await alice.cancelAllOrders(symbol, 'buy');
  assert.deepStrictEqual(ids(await alice.getOrders(symbol)), [ask]);
  await alice.cancelAllOrders(symbol, 'sell');
  assert.deepStrictEqual(ids(await alice.getOrders(symbol)), []);
  assert.deepStrictEqual(moved(before, await balances(alice)), {});
  // The package hides a 400 of this call; underneath it must not be one, even with nothing to cancel.
  assert.deepStrictEqual(await alice.client.doPrivateRequest('delete', `orders?symbol=${symbol}&side=buy`), {});
  await refused(
    () => alice.client.doPrivateRequest('delete', `orders?symbol=${symbol}`),
    400, "Required String parameter 'side' is not present",
  );
}

// 20.17 x 0.00012345 = 0.0024899865; the maker's fee on it is cut to 0.0000024899.
async function match() {
  const before = { alice: await balances(alice), bob: await balances(bob) };
  const resting = await alice.placeOrder(symbol, 32.17, 0.00012345, 'sell');
  const taking = await bob.placeOrder(symbol, 20.17, 0.000125, 'buy');

  assert.deepStrictEqual(moved(before.bob, await balances(bob)), {
    BMX: [units('20.1296600000'), 0n], ETH: [-units('0.0024899865'), 0n],
  });
  assert.deepStrictEqual(moved(before.alice, await balances(alice)), {
    BMX: [-units('32.1700000000'), units('12.0000000000')], ETH: [units('0.0024899865') - units('0.0000024899'), 0n],
  });

  const order = await alice.getOrderDetails(resting);
  assert.deepStrictEqual(
    [order.status, order.executed_amount, order.remaining_amount, order.fees],
    [2, '20.17', '12.00', '0.0000024899'],
  );
  assert.strictEqual(ids(await bob.getOrders(symbol, filled))[0], taking);
  assert.deepStrictEqual(ids(await bob.getOrders(symbol, open)), []);

  const rows = {};
  for (const [owner, api, id, entrustType, active, fees] of [
    ['alice', alice, resting, 1, false, '0.0000024899'],
    ['bob', bob, taking, 0, true, '0.0403400000'],
  ]) {
    const page = await api.getPersonalTradeHistory(symbol);
    assert.strictEqual(page.current_page, 0);
    assert.strictEqual(page.total_pages, Math.ceil(page.total_trades / 10));
    const { timestamp, trade_id, ...row } = page.trades[0];
    assert.ok(Math.abs(timestamp - Date.now()) < 60000, `trade time ${timestamp}`);
    assert.deepStrictEqual(row, {
      symbol, amount: '20.17', price: '0.00012345', fees, active, entrustType, entrust_id: id,
    });
    rows[owner] = trade_id;
  }
  assert.strictEqual(rows.alice, rows.bob);

  const { order_time, ...last } = (await bob.getTradeHistory(symbol))[0];
  assert.ok(Number.isInteger(order_time));
  assert.deepStrictEqual(last, { amount: '0.00248999', price: '0.00012345', count: '20.17', type: 'buy' });

  await refused(() => bob.cancelOrder(taking), 404, 'Not found');
  await alice.cancelOrder(resting);
  assert.deepStrictEqual(moved(before.alice, await balances(alice)), {
    BMX: [-units('20.1700000000'), 0n], ETH: [units('0.0024899865') - units('0.0000024899'), 0n],
  });
}

async function bookAndTicker() {
  await alice.placeOrder(symbol, 12.5, 0.00011, 'buy');
  await bob.placeOrder(symbol, 0.25, 0.00011, 'buy');
  await alice.placeOrder(symbol, 4, 0.00013001, 'sell');
  assert.deepStrictEqual(await alice.getOrderBook(symbol), {
    buys: [{ amount: '12.75', total: '12.75', price: '0.00011000', count: '2' }],
    sells: [{ amount: '4.00', total: '4.00', price: '0.00013001', count: '1' }],
  });
  assert.deepStrictEqual((await alice.getOrderBook(symbol, 6)).sells, [
    { amount: '4.00', total: '4.00', price: '0.000131', count: '1' },
  ]);
  await refused(() => alice.getOrderBook(symbol, 9), 400, 'Invalid precision. precision must be in the range [6, 8]');
  await refused(() => alice.getOrderBook('NOPE_ETH'), 400, 'Unknown symbol');

  const ticker = await alice.getTicker(symbol);
  assert.deepStrictEqual(
    [ticker.symbol_id, ticker.bid_1, ticker.bid_1_amount, ticker.ask_1, ticker.ask_1_amount, ticker.current_price],
    [symbol, '0.00011000', '12.75', '0.00013001', '4.00', '0.00012345'],
  );
  assert.deepStrictEqual((await alice.getTicker()).map(row => row.symbol_id).sort(), ['BMX_ETH', 'BTC_USDT', 'ETH_BTC', 'ETH_USDT']);
  await refused(() => alice.getTicker('NOPE_ETH'), 400, 'Unknown symbol');
}

async function strangers() {
  await refused(() => connect('mymemo', '6591f7c2491db0a23a1d8ad6911c825e', '0'.repeat(32)).getWalletBalances(), 401, 'Invalid request');
  const id = await alice.placeOrder(symbol, 100, 0.00001, 'buy');
  await refused(() => bob.cancelOrder(id), 404, 'Not found');
  await refused(() => bob.getOrderDetails(id), 404, 'Not found');
  await refused(() => alice.placeOrder(symbol, 100, 0.0001, 'borrow'), 400, 'Invalid side');
  assert.deepStrictEqual(ids(await alice.getOrders(symbol)), [id]);
  await alice.cancelOrder(id);
}

async function main() {
  let failures = 0;
  for (const scenario of [publicData, placeShowCancel, cancelAll, match, bookAndTicker, strangers]) {
    try {
      await startClean();
      await scenario();
      console.log(`ok ${name} ${scenario.name}`);
    } catch (error) {
      failures += 1;
      console.log(`FAIL ${name} ${scenario.name}: ${String(error.message).split('\n').join(' ')}`);
      console.error(error.stack);
    }
  }
  await startClean();
  return failures;
}

main()
  .catch(error => {
    console.log(`FAIL ${name}: ${error.message}`);
    return 1;
  })
  .then(failures => {
    // The package keeps a timer for its token, which would keep the program alive.
    alice.destroy();
    bob.destroy();
    process.exitCode = failures ? 1 : 0;
  });
