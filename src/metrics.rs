//! What the program counts of itself, for Prometheus, in the names and units that are usual there.
//!
//! Counters are turned where things happen. What somebody keeps anyway, like the length of a queue,
//! is handed over as [`Readings`] when somebody looks. No label takes a value that a client chose, so
//! the number of time series is bounded.

use prometheus::{IntGauge, IntGaugeVec, Registry, TextEncoder};

mod flushes;
mod process;
mod register;
mod requests;
mod work;

pub use flushes::Flushes;
pub use register::Held;
pub use requests::{Request, Requests};
pub use work::{Outcome, Work};

use process::Process;

/// The media type of what [`Metrics::text`] writes.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Requests.
    pub requests: Requests,
    /// What is done in the background.
    pub work: Work,
    connections: IntGauge,
    process: Process,
    read: Read,
}

/// What is not counted here but read by whoever asks, at the time of asking.
#[derive(Debug, Default)]
pub struct Readings {
    /// Bytes of the database on disk, uploads not counted.
    pub store_bytes: u64,
    /// Whether the store has failed and only a new start helps.
    pub store_failed: bool,
    /// Bytes that are free on the disk of the data.
    pub disk_free_bytes: u64,
    /// Exports that are not at their end, by their state.
    pub exports: Vec<(&'static str, u64)>,
    /// Mails that wait to be sent.
    pub mails: u64,
    /// Calls of outgoing integrations that wait to be made.
    pub calls: u64,
    /// Passwords that wait to be hashed.
    pub passwords: u64,
}

/// The gauges that show [`Readings`].
#[derive(Debug)]
struct Read {
    store_bytes: IntGauge,
    store_failed: IntGauge,
    disk_free_bytes: IntGauge,
    exports: IntGaugeVec,
    mails: IntGauge,
    calls: IntGauge,
    passwords: IntGauge,
}

impl Metrics {
    /// Begins to count; what the store counts already is shown, too.
    pub fn new(flushes: &Flushes) -> Self {
        let registry = Registry::new();
        let info = register::gauges(
            &registry,
            "roomscribe_build_info",
            "1, with the version as label.",
            &["version"],
        );
        info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        flushes.register(&registry);
        Self {
            requests: Requests::new(&registry),
            work: Work::new(&registry),
            connections: register::gauge(&registry, "roomscribe_connections", "Open connections of clients."),
            process: Process::new(&registry),
            read: Read::new(&registry),
            registry,
        }
    }

    /// Counts an open connection until what is returned is dropped.
    pub fn connection(&self) -> Held {
        Held::one_of(&self.connections)
    }

    /// Everything in the text format of Prometheus.
    pub fn text(&self, readings: &Readings) -> String {
        self.read.show(readings);
        self.process.read();
        let mut text = String::new();
        let written = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text);
        written.expect("names and labels are right, as the tests see");
        text
    }
}

impl Read {
    fn new(registry: &Registry) -> Self {
        let gauge = |name, help| register::gauge(registry, name, help);
        Self {
            store_bytes: gauge("roomscribe_store_bytes", "Bytes of the store on disk, uploads not counted."),
            store_failed: gauge(
                "roomscribe_store_failed",
                "1 once the disk refused the store something; the server stops then.",
            ),
            disk_free_bytes: gauge(
                "roomscribe_disk_free_bytes",
                "Bytes free on the disk of the data directory.",
            ),
            exports: register::gauges(
                registry,
                "roomscribe_exports",
                "Exports that are not at their end, by state.",
                &["state"],
            ),
            mails: gauge(
                "roomscribe_mails_waiting",
                "Mails that wait to be sent; 10000 stands for that many or more.",
            ),
            calls: gauge(
                "roomscribe_outgoing_calls_waiting",
                "Calls of outgoing integrations that wait to be made.",
            ),
            passwords: gauge("roomscribe_passwords_waiting", "Passwords that wait to be hashed or checked."),
        }
    }

    fn show(&self, readings: &Readings) {
        self.store_bytes.set(signed(readings.store_bytes));
        self.store_failed.set(i64::from(readings.store_failed));
        self.disk_free_bytes.set(signed(readings.disk_free_bytes));
        for (state, count) in &readings.exports {
            self.exports.with_label_values(&[state]).set(signed(*count));
        }
        self.mails.set(signed(readings.mails));
        self.calls.set(signed(readings.calls));
        self.passwords.set(signed(readings.passwords));
    }
}

/// A number as a gauge takes it.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_counted_and_what_was_read_stands_in_the_text() {
        let flushes = Flushes::default();
        let metrics = Metrics::new(&flushes);
        flushes.note(Duration::from_millis(3), 2);
        let connection = metrics.connection();
        let exports = vec![("queued", 4)];
        let text = metrics.text(&Readings { store_bytes: 5, exports, ..Readings::default() });
        for line in [
            concat!("roomscribe_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
            "roomscribe_connections 1",
            "roomscribe_store_bytes 5",
            "roomscribe_store_failed 0",
            "roomscribe_exports{state=\"queued\"} 4",
            "roomscribe_store_flush_duration_seconds_bucket{le=\"0.0025\"} 0",
            "roomscribe_store_flush_duration_seconds_bucket{le=\"0.005\"} 1",
            "roomscribe_store_flush_waiters_sum 2",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
        }
        drop(connection);
        let text = metrics.text(&Readings::default());
        assert!(text.contains("\nroomscribe_connections 0\n"), "{text}");
    }
}
