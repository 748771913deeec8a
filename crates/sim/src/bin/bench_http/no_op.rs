//! The references: handlers that do nothing, on the same HTTP stack.

use std::convert::Infallible;

use anyhow::Result;
use axum::Router;
use axum::extract::Path;
use axum::routing::delete;
use axum::serve::ListenerExt;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Serves `DELETE /v2/orders/{id}` with `{}` on a free port of the loopback interface, on one
/// thread, until killed.
pub(crate) fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = listener().await?;
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

/// The same for requests that come many at once: `hyper` without a router, which writes all answers
/// together.
pub(crate) fn serve_pipelined() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = listener().await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let service = service_fn(async |_: Request<Incoming>| {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"{}"))))
            });
            let connection = http1::Builder::new()
                .pipeline_flush(true)
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    })
}

async fn listener() -> Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(listener)
}
