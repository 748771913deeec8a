//! What the vault promises, and that nothing else opens.

use super::*;

const NOW: Timestamp = Timestamp(1_600_000_000_000);
const LATER: Timestamp = Timestamp(NOW.0 + 900_000);

fn vault() -> Vault {
    Vault::from_key([7; KEY_BYTES])
}

#[test]
fn a_sealed_secret_opens_for_its_key_alone() {
    let sealed = vault().seal("8c08d9d5", "6591f7c2");
    assert_eq!(vault().unseal(&sealed, "6591f7c2").unwrap().expose(), "8c08d9d5");
    assert!(vault().unseal(&sealed, "6591f7c3").is_err());
    assert!(Vault::from_key([8; KEY_BYTES]).unseal(&sealed, "6591f7c2").is_err());
    assert!(!sealed.windows(8).any(|part| part == b"8c08d9d5"));
    let nonce = |secret, key| vault().seal(secret, key)[1..25].to_vec();
    assert_ne!(nonce("8c08d9d5", "6591f7c2"), nonce("8c08d9d6", "6591f7c2"));
    assert_ne!(nonce("8c08d9d5", "6591f7c2"), nonce("8c08d9d5", "6591f7c3"));
    assert_ne!(nonce("cd", "ab"), nonce("bcd", "a"));
}

#[test]
fn a_sealed_secret_with_any_bit_changed_does_not_open() {
    let sealed = vault().seal("secret", "key");
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(vault().unseal(&changed, "key").is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(vault().unseal(&sealed[..length], "key").is_err(), "length {length}");
    }
}

#[test]
fn a_token_names_its_key_until_it_expires() {
    let token = vault().issue(KeyId(258), LATER);
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{token}");
    assert_eq!(vault().verify(&token, NOW), Ok(KeyId(258)));
    assert_eq!(vault().verify(&token, Timestamp(LATER.0 - 1)), Ok(KeyId(258)));
    assert_eq!(vault().verify(&token, LATER), Err(TokenError::Expired));
    let other = Vault::from_key([8; KEY_BYTES]);
    assert_eq!(other.verify(&token, NOW), Err(TokenError::Forged));
}

#[test]
fn a_token_with_any_character_changed_is_refused() {
    let token = vault().issue(KeyId(1), LATER);
    for place in 0..token.len() {
        for character in ['0', '1', 'f', 'A', 'g', '.'] {
            let mut changed = token.clone();
            changed.replace_range(place..=place, &character.to_string());
            if changed != token {
                assert!(vault().verify(&changed, NOW).is_err(), "{changed}");
            }
        }
        assert!(vault().verify(&token[..place], NOW).is_err());
    }
    assert!(vault().verify(&token.to_uppercase(), NOW).is_err(), "one text for each token");
    assert!(vault().verify(&format!("{token}00"), NOW).is_err());
}

#[test]
fn nothing_secret_is_printed() {
    let vault = vault();
    let sealed = vault.seal("8c08d9d5", "6591f7c2");
    let secret = vault.unseal(&sealed, "6591f7c2").unwrap();
    assert_eq!(format!("{vault:?} {secret:?}"), "Vault { .. } Secret(..)");
}

#[test]
fn a_key_file_is_made_once_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let token = Vault::open_or_create(&path).unwrap().issue(KeyId(3), LATER);
    assert_eq!(Vault::open_or_create(&path).unwrap().verify(&token, NOW), Ok(KeyId(3)));
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.len(), 65);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    for bad in [&text[..63], "", "xyz", &text.repeat(2)] {
        std::fs::write(&path, bad).unwrap();
        assert!(matches!(Vault::open_or_create(&path), Err(VaultError::Form { .. })), "{bad:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    Vault::open_or_create(&path).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path) & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let refused = Vault::open_or_create(&path).unwrap_err();
    assert!(matches!(refused, VaultError::Exposed { mode: 0o640, .. }), "{refused}");
}
