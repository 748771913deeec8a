//! The reference: a handler that does nothing, on the same HTTP stack.

use anyhow::Result;
use axum::Router;
use axum::extract::Path;
use axum::routing::delete;
use axum::serve::ListenerExt;

/// Serves `DELETE /v2/orders/{id}` with `{}` on a free port of the loopback interface, on one
/// thread, until killed.
pub(crate) fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on http://{}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let routes = Router::new().route("/v2/orders/{id}", delete(no_op));
        axum::serve(listener, routes).await?;
        Ok(())
    })
}

async fn no_op(Path(_id): Path<u64>) -> &'static str {
    "{}"
}
