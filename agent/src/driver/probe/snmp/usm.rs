//! The user-based security of SNMPv3 (RFC 3414, RFC 7860, RFC 3826): turns passwords into keys, and
//! signs, checks, hides and shows bytes with them. Knows no message and no socket.

use aes::{
    Aes128,
    cipher::{Block, BlockCipherEncrypt, KeyInit as _},
};
use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// What signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// HMAC-MD5-96 (RFC 3414 §6): broken for other ends, and all that some UPS have.
    Md5,
    /// HMAC-SHA-96 (RFC 3414 §7), the best that older devices have.
    Sha1,
    /// HMAC-192-SHA-256 (RFC 7860 §4).
    Sha256,
}

/// As much as RFC 3414 A.2 hashes of a password that is repeated over and over.
const STRETCHED_BYTES: usize = 1024 * 1024;
/// The key of AES-128, and its block.
const AES_BYTES: usize = 16;
/// What a privacy parameter has, and what it makes of an initialisation vector (RFC 3826 §3.1.2.1).
pub(super) const SALT_BYTES: usize = 8;

impl Hash {
    /// As a file writes them.
    pub(super) const WORDS: &[&str] = &["md5", "sha1", "sha256"];
    pub(super) const ALL: [Self; 3] = [Self::Md5, Self::Sha1, Self::Sha256];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    /// How many bytes of a signature are sent.
    pub(super) fn signature_bytes(self) -> usize {
        match self {
            Self::Md5 | Self::Sha1 => 12,
            Self::Sha256 => 24,
        }
    }

    /// The key that a password is (RFC 3414 A.2): as slow as a second's thousandth.
    pub(super) fn stretch(self, password: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => stretch::<Md5>(password),
            Self::Sha1 => stretch::<Sha1>(password),
            Self::Sha256 => stretch::<Sha256>(password),
        }
    }

    /// The key for one engine only, so that a stolen one opens no other (RFC 3414 §2.6).
    pub(super) fn localize(self, key: &[u8], engine: &[u8]) -> Vec<u8> {
        let text = [key, engine, key].concat();
        match self {
            Self::Md5 => Md5::digest(text).to_vec(),
            Self::Sha1 => Sha1::digest(text).to_vec(),
            Self::Sha256 => Sha256::digest(text).to_vec(),
        }
    }

    /// The signature of a message in which its place is zero.
    pub(super) fn sign(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut signature = match self {
            Self::Md5 => keyed::<Hmac<Md5>>(key, message).finalize().into_bytes().to_vec(),
            Self::Sha1 => keyed::<Hmac<Sha1>>(key, message).finalize().into_bytes().to_vec(),
            Self::Sha256 => keyed::<Hmac<Sha256>>(key, message).finalize().into_bytes().to_vec(),
        };
        signature.truncate(self.signature_bytes());
        signature
    }

    /// Whether that is its signature, in a time that tells nobody how much of it is right.
    pub(super) fn is_signed(self, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let right = match self {
            Self::Md5 => keyed::<Hmac<Md5>>(key, message).verify_truncated_left(signature),
            Self::Sha1 => keyed::<Hmac<Sha1>>(key, message).verify_truncated_left(signature),
            Self::Sha256 => keyed::<Hmac<Sha256>>(key, message).verify_truncated_left(signature),
        };
        signature.len() == self.signature_bytes() && right.is_ok()
    }
}

fn stretch<D: Digest>(password: &[u8]) -> Vec<u8> {
    let mut digest = D::new();
    let mut left = STRETCHED_BYTES;
    while left > 0 && !password.is_empty() {
        let part = &password[..password.len().min(left)];
        digest.update(part);
        left -= part.len();
    }
    digest.finalize().to_vec()
}

fn keyed<M: Mac + hmac::KeyInit>(key: &[u8], message: &[u8]) -> M {
    let mut mac = <M as hmac::KeyInit>::new_from_slice(key).expect("an HMAC takes keys of any length");
    mac.update(message);
    mac
}

/// AES-128 in cipher feedback, 128 bits at a time (RFC 3826 §3).
pub(super) struct Cipher {
    aes: Aes128,
    last: [u8; AES_BYTES],
}

impl Cipher {
    /// The key is the first 16 bytes of a localised one; all hashes have as many.
    pub(super) fn new(key: &[u8], boots: u32, time: u32, salt: [u8; SALT_BYTES]) -> Self {
        let aes = Aes128::new_from_slice(&key[..AES_BYTES]).expect("16 bytes are a key of AES-128");
        let mut last = [0; AES_BYTES];
        last[..4].copy_from_slice(&boots.to_be_bytes());
        last[4..8].copy_from_slice(&time.to_be_bytes());
        last[8..].copy_from_slice(&salt);
        Self { aes, last }
    }

    pub(super) fn hide(mut self, bytes: &[u8]) -> Vec<u8> {
        bytes.chunks(AES_BYTES).flat_map(|part| self.step(part, |_, hidden| hidden)).collect()
    }

    pub(super) fn show(mut self, bytes: &[u8]) -> Vec<u8> {
        bytes.chunks(AES_BYTES).flat_map(|part| self.step(part, |hidden, _| hidden)).collect()
    }

    /// Of what goes in and what comes out, `next` is the hidden one: it makes the next block.
    fn step(&mut self, part: &[u8], next: fn(u8, u8) -> u8) -> Vec<u8> {
        let mut block = Block::<Aes128>::from(self.last);
        self.aes.encrypt_block(&mut block);
        let out: Vec<u8> = part.iter().zip(block).map(|(byte, mask)| byte ^ mask).collect();
        for (last, (before, after)) in self.last.iter_mut().zip(part.iter().zip(&out)) {
            *last = next(*before, *after);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The engine and the password of RFC 3414 A.3.
    const ENGINE: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
    const PASSWORD: &[u8] = b"maplesyrup";

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn a_password_becomes_the_keys_of_the_standard() {
        // RFC 3414 A.3.1 and A.3.2.
        let key = Hash::Md5.stretch(PASSWORD);
        assert_eq!(key, hex("9faf3283884e92834ebc9847d8edd963"));
        assert_eq!(Hash::Md5.localize(&key, ENGINE), hex("526f5eed9fcce26f8964c2930787d82b"));
        let key = Hash::Sha1.stretch(PASSWORD);
        assert_eq!(key, hex("9fb5cc0381497b3793528939ff788d5d79145211"));
        assert_eq!(Hash::Sha1.localize(&key, ENGINE), hex("6695febc9288e36282235fc7151f128497b38f3f"));
    }

    #[test]
    fn a_signature_is_cut_and_only_the_whole_cut_counts() {
        // RFC 4231 §4.3, test case 2; RFC 2202 §3, test case 2.
        let (key, text) = (b"Jefe", b"what do ya want for nothing?");
        let signature = hex("5bdcc146bf60754e6a042426089575c75a003f089d273983");
        assert_eq!(Hash::Sha256.sign(key, text), signature);
        assert_eq!(Hash::Sha1.sign(key, text), hex("effcdf6ae5eb2fa2d27416d5"));
        assert!(Hash::Sha256.is_signed(key, text, &signature));
        for wrong in [&signature[..23], &[], &[&signature[..], &[0x9d]].concat()] {
            assert!(!Hash::Sha256.is_signed(key, text, wrong), "{} bytes", wrong.len());
        }
        for at in 0..signature.len() {
            let mut flipped = signature.clone();
            flipped[at] ^= 1;
            assert!(!Hash::Sha256.is_signed(key, text, &flipped), "byte {at}");
        }
    }

    #[test]
    fn the_cipher_is_that_of_the_standard() {
        // NIST SP 800-38A, F.3.13 and F.3.14, and a last block that is cut.
        let key = hex("2b7e151628aed2a6abf7158809cf4f3c");
        let plain = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
        let hidden = hex("3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b");
        let cipher = || Cipher::new(&key, 0x0001_0203, 0x0405_0607, [8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(cipher().hide(&plain), hidden);
        assert_eq!(cipher().show(&hidden), plain);
        assert_eq!(cipher().hide(&plain[..21]), hidden[..21]);
        assert_eq!(cipher().show(&hidden[..21]), plain[..21]);
    }
}
