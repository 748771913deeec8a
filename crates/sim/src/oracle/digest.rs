//! The digest of the state: "Digest" of the rules, field by field.

use openmart_model::{Balance, Codec, Digest, Writer};

use super::{Account, Oracle};

impl Oracle {
    /// A hash of the state's content; equal content, equal digest.
    pub fn digest(&self) -> u64 {
        let mut bytes = Vec::new();
        self.write_state(&mut Writer::new(&mut bytes));
        let mut digest = Digest::new();
        digest.bytes(&bytes);
        digest.value()
    }

    fn write_state(&self, writer: &mut Writer<'_>) {
        writer.put(&self.rules);
        writer.put(&self.order_next);
        writer.put(&self.trade_next);
        count(writer, self.assets.len());
        for listed in &self.assets {
            writer.put(&listed.asset);
            writer.put(&listed.supply);
            writer.put(&listed.fees);
        }
        count(writer, self.markets.len());
        for listed in &self.markets {
            writer.put(&listed.market.spec);
            writer.put(&listed.market.status);
            writer.put(&listed.last_price);
        }
        count(writer, self.accounts.len());
        for account in &self.accounts {
            write_account(account, writer);
        }
        count(writer, self.keys.len());
        for key in &self.keys {
            writer.put(key);
        }
        count(writer, self.open.len());
        for order in self.open.values() {
            writer.put(order);
        }
    }
}

fn write_account(account: &Account, writer: &mut Writer<'_>) {
    writer.put(&account.name);
    let balances: Vec<_> = account.balances.iter().filter(|b| *b.1 != Balance::default()).collect();
    pairs(writer, balances.len(), balances.into_iter());
    pairs(writer, account.fees.len(), account.fees.iter());
    count(writer, account.client_ids.len());
    for (client_id, known) in &account.client_ids {
        writer.put(client_id);
        writer.put(&known.order);
        writer.put(&known.market);
        writer.put(&known.side);
        writer.put(&known.kind);
    }
    count(writer, account.closed.len());
    for client_id in &account.closed {
        writer.put(client_id);
    }
}

fn pairs<'a, K: Codec + 'a, V: Codec + 'a>(
    writer: &mut Writer<'_>,
    length: usize,
    pairs: impl Iterator<Item = (&'a K, &'a V)>,
) {
    count(writer, length);
    for (key, value) in pairs {
        writer.put(key);
        writer.put(value);
    }
}

fn count(writer: &mut Writer<'_>, length: usize) {
    writer.put(&(length as u32));
}
