//! `openmart admin asset`: assets added and listed.

use hyper::Method;
use openmart_wire::admin::assets::{ASSETS, Asset, AssetList, NewAsset};

use super::arguments::AdminAsset;
use super::client::Client;
use super::show;
use super::table::table;

pub(super) fn run(client: &Client, wish: &AdminAsset, json: bool) -> anyhow::Result<()> {
    match wish {
        AdminAsset::Add { code, name, decimals } => {
            let new = NewAsset { code: code.clone(), name: name.clone(), decimals: *decimals };
            let added: Asset = client.tell(Method::POST, ASSETS, &new)?;
            show(&added, json, |asset| format!("asset {} is added\n", asset.code))
        }
        AdminAsset::List => {
            let list: AssetList = client.ask(Method::GET, ASSETS)?;
            show(&list, json, |list| {
                let row = |asset: &Asset| {
                    [asset.code.clone(), asset.name.clone(), asset.decimals.to_string()]
                };
                let rows: Vec<_> = list.assets.iter().map(row).collect();
                table(["ASSET", "NAME", "DECIMALS"], &rows)
            })
        }
    }
}
