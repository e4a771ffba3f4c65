//! Hashing and checking of passwords: argon2id over the hex SHA-256, on threads of its own.
//!
//! Clients send the password itself or its SHA-256 digest; hashing the digest makes both equal.
//! One hash takes 19 MiB and some hundredths of a second, so the threads are few and the queue
//! before them is bounded: who finds it full is told to come back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use rand::RngCore;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// A hash of nothing, checked when there is no such user, so that both cases take as long.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                     1gXvJkdVUyBXmQFxqiJ0YwPa6EJ8gI7gBJ1GkPZ8OGs";

type Job = Box<dyn FnOnce() + Send>;

/// The hashing threads and the queue before them.
pub struct Passwords {
    queue: SyncSender<Job>,
    waiting: Arc<AtomicU64>,
}

impl Passwords {
    /// Starts the threads. They end when this is dropped.
    pub fn start(threads: usize, queue: usize) -> io::Result<Self> {
        let (sender, receiver) = sync_channel::<Job>(queue);
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads {
            let receiver = Arc::clone(&receiver);
            thread::Builder::new().name(format!("passwords-{number}")).spawn(move || work(&receiver))?;
        }
        Ok(Self { queue: sender, waiting: Arc::default() })
    }

    /// The PHC string of a password's digest. Blocks until it is computed.
    pub fn hash(&self, digest: PasswordDigest) -> Result<String> {
        self.run(move || {
            let mut bytes = [0; 16];
            rand::rng().fill_bytes(&mut bytes);
            let salt = SaltString::encode_b64(&bytes).map_err(|error| error.to_string())?;
            let hash = Argon2::default().hash_password(digest.0.as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|error| error.to_string())
        })?
        .map_err(Error::internal)
    }

    /// Whether the digest belongs to the hash; without a hash the answer is no, just as slowly.
    /// Blocks until it is computed.
    pub fn verify(&self, digest: PasswordDigest, hash: Option<String>) -> Result<bool> {
        self.run(move || {
            let known = hash.is_some();
            let text = hash.unwrap_or_else(|| DUMMY.to_owned());
            let Ok(parsed) = PasswordHash::new(&text) else { return false };
            known & Argon2::default().verify_password(digest.0.as_bytes(), &parsed).is_ok()
        })
    }

    /// How many wait in the queue.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    fn run<T: Send + 'static>(&self, task: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (sender, receiver) = sync_channel(1);
        let waiting = Arc::clone(&self.waiting);
        let job: Job = Box::new(move || {
            waiting.fetch_sub(1, Ordering::Relaxed);
            // Nobody waits any more: then nobody needs the answer.
            let _ = sender.send(task());
        });
        // Before it is taken up, or it would leave before it came.
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.queue.try_send(job).map_err(|error| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => Error::Busy,
                TrySendError::Disconnected(_) => Error::internal("the hashing threads are gone"),
            }
        })?;
        receiver.recv().map_err(Error::internal)
    }
}

fn work(receiver: &Mutex<Receiver<Job>>) {
    loop {
        let job = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

/// The lower-case hex SHA-256 of a password: what clients may send in its place.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordDigest(String);

impl PasswordDigest {
    /// The digest of a password.
    pub fn of(password: &str) -> Self {
        Self(hex::encode(Sha256::digest(password)))
    }

    /// A digest that a client sent, in whatever case.
    pub fn sent(digest: &str) -> Self {
        Self(digest.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_and_its_digest_are_the_same_and_others_are_not() {
        let passwords = Passwords::start(1, 4).unwrap();
        let hash = passwords.hash(PasswordDigest::of("secret")).unwrap();
        let digest = "2BB80D537B1DA3E38BD30361AA855686BDE0EACD7162FEF6A25FE97BF527A25B";
        assert!(passwords.verify(PasswordDigest::sent(digest), Some(hash.clone())).unwrap());
        assert!(!passwords.verify(PasswordDigest::of("Secret"), Some(hash)).unwrap());
        assert!(!passwords.verify(PasswordDigest::of("secret"), None).unwrap());
        assert!(PasswordHash::new(DUMMY).is_ok(), "the dummy is as slow as the real thing");
    }
}
