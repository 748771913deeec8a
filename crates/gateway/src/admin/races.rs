//! Races on demand: listed, armed, forgotten.

use super::{Admin, Answering, Incoming, json};

/// `GET /admin/races`.
pub(super) fn list(admin: &Admin, _: Incoming) -> Answering<'_> {
    Box::pin(async { Ok(json(&admin.controls.races())) })
}

/// `POST /admin/races`.
pub(super) fn arm(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move { Ok(json(&admin.controls.arm_race(&incoming.json()?)?)) })
}

/// `DELETE /admin/races`.
pub(super) fn clear(admin: &Admin, _: Incoming) -> Answering<'_> {
    Box::pin(async { Ok(json(&admin.controls.clear_races())) })
}
