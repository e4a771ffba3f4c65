//! What the system says about the process, under the names that every Prometheus dashboard knows.
//! Where there is no `/proc` it says nothing, and what stays is 0.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use prometheus::{Counter, Gauge, IntGauge, Registry};

use super::register;

/// The gauges of the process.
#[derive(Debug)]
pub(super) struct Process {
    /// Locked, so that of two readers none adds what the other has added.
    cpu_seconds: Mutex<Counter>,
    resident_bytes: IntGauge,
    threads: IntGauge,
    open_fds: IntGauge,
}

/// A line of `/proc/self/stat`, as far as it matters.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    /// Ticks of the clock that it ran, in its own code and in the kernel's.
    ticks: u64,
    threads: u64,
    /// Pages in memory.
    pages: u64,
}

impl Process {
    pub(super) fn new(registry: &Registry) -> Self {
        let gauge = |name, help| register::gauge(registry, name, help);
        let (name, help) = ("process_start_time_seconds", "When the process began, in seconds since 1970.");
        let start = register::registered(registry, Gauge::new(name, help).expect("a name"));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        start.set(now.as_secs_f64());
        let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let (name, help) = ("process_max_fds", "Files and connections that the process may have open.");
        gauge(name, help).set(super::signed(most.unwrap_or(u64::MAX)));
        let (name, help) = ("process_cpu_seconds_total", "Seconds that processors worked for the process.");
        Self {
            cpu_seconds: Mutex::new(register::registered(
                registry,
                Counter::new(name, help).expect("a name"),
            )),
            resident_bytes: gauge("process_resident_memory_bytes", "Bytes of the process in memory."),
            threads: gauge("process_threads", "Threads of the process."),
            open_fds: gauge("process_open_fds", "Files and connections that are open."),
        }
    }

    /// Reads the numbers anew.
    pub(super) fn read(&self) {
        let stat = fs::read_to_string("/proc/self/stat").ok().and_then(|line| Stat::parse(&line));
        if let Some(stat) = stat {
            #[expect(clippy::cast_precision_loss, reason = "exact for millions of years of ticks")]
            let seconds = stat.ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
            let known = self.cpu_seconds.lock().unwrap_or_else(PoisonError::into_inner);
            known.inc_by((seconds - known.get()).max(0.0));
            drop(known);
            self.resident_bytes
                .set(super::signed(stat.pages.saturating_mul(rustix::param::page_size() as u64)));
            self.threads.set(super::signed(stat.threads));
        }
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            // Reading opens one itself.
            self.open_fds.set(super::signed(files.count() as u64).saturating_sub(1));
        }
    }
}

impl Stat {
    /// The name of a process may hold anything, so what is counted are the words after its end. The
    /// first of them is the third of the line, as proc(5) counts.
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |place: usize| words.get(place - 3)?.parse::<u64>().ok();
        Some(Self { ticks: number(14)? + number(15)?, threads: number(20)?, pages: number(24)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_proc_is_read_whatever_the_process_is_called() {
        let line = "7 (a) b (c)) S 1 7 7 0 -1 4194560 90 0 0 0 250 50 0 0 20 0 12 0 333 9999 4321 18446744073709551615 1";
        assert_eq!(Stat::parse(line), Some(Stat { ticks: 300, threads: 12, pages: 4321 }));
        assert_eq!(Stat::parse("7 (a) S 1"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_memory_threads_and_files() {
        let process = Process::new(&Registry::new());
        process.read();
        assert!(process.resident_bytes.get() > 1 << 20);
        assert!(process.threads.get() > 0 && process.open_fds.get() > 2);
    }
}
