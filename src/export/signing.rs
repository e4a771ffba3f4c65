//! The key of a server and its signatures: Ed25519, RFC 8032.
//!
//! The key is made once and lies in the data directory, readable for its owner only. Whoever knows
//! the public half can tell what this server has exported from what somebody else has made.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::bag::TAG_MANIFEST;
use super::spool::sync_directory;

/// The file of the key in the data directory.
pub const KEY_FILE: &str = "signing-key";
/// What stands before the two halves in the file.
const ALGORITHM: &str = "Ed25519";

/// The server's key.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// The key in this data directory; the first call makes it. Only whoever has locked the
    /// directory may call this.
    pub fn open_or_create(data: &Path) -> io::Result<Self> {
        if let Some(signer) = Self::open(data)? {
            return Ok(signer);
        }
        let mut seed = [0; 32];
        SystemRandom::new()
            .fill(&mut seed)
            .map_err(|_| io::Error::other("there is no randomness for a key"))?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed);
        let signer = Self(pair.expect("every seed of 32 bytes makes a key"));
        let text = format!("{ALGORITHM} {} {}\n", hex::encode(seed), signer.public_key());
        write_once(data, &text)?;
        tracing::info!(key = %signer.public_key(), "a key was made; it signs the exports of this server");
        Ok(signer)
    }

    /// The key in this data directory, if there is one.
    pub fn open(data: &Path) -> io::Result<Option<Self>> {
        let file = data.join(KEY_FILE);
        let explained = |error: io::Error| {
            io::Error::new(error.kind(), format!("the key {} cannot be read: {error}", file.display()))
        };
        let bytes = match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(explained)?,
        };
        let pair = str::from_utf8(&bytes).ok().and_then(parse).ok_or_else(|| {
            let message = format!(
                "the key {} is damaged; restore it from a backup, or move it away: the next start makes another, \
                 which signs later exports only",
                file.display()
            );
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        Ok(Some(Self(pair)))
    }

    /// The half that everybody may know.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().try_into().expect("an Ed25519 key has 32 bytes"))
    }

    /// The same as people copy it: 64 hexadecimal digits.
    pub fn public_key_hex(&self) -> String {
        self.public_key().to_string()
    }

    /// Signs these bytes.
    pub fn sign(&self, bytes: &[u8]) -> Signature {
        let signature = self.0.sign(bytes);
        let bytes = signature.as_ref().try_into().expect("an Ed25519 signature has 64 bytes");
        Signature { key: self.public_key(), bytes }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.public_key()).finish()
    }
}

/// The pair in a key file. The public half stands beside the secret one, so that damage shows.
fn parse(text: &str) -> Option<Ed25519KeyPair> {
    let mut words = text.strip_suffix('\n')?.split(' ');
    if words.next()? != ALGORITHM {
        return None;
    }
    let (seed, public) = (hex::decode(words.next()?).ok()?, hex::decode(words.next()?).ok()?);
    if words.next().is_some() {
        return None;
    }
    Ed25519KeyPair::from_seed_and_public_key(&seed, &public).ok()
}

/// Puts the key file in place, whole or not at all.
fn write_once(data: &Path, text: &str) -> io::Result<()> {
    let aside = data.join(format!("{KEY_FILE}.part"));
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File = options.open(&aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&aside, data.join(KEY_FILE))?;
    sync_directory(data)
}

/// The public half of a key, written as 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for PublicKey {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

/// A signature, and the key that is said to have made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    key: PublicKey,
    bytes: [u8; 64],
}

/// How a signature looks in its file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Json {
    algorithm: String,
    public_key: String,
    signed: String,
    signature: String,
}

impl Signature {
    /// The text of a signature's file.
    pub fn to_json(&self) -> String {
        let json = Json {
            algorithm: ALGORITHM.to_owned(),
            public_key: self.key.to_string(),
            signed: TAG_MANIFEST.to_owned(),
            signature: hex::encode(self.bytes),
        };
        let text = serde_json::to_string(&json).expect("four texts are always JSON");
        text + "\n"
    }

    /// Reads what [`to_json`](Self::to_json) writes and nothing else, not even another blank.
    pub fn parse(text: &str) -> Option<Self> {
        let json: Json = serde_json::from_str(text).ok()?;
        let mut bytes = [0; 64];
        hex::decode_to_slice(json.signature, &mut bytes).ok()?;
        let signature = Self { key: json.public_key.parse().ok()?, bytes };
        (signature.to_json() == text).then_some(signature)
    }

    /// The key that has signed exactly these bytes; `None` if the signature is wrong.
    pub fn signer_of(&self, bytes: &[u8]) -> Option<PublicKey> {
        UnparsedPublicKey::new(&ED25519, self.key.0).verify(bytes, &self.bytes).ok()?;
        Some(self.key)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// RFC 8032, section 7.1: tests 1 to 3.
    const VECTORS: [[&str; 4]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ];

    #[test]
    fn signatures_are_those_of_the_rfc() {
        for [secret, public, message, signature] in VECTORS {
            let signer = Signer(parse(&format!("{ALGORITHM} {secret} {public}\n")).unwrap());
            let message = hex::decode(message).unwrap();
            let made = signer.sign(&message);
            assert_eq!(signer.public_key_hex(), public);
            assert_eq!(hex::encode(made.bytes), signature);
            assert_eq!(made.signer_of(&message), Some(signer.public_key()));
            assert_eq!(made.signer_of(b"something else"), None);
        }
    }

    #[test]
    fn a_key_is_made_once_and_is_nobody_elses() {
        let data = TempDir::new().unwrap();
        assert!(Signer::open(data.path()).unwrap().is_none());
        // What a crash left.
        fs::write(data.path().join("signing-key.part"), "Ed2").unwrap();
        let first = Signer::open_or_create(data.path()).unwrap();
        let bytes = fs::read(data.path().join(KEY_FILE)).unwrap();
        let second = Signer::open_or_create(data.path()).unwrap();
        assert_eq!(first.public_key(), second.public_key());
        assert_eq!(fs::read(data.path().join(KEY_FILE)).unwrap(), bytes);
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(data.path().join(KEY_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let elsewhere = TempDir::new().unwrap();
        assert_ne!(Signer::open_or_create(elsewhere.path()).unwrap().public_key(), first.public_key());
    }

    #[test]
    fn a_key_with_any_changed_bit_is_refused_and_not_replaced() {
        let data = TempDir::new().unwrap();
        let file = data.path().join(KEY_FILE);
        Signer::open_or_create(data.path()).unwrap();
        let whole = fs::read(&file).unwrap();
        let mut damages: Vec<Vec<u8>> = (0..whole.len())
            .map(|place| {
                let mut bytes = whole.clone();
                bytes[place] ^= 1;
                bytes
            })
            .collect();
        damages.extend([Vec::new(), whole[..whole.len() - 1].to_vec(), [&whole[..], b"\n"].concat()]);
        for damaged in damages {
            fs::write(&file, &damaged).unwrap();
            let error = Signer::open_or_create(data.path()).unwrap_err();
            assert!(error.to_string().contains("signing-key is damaged; restore it"), "{error}");
            assert_eq!(fs::read(&file).unwrap(), damaged);
        }
    }

    #[test]
    fn the_file_of_a_signature_has_one_form() {
        let data = TempDir::new().unwrap();
        let signature = Signer::open_or_create(data.path()).unwrap().sign(b"list");
        let text = signature.to_json();
        assert_eq!(Signature::parse(&text), Some(signature));
        for other in
            [text.replace(':', ": "), text.to_uppercase(), text.replace("Ed25519", "Ed448"), String::new()]
        {
            assert_eq!(Signature::parse(&other), None, "{other}");
        }
    }
}
