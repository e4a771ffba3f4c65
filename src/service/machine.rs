//! The machine that the server runs on, as far as it tells: unknown numbers are 0.

use std::fs;

use serde_json::{Value, json};

/// `x64`, `arm64`: as Rocket.Chat's clients know them.
pub fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// The release of its system.
pub fn release() -> String {
    read("/proc/sys/kernel/osrelease")
}

/// Processors that the server may use.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Bytes of memory in all and unused.
pub fn memory() -> (u64, u64) {
    let text = read("/proc/meminfo");
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.unwrap_or_default() * 1024
    };
    (of("MemTotal:"), of("MemAvailable:"))
}

/// The machine in Rocket.Chat's words.
pub fn system() -> Value {
    let (total, free) = memory();
    let numbers = |path: &str, most: usize| -> Vec<f64> {
        read(path).split_whitespace().take(most).filter_map(|word| word.parse().ok()).collect()
    };
    json!({
        "type": system_type(),
        "platform": std::env::consts::OS,
        "arch": architecture(),
        "release": release(),
        "uptime": numbers("/proc/uptime", 1).first().copied().unwrap_or_default(),
        "loadavg": numbers("/proc/loadavg", 3),
        "totalmem": total,
        "freemem": free,
        "cpus": processors(),
    })
}

fn system_type() -> &'static str {
    match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "Darwin",
        other => other,
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_a_processor_and_less_memory_unused_than_in_all() {
        assert!(processors() > 0);
        let (total, free) = memory();
        assert!(free <= total);
        assert_eq!(system()["cpus"], processors());
    }
}
