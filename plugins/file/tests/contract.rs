//! The contract of every delivery.

use export_sdk::BoxFuture;
use export_sdk::conformance::{self, Arrived, MemoryOutbox, Place, files_in};
use tempfile::TempDir;
use tokio::runtime::Runtime;

struct Exports(TempDir, Runtime);

impl Place for Exports {
    fn settings(&self) -> String {
        format!("directory = '{}'", self.0.path().display())
    }

    fn arrived(&self, _: &MemoryOutbox) -> Arrived {
        files_in(self.0.path())
    }

    fn run(&self, work: BoxFuture<'_, ()>) {
        self.1.block_on(work);
    }
}

#[test]
fn it_keeps_the_contract() {
    conformance::delivery(deliver_file::register, "file", || {
        Exports(tempfile::tempdir().unwrap(), Runtime::new().unwrap())
    });
}
