//! Signatures: whose word counts that a source text gives these bytes.
//!
//! A content hash proves that bytes match their name. That they are what a source text compiles
//! to is somebody's word, so records can be signed (ed25519, RFC 8032): the whole body, which
//! says kind, zone, key and builder. The private key belongs into protected jobs only.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// What stands before the hexadecimal digits of a key.
const PREFIX: &str = "ed25519:";
/// What is signed begins with this, so that no signature can be taken for one of another use.
const DOMAIN: &[u8] = b"planc record signature 1\n";

/// A public key, written `ed25519:` and 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// A private key, written like a public one. It is never printed.
#[derive(Clone)]
pub struct Signer(SigningKey);

/// What a build asks of records.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The keys that may sign, each with its name.
    pub keys: Vec<(String, PublicKey)>,
    /// Whether unsigned records of the zone `trusted` are refused.
    pub require_signed: bool,
    /// The key that this process signs with.
    pub signer: Option<Signer>,
}

impl Trust {
    /// The name of a key that the project knows.
    pub(crate) fn name_of(&self, key: &PublicKey) -> Option<&str> {
        self.keys.iter().find(|(_, known)| known == key).map(|(name, _)| name.as_str())
    }

    /// Whether this process signs with a key that the project knows.
    pub fn can_sign(&self) -> bool {
        self.signer.as_ref().is_some_and(|signer| self.name_of(&signer.public()).is_some())
    }
}

impl Signer {
    /// A private key from 32 bytes that must be random.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Signer(SigningKey::from_bytes(&seed))
    }

    /// The public key that belongs to it.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The private key as text: for the file that it is kept in, and nothing else.
    pub fn to_secret_text(&self) -> String {
        format!("{PREFIX}{}", hex(self.0.as_bytes()))
    }

    pub(crate) fn sign(&self, body: &[u8]) -> String {
        hex(&self.0.sign(&[DOMAIN, body].concat()).to_bytes())
    }
}

impl PublicKey {
    /// Whether this key signed the body.
    pub(crate) fn verifies(&self, body: &[u8], signature: &str) -> bool {
        let Some(bytes) = unhex::<64>(signature) else { return false };
        self.0.verify_strict(&[DOMAIN, body].concat(), &Signature::from_bytes(&bytes)).is_ok()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer of {}", self.public())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", hex(self.0.as_bytes()))
    }
}

impl FromStr for PublicKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.trim().strip_prefix(PREFIX).and_then(unhex::<32>);
        let key = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        key.filter(|key| !key.is_weak())
            .map(PublicKey)
            .ok_or_else(|| format!("it is no public key: `{PREFIX}` and 64 hexadecimal digits are"))
    }
}

impl FromStr for Signer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.trim().strip_prefix(PREFIX).and_then(unhex::<32>);
        // The text is a secret, so the message does not repeat it.
        bytes.map(Signer::from_seed).ok_or_else(|| {
            format!("it is no private key: `{PREFIX}` and 64 hexadecimal digits are")
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_and_a_signature_fits_one_key_and_one_text() {
        let signer = Signer::from_seed([7; 32]);
        let again: Signer = signer.to_secret_text().parse().unwrap();
        assert_eq!(again.public(), signer.public());
        let public: PublicKey = signer.public().to_string().parse().unwrap();
        let signature = signer.sign(b"body");
        assert!(public.verifies(b"body", &signature));
        assert!(!public.verifies(b"other", &signature));
        assert!(!Signer::from_seed([8; 32]).public().verifies(b"body", &signature));
        assert!(!public.verifies(b"body", "00"));
        assert!("ed25519:00".parse::<PublicKey>().is_err());
        assert!(!format!("{signer:?}").contains(&hex(&[7; 32])), "the secret is not printed");
    }
}
