//! The suite for deliveries finds what it is there to find: each fault here is one that it names.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use export_sdk::conformance::{Arrived, MemoryOutbox, Place, delivery, files_in};
use export_sdk::{
    Attempt, BoxFuture, Delivery, Error, Export, OptionSpec, Packaging, Receipt, Registry, Result, Settings,
};
use serde::Deserialize;

/// A delivery into a directory that does one thing wrong.
#[derive(Deserialize)]
struct Faulty {
    directory: PathBuf,
    #[serde(default)]
    fault: Fault,
}

#[derive(Default, Clone, Copy, PartialEq, Deserialize)]
enum Fault {
    #[default]
    None,
    TakesAnyOption,
    NamesByNumber,
    IgnoresTheKey,
    NamesByTitle,
    DeliversOnlyTheFirst,
    DeliversNothing,
    WritesInPlace,
    MovesTheSource,
    SkipsWhatIsGone,
    NeverTriesAgain,
    TripsOverItsPart,
}

/// Options that let everything pass if they are told to.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Lenient {
    #[serde(flatten)]
    all: serde_json::Map<String, serde_json::Value>,
}

impl Delivery for Faulty {
    type Options = Lenient;

    fn id(&self) -> &'static str {
        "faulty"
    }

    fn describe(&self) -> &'static str {
        "Does one thing wrong"
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        Vec::new()
    }

    fn packaging(&self, _: &Lenient, _: &[String]) -> Packaging {
        Packaging::Loose
    }

    fn check(&self, options: &Lenient) -> Result<()> {
        let strict = self.fault != Fault::TakesAnyOption && !options.all.is_empty();
        if strict { Err(Error::bad_options("there are no options")) } else { Ok(()) }
    }

    async fn deliver(&self, _: Lenient, export: &Export, attempt: &Attempt<'_>) -> Result<Receipt> {
        let name = match self.fault {
            Fault::NamesByNumber => format!("{}-{}", attempt.key, attempt.number),
            Fault::IgnoresTheKey => export.job.clone(),
            Fault::NamesByTitle => format!("{}-{}", export.room, attempt.key),
            _ => attempt.key.to_owned(),
        };
        let directory = self.directory.join(name);
        for (n, artifact) in export.artifacts.iter().enumerate() {
            let target = directory.join(artifact.path.as_str());
            self.file(&artifact.file, &target).await?;
            if self.fault == Fault::DeliversOnlyTheFirst && n == 0 {
                break;
            }
        }
        Ok(Receipt::new("put there"))
    }
}

impl Faulty {
    async fn file(&self, source: &Path, target: &Path) -> Result<()> {
        fs::create_dir_all(target.parent().unwrap())?;
        let part = match self.fault {
            Fault::WritesInPlace => target.to_owned(),
            _ => target.with_file_name(".part"),
        };
        let content = match fs::read(source) {
            Err(_) if self.fault == Fault::SkipsWhatIsGone => b"gone".to_vec(),
            Err(_) if target.exists() && self.fault == Fault::MovesTheSource => return Ok(()),
            content => content?,
        };
        if self.fault == Fault::DeliversNothing || (self.fault == Fault::NeverTriesAgain && part.exists()) {
            return Ok(());
        }
        if self.fault == Fault::TripsOverItsPart && part.exists() {
            return Err(Error::bad_options("somebody is at it"));
        }
        let (first, _) = content.split_at(content.len() / 2);
        fs::write(&part, first)?;
        a_wait().await;
        fs::write(&part, &content)?;
        fs::rename(&part, target)?;
        if self.fault == Fault::MovesTheSource {
            fs::remove_file(source)?;
        }
        Ok(())
    }
}

/// Lets the host do something else once.
async fn a_wait() {
    let mut waited = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    registry.add_delivery(settings.parse::<Faulty>()?)
}

struct Directory(tempfile::TempDir, &'static str);

impl Place for Directory {
    fn settings(&self) -> String {
        format!("directory = '{}'\nfault = '{}'", self.0.path().display(), self.1)
    }

    fn arrived(&self, _: &MemoryOutbox) -> Arrived {
        files_in(self.0.path())
    }

    /// The suite needs no runtime but that of the delivery; this one needs none.
    fn run(&self, work: BoxFuture<'_, ()>) {
        struct Unpark(Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut work = pin!(work);
        while work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            std::thread::park();
        }
    }
}

fn complaint(fault: &'static str) -> Option<String> {
    let run = || delivery(register, "faulty", || Directory(tempfile::tempdir().unwrap(), fault));
    let panic = catch_unwind(AssertUnwindSafe(run)).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()))
}

#[test]
fn a_delivery_without_a_fault_passes() {
    assert_eq!(complaint("None"), None);
}

#[test]
fn every_fault_is_found_and_named() {
    let faults = [
        ("TakesAnyOption", "an unknown option is refused"),
        ("NamesByNumber", "a second try with the same key delivers nothing new"),
        ("IgnoresTheKey", "another key delivers again"),
        ("NamesByTitle", "a room may have any title"),
        ("DeliversOnlyTheFirst", "what is in assets/f1-cat.png arrives"),
        ("DeliversNothing", "`arrived` shows what was delivered"),
        ("WritesInPlace", "is not all, after a drop"),
        ("MovesTheSource", "the export's own files stay"),
        ("SkipsWhatIsGone", "a file that is gone is no success"),
        ("NeverTriesAgain", "two tries deliver what one does"),
        ("TripsOverItsPart", "the try after one that was dropped delivers"),
    ];
    for (fault, expected) in faults {
        let complaint = complaint(fault).unwrap_or_else(|| panic!("{fault} is found"));
        assert!(complaint.contains(expected), "{fault}: {complaint}");
    }
}
