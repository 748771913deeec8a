//! `https` is encrypted.

use openmart_client::{Client, RetryPolicy, UsageError};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// First bytes of a TLS handshake: a record of type 22, version 3.x.
const HANDSHAKE: [u8; 2] = [0x16, 0x03];

#[tokio::test]
async fn an_https_address_is_spoken_to_in_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let client = match Client::builder(url).retry_policy(RetryPolicy::never()).build() {
        Ok(client) => client,
        // A machine without any certificates is told so.
        Err(UsageError::Certificates { reason }) => return println!("not checked: {reason}"),
        Err(error) => panic!("{error}"),
    };
    let asked = tokio::spawn(async move { client.ping().await });
    let (mut connection, _) = listener.accept().await.unwrap();
    let mut first = [0; 2];
    connection.read_exact(&mut first).await.unwrap();
    assert_eq!(first, HANDSHAKE);
    drop(connection);
    let error = asked.await.unwrap().unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
}
