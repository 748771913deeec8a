//! Access tokens, which come back from anybody; sealed secrets, which lie in the journal; the file of
//! the master key; requests that go past the router.

use std::sync::OnceLock;

use openmart_gateway::{Vault, direct_request_bytes};
use openmart_model::{KeyId, Timestamp};

const EXPIRES: Timestamp = Timestamp(1_600_000_900_000);

/// Nothing but a token that was issued may be accepted.
pub(super) fn token(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let vault = vault();
    let Ok(key) = vault.verify(text, Timestamp(0)) else { return false };
    assert_eq!(vault.issue(key, EXPIRES), text, "a token was accepted that was not issued");
    true
}

pub(super) fn tokens() -> Vec<Vec<u8>> {
    [0, 1, u32::MAX].map(|key| vault().issue(KeyId(key), EXPIRES).into_bytes()).into()
}

/// Nothing but what was sealed may be opened.
pub(super) fn sealed_secret(bytes: &[u8]) -> bool {
    let Ok(secret) = vault().unseal(bytes, KEY_TEXT) else { return false };
    assert_eq!(vault().seal(secret.expose(), KEY_TEXT), bytes, "opened what was not sealed");
    assert!(vault().unseal(bytes, "another").is_err(), "opened for another key");
    true
}

pub(super) fn sealed_secrets() -> Vec<Vec<u8>> {
    ["", "secret", &"long".repeat(16)].map(|secret| vault().seal(secret, KEY_TEXT)).into()
}

const KEY_TEXT: &str = "6591f7c2491db0a23a1d8ad6911c825e";

/// A key file that is accepted holds 64 hex digits.
pub(super) fn key_file(bytes: &[u8]) -> bool {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().expect("a temporary folder"));
    // The test and its threads may do this at the same time.
    let file = tempfile::NamedTempFile::new_in(folder).expect("a file for its owner alone");
    std::fs::write(&file, bytes).expect("room for a small file");
    let accepted = Vault::open_or_create(file.path()).is_ok();
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    assert!(!accepted || digits == 64, "{digits} digits were accepted");
    accepted
}

pub(super) fn key_files() -> Vec<Vec<u8>> {
    let key = "00112233445566778899aabbccddeeff".repeat(2);
    [key.clone(), format!("{key}\n"), format!("{key} \r\n")].map(String::into_bytes).into()
}

fn vault() -> Vault {
    Vault::from_key([7; 32])
}

/// A request that is read past the router has one reading only: it ends where it says, whatever
/// follows, it is not there before its last byte, and nothing in it may mean something to another
/// reader.
pub(super) fn direct_request(bytes: &[u8]) -> bool {
    let Some(length) = direct_request_bytes(bytes) else { return false };
    let request = &bytes[..length];
    assert_eq!(direct_request_bytes(request), Some(length), "what follows changed its end");
    assert_eq!(direct_request_bytes(&request[..length - 1]), None, "it ended too early");
    let mut twice = request.to_vec();
    twice.extend(request);
    assert_eq!(direct_request_bytes(&twice), Some(length), "its repetition changed its end");
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let lines = text.split('\n').map(str::trim_end).skip(1).take_while(|line| !line.is_empty());
    let mut lengths = 0;
    for line in lines {
        let (name, value) = line.split_once(':').expect("only headers before the blank line");
        assert_eq!(name, name.trim(), "blanks around the name of a header");
        assert!(!["transfer-encoding", "upgrade", "expect", "te", "trailer"].contains(&name));
        assert!(name != "connection" || value.trim() == "keep-alive");
        lengths += usize::from(name == "content-length");
    }
    assert!(lengths <= 1, "two lengths");
    true
}

pub(super) fn direct_requests() -> Vec<Vec<u8>> {
    let headers = "Host: x\r\nX-BM-AUTHORIZATION: Bearer 01\r\nX-BM-TIMESTAMP: 1600000000000\r\n\
                   X-BM-SIGNATURE: 00ff\r\nConnection: keep-alive\r\n";
    let cancel = format!("DELETE /v2/orders/17 HTTP/1.1\r\n{headers}\r\n");
    let empty = format!("DELETE /v2/orders/17/ HTTP/1.1\r\nContent-Length: 0\r\n{headers}\r\n");
    let place = format!("POST /v2/orders HTTP/1.1\r\n{headers}Content-Length: 2\r\n\r\n{{}}");
    [cancel, empty, place].map(String::into_bytes).into()
}
