//! Assets listed and added.

use openmart_model::limits::ASSET_DECIMALS_DEFAULT;
use openmart_model::{Asset, Command};
use openmart_wire::admin::assets as wire;

use super::{Admin, Answering, Incoming, json};

/// `GET /admin/assets`.
pub(super) fn list(admin: &Admin, _: Incoming) -> Answering<'_> {
    Box::pin(async {
        let assets = admin.exchange().view(|state| state.engine().assets().to_vec());
        Ok(json(&wire::AssetList { assets: assets.into_iter().map(told).collect() }))
    })
}

fn told(Asset { code, name, decimals }: Asset) -> wire::Asset {
    wire::Asset { code, name, decimals }
}

/// `POST /admin/assets`.
pub(super) fn add(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let wire::NewAsset { code, name, decimals } = incoming.json()?;
        let name = name.unwrap_or_else(|| code.clone());
        let decimals = decimals.unwrap_or(ASSET_DECIMALS_DEFAULT);
        let asset = Asset { code, name, decimals };
        admin.carry_out(Command::AddAsset(asset.clone())).await?;
        Ok(json(&told(asset)))
    })
}
