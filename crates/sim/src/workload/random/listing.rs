//! Random assets, markets, accounts and keys, good ones and bad ones.

use openmart_model::limits::SUPPLY_MAX;
use openmart_model::{
    AccountId, AddressRange, Amount, Asset, AssetId, Command, KeyId, MarketSpec, NewAccount,
    NewKey, Quantity, Scopes, SelfTradePolicy,
};

use super::{ACCOUNTS_AIM, KEYS_AIM, LISTED_AIM, RandomCommands};
use crate::oracle::Oracle;

const POLICIES: [SelfTradePolicy; 5] = [
    SelfTradePolicy::Allow,
    SelfTradePolicy::RefuseTaker,
    SelfTradePolicy::CancelTaker,
    SelfTradePolicy::CancelMaker,
    SelfTradePolicy::CancelBoth,
];

/// Assets, markets and accounts that every stream begins with.
const FIRST_ASSETS: u16 = 3;
pub(super) const FIRST_MARKETS: u64 = 5;
const FIRST_ACCOUNTS: u32 = 4;

impl RandomCommands {
    /// The first commands: assets, a market of each self-trade policy, accounts with something.
    pub(super) fn listing(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        // Decimals are all the same within a stream, so that the first markets are listable.
        let decimals = self.random.pick(&[0, 3, 8, 10, 18]);
        for _ in 0..FIRST_ASSETS {
            let asset = Asset { decimals, ..self.asset_good() };
            commands.push(Command::AddAsset(asset));
        }
        let pairs = [(0, 1), (1, 0), (0, 2), (2, 1), (1, 2)];
        let first_policy = self.random.index(POLICIES.len());
        for (at, (base, quote)) in pairs.into_iter().enumerate() {
            let policy = POLICIES[(first_policy + at) % POLICIES.len()];
            let spec = self.market_good(AssetId(base), AssetId(quote), decimals, policy);
            commands.push(Command::AddMarket(spec));
        }
        for _ in 0..FIRST_ACCOUNTS {
            let account = NewAccount { name: self.name("account"), ..self.account_good() };
            commands.push(Command::AddAccount(account));
        }
        commands
    }

    /// Commands that are rare in life: listing, accounts, keys, rules.
    pub(super) fn rare(&mut self, state: &Oracle) -> Command {
        match self.random.weighted(&[10, 15, 20, 25, 15, 10]) {
            0 => self.add_asset(state),
            1 => self.add_market(state),
            2 => self.add_account(state),
            3 => self.add_key(state),
            4 => Command::RevokeKey { key: KeyId(self.mostly_below(state.keys().len())) },
            _ => Command::SetRules { version: self.random.pick(&[0, 1, 1, 2, u32::MAX]) },
        }
    }

    fn add_asset(&mut self, state: &Oracle) -> Command {
        let mut asset = self.asset_good();
        if state.assets_len() >= LISTED_AIM || self.random.percent(60) {
            match self.random.below(6) {
                0 => asset.code = "A1".into(),
                1 => asset.code = String::new(),
                2 => asset.code = "ABCDEFGHIJKLMNOP".into(),
                3 => asset.code = "a1".into(),
                4 => asset.name = "n".repeat(65),
                _ => asset.decimals = 19,
            }
        }
        Command::AddAsset(asset)
    }

    fn asset_good(&mut self) -> Asset {
        self.named += 1;
        let decimals = self.random.below(19) as u8;
        let code = format!("A{}", self.named);
        Asset { name: format!("asset {code}"), code, decimals }
    }

    fn add_market(&mut self, state: &Oracle) -> Command {
        let (base, quote) = (self.asset(state), self.asset(state));
        let policy = self.random.pick(&POLICIES);
        let decimals = self.random.below(11) as u8;
        let mut spec = self.market_good(base, quote, decimals, policy);
        if state.markets_len() >= LISTED_AIM || self.random.percent(40) {
            match self.random.below(6) {
                0 => spec.quote = spec.base,
                1 => spec.price_decimals = 19,
                2 => (spec.price_decimals, spec.quantity_decimals) = (0, 19),
                3 => spec.depth_decimals_min = spec.price_decimals + 1,
                4 => spec.quantity_min = Quantity::ZERO,
                _ => spec.price_band_multiple = 1_000_001,
            }
        }
        Command::AddMarket(spec)
    }

    /// A market whose decimals fit assets of so many, with its price level.
    fn market_good(
        &mut self,
        base: AssetId,
        quote: AssetId,
        decimals: u8,
        self_trade: SelfTradePolicy,
    ) -> MarketSpec {
        let price_decimals = self.random.below(u64::from(decimals) + 1) as u8;
        let quantity_decimals = decimals - price_decimals;
        let mid = self.random.pick(&[4, 100, 100, 12_345, 1_000_000_007, 1 << 40, u64::MAX - 3]);
        self.mids.push(mid);
        let quantity_min = Quantity::new(1 + self.random.pick(&[0, 0, 4]));
        let quantity_max = Quantity::new(self.random.pick(&[150, 1_000_000, 1 << 53, u64::MAX]));
        let mut notional_min = || {
            let ticks = u128::from(mid) * u128::from(self.random.pick(&[0u64, 0, 1, 3]));
            Amount::new(ticks * u128::from(self.random.pick(&[1u64, 1, 1, 1, 1, 1_000])))
        };
        let (notional_min_buy, notional_min_sell) = (notional_min(), notional_min());
        MarketSpec {
            base,
            quote,
            price_decimals,
            quantity_decimals,
            depth_decimals_min: 0,
            quantity_min,
            quantity_max,
            notional_min_buy,
            notional_min_sell,
            fees: self.fees(),
            self_trade,
            price_band_multiple: self.random.pick(&[0, 0, 0, 1, 2, 10, 1_000_000]),
        }
    }

    fn add_account(&mut self, state: &Oracle) -> Command {
        let mut account = self.account_good();
        if state.accounts_len() >= ACCOUNTS_AIM || self.random.percent(70) {
            match self.random.below(9) {
                0 => account.deposits.push((AssetId(u16::MAX), Amount::new(1))),
                1 => account.name = "account 1".into(),
                2 => account.keys = vec![self.key_good(); 2],
                3 => account.keys.push(self.key_bad()),
                4 => account.name = String::new(),
                5 => account.name = "n".repeat(65),
                6 => account.deposits.push((AssetId(0), Amount::ZERO)),
                7 => account.deposits = vec![(AssetId(0), SUPPLY_MAX); 2],
                _ => account.deposits = vec![(AssetId(0), Amount::new(u128::MAX)); 2],
            }
        }
        Command::AddAccount(account)
    }

    fn account_good(&mut self) -> NewAccount {
        let name = self.name("account");
        let asset = AssetId(self.random.below(u64::from(FIRST_ASSETS)) as u16);
        let amounts = [u128::from(self.random.below(1_000_000) + 1), 1 << 40, 1 << 80, 1 << 100];
        let deposits = vec![(asset, Amount::new(self.random.pick(&amounts))); 2];
        let keys = if self.random.percent(50) { vec![self.key_good()] } else { vec![] };
        NewAccount { name, deposits, keys }
    }

    fn add_key(&mut self, state: &Oracle) -> Command {
        let bad = state.keys().len() >= KEYS_AIM || self.random.percent(50);
        let mut key = if bad { self.key_bad() } else { self.key_good() };
        if bad && !state.keys().is_empty() && self.random.percent(30) {
            key.key.clone_from(&state.keys()[self.random.index(state.keys().len())].spec.key);
        }
        Command::AddKey { account: AccountId(self.account(state).0), key }
    }

    fn key_good(&mut self) -> NewKey {
        let ranges = (0..self.random.below(3)).map(|_| self.range()).collect();
        let sealed_secret = self.random.bits().to_le_bytes().into();
        let memo = self.random.pick(&["", "my memo", "~"]).into();
        let flags = self.random.bits();
        let scopes = Scopes { read: flags & 1 == 1, trade: flags & 2 == 2, cancel: flags & 4 == 4 };
        NewKey { key: self.name("key"), sealed_secret, memo, scopes, ranges }
    }

    fn key_bad(&mut self) -> NewKey {
        let mut key = self.key_good();
        match self.random.below(9) {
            0 => key.key = String::new(),
            1 => key.key = "k".repeat(65),
            2 => key.sealed_secret = vec![],
            3 => key.sealed_secret = vec![7; 513],
            4 => key.memo = "a:b".into(),
            5 => key.memo = "m".repeat(65),
            6 => key.memo = self.random.pick(&["é", "tab\t", "\u{7f}"]).into(),
            7 => key.ranges = vec![self.range(); 31],
            _ => key.ranges = vec![AddressRange { address: [9; 16], prefix_bits: 129 }],
        }
        key
    }

    fn range(&mut self) -> AddressRange {
        AddressRange { address: [self.random.bits() as u8; 16], prefix_bits: 96 }
    }

    fn name(&mut self, what: &str) -> String {
        self.named += 1;
        format!("{what} {}", self.named)
    }
}
