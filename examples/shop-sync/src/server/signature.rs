//! Signatures of webhooks: base64 of HMAC-SHA256 over the raw body. It may not show the secret to anybody.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What webhooks are signed with. Its `Debug` does not show it.
#[derive(Clone)]
pub(super) struct Signer(Hmac<Sha256>);

impl Signer {
    /// A signer with a secret; none where the secret is empty, which protects nothing.
    pub(super) fn new(secret: &str) -> Option<Self> {
        if secret.is_empty() {
            return None;
        }
        Hmac::new_from_slice(secret.as_bytes()).map(Signer).ok()
    }

    /// The value of `X-Shopify-Hmac-Sha256`.
    pub(super) fn sign(&self, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(body);
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2, whose digest is given there in hexadecimal digits.
    #[test]
    fn the_example_of_the_standard_has_its_signature() {
        let signer = Signer::new("Jefe").expect("a secret");
        let signature = signer.sign(b"what do ya want for nothing?");
        let digest = STANDARD.decode(signature).expect("base64");
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert_eq!(format!("{signer:?}"), "***");
        assert!(Signer::new("").is_none());
    }
}
