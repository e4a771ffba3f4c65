//! How many files the process may have open, which bounds its connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that others need: the store, exports, mails, calls of other servers.
const OF_OTHERS: u64 = 256;
/// A connection's socket, and the file that goes through it.
const EACH: u64 = 2;

/// As many of those connections as the process may have files for. It first allows itself all that
/// the system lets it: the usual limit of a shell or a service, 1024, is meant for other programs.
pub(super) fn connections(wanted: usize) -> usize {
    let Rlimit { maximum, current } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let limit = if raised.is_ok() { maximum } else { current };
    let most = limit.map_or(usize::MAX, fitting);
    if most < wanted {
        tracing::warn!(
            wanted,
            most,
            "the limit of open files leaves room for fewer connections; raise it (LimitNOFILE, ulimit -n)"
        );
    }
    wanted.min(most)
}

fn fitting(files: u64) -> usize {
    let most = files.saturating_sub(OF_OTHERS.min(files / 2)) / EACH;
    usize::try_from(most).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_keep_some_files_and_somebody_can_connect() {
        assert_eq!((fitting(4096), fitting(256), fitting(1)), (1920, 64, 1));
    }
}
