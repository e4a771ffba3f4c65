//! Outputs, outboxes and downloads that live in memory, and fail on demand.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use crate::{
    ArtifactPath, Cancelled, DownloadLink, Downloads, Error, ErrorKind, Mail, Outbox, Output, Result,
    Timestamp,
};

/// What a [`MemoryOutput`] has gathered: bytes by path.
pub type Shared = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// An [`Output`] in memory that can fail after any number of bytes.
#[derive(Default)]
pub struct MemoryOutput {
    files: Shared,
    budget: Option<Arc<Mutex<usize>>>,
    cancel: bool,
}

impl MemoryOutput {
    /// Accepts `bytes` bytes over all files; the write that exceeds them fails: with a full disk,
    /// or, with `cancel`, as a cancelled export does.
    pub fn failing_after(bytes: usize, cancel: bool) -> Self {
        Self { files: Shared::default(), budget: Some(Arc::new(Mutex::new(bytes))), cancel }
    }

    /// The files so far.
    pub fn files(&self) -> Shared {
        Arc::clone(&self.files)
    }
}

impl Output for MemoryOutput {
    fn create(&mut self, path: &ArtifactPath, media_type: &str) -> Result<Box<dyn Write + Send>> {
        assert!(media_type.contains('/'), "{media_type:?} is a media type");
        let mut files = self.files.lock().expect("not poisoned");
        let taken = files.keys().any(|known| known.eq_ignore_ascii_case(path.as_str()));
        if taken {
            return Err(Error::new(ErrorKind::Internal, format!("{path} exists already")));
        }
        files.insert(path.to_string(), Vec::new());
        Ok(Box::new(MemoryFile {
            path: path.to_string(),
            files: Arc::clone(&self.files),
            budget: self.budget.clone(),
            cancel: self.cancel,
        }))
    }

    fn scratch(&mut self) -> Result<File> {
        Ok(tempfile::tempfile()?)
    }
}

struct MemoryFile {
    path: String,
    files: Shared,
    budget: Option<Arc<Mutex<usize>>>,
    cancel: bool,
}

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(budget) = &self.budget {
            let mut left = budget.lock().expect("not poisoned");
            if bytes.len() > *left {
                return Err(if self.cancel {
                    io::Error::other(Cancelled)
                } else {
                    io::Error::from(io::ErrorKind::StorageFull)
                });
            }
            *left -= bytes.len();
        }
        let mut files = self.files.lock().expect("not poisoned");
        files.get_mut(&self.path).expect("created before").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An [`Outbox`] in memory.
#[derive(Debug, Default)]
pub struct MemoryOutbox {
    mails: Mutex<BTreeMap<String, Mail>>,
}

impl MemoryOutbox {
    /// The mails so far, in the order of their keys.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().expect("not poisoned").values().cloned().collect()
    }
}

impl Outbox for MemoryOutbox {
    fn post(&self, mail: Mail) -> Result<()> {
        let mut mails = self.mails.lock().expect("not poisoned");
        if !mails.contains_key(&mail.key) {
            // The server's outbox reads the files now, so this one must not take what is gone.
            for file in &mail.files {
                File::open(&file.path)?;
            }
            mails.insert(mail.key.clone(), mail);
        }
        Ok(())
    }

    fn knows(&self, key: &str) -> Result<bool> {
        Ok(self.mails.lock().expect("not poisoned").contains_key(key))
    }
}

/// [`Downloads`] in memory. Its links expire as many minutes after 1970 as they can be used.
#[derive(Debug, Default)]
pub struct MemoryDownloads {
    links: Mutex<(u32, BTreeMap<String, String>)>,
}

impl MemoryDownloads {
    /// The links that open the file, by whom they were made for.
    pub fn links(&self) -> BTreeMap<String, String> {
        self.links.lock().expect("not poisoned").1.clone()
    }
}

impl Downloads for MemoryDownloads {
    fn link(&self, to: &str, minutes: u64) -> Result<Option<DownloadLink>> {
        let mut links = self.links.lock().expect("not poisoned");
        links.0 += 1;
        let url = format!("https://chat.example/data-export/Job1?link={}", links.0);
        links.1.insert(to.to_owned(), url.clone());
        let expires = i64::try_from(minutes).unwrap_or(i64::MAX).saturating_mul(60_000);
        Ok(Some(DownloadLink { url, expires: Timestamp::from_millis(expires) }))
    }

    fn page(&self) -> Result<Option<String>> {
        Ok(Some("https://chat.example/data-export/Job1".to_owned()))
    }
}
