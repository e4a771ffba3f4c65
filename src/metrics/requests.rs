//! Requests: what was asked for, how it was answered, how long that took.
//!
//! Counters go by endpoint; a histogram for each of several hundred would be too much, so time goes
//! by family: `rooms` of `rooms.info`.

use std::time::{Duration, Instant};

use prometheus::{HistogramVec, IntCounter, IntCounterVec, IntGauge, Registry};

use super::register::{self, Held};

/// Methods that a request may have; a client that makes up others does not make up labels.
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

/// All requests.
#[derive(Debug)]
pub struct Requests {
    answered: IntCounterVec,
    abandoned: IntCounter,
    seconds: HistogramVec,
    in_flight: IntGauge,
    waiting: IntGauge,
}

/// A request under way. Dropped before it is answered, it was given up by its client.
#[derive(Debug)]
pub struct Request {
    began: Instant,
    abandoned: Option<IntCounter>,
    _in_flight: Held,
}

impl Requests {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            answered: register::counters(
                registry,
                "roomscribe_requests_total",
                "Requests that were answered, by endpoint and status.",
                &["method", "endpoint", "status"],
            ),
            abandoned: register::counter(
                registry,
                "roomscribe_requests_abandoned_total",
                "Requests whose client went away before the answer.",
            ),
            seconds: register::histograms(
                registry,
                "roomscribe_request_duration_seconds",
                "Time until an answer began, by family of endpoints; the body of the request included.",
                &["family"],
            ),
            in_flight: register::gauge(
                registry,
                "roomscribe_requests_in_flight",
                "Requests that are not answered yet.",
            ),
            waiting: register::gauge(
                registry,
                "roomscribe_requests_waiting",
                "Requests that wait for one of the workers.",
            ),
        }
    }

    /// Counts a request that has just come.
    pub fn arrive(&self) -> Request {
        let abandoned = Some(self.abandoned.clone());
        Request { began: Instant::now(), abandoned, _in_flight: Held::one_of(&self.in_flight) }
    }

    /// Counts a request that waits for a worker until what is returned is dropped.
    pub fn wait(&self) -> Held {
        Held::one_of(&self.waiting)
    }

    /// Counts an answer. `endpoint` is the row's path, never the client's. Returns how long it took.
    pub fn answered(&self, mut request: Request, method: &str, endpoint: &str, status: &str) -> Duration {
        request.abandoned = None;
        let method = METHODS.iter().find(|known| **known == method).unwrap_or(&"other");
        self.answered.with_label_values(&[*method, endpoint, status]).inc();
        let took = request.began.elapsed();
        self.seconds.with_label_values(&[family(endpoint)]).observe(took.as_secs_f64());
        took
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(abandoned) = &self.abandoned {
            abandoned.inc();
        }
    }
}

/// What endpoints have in common: `rooms.info` and `rooms.media/:rid` are both `rooms`.
fn family(endpoint: &str) -> &str {
    let endpoint = endpoint.trim_start_matches('/');
    endpoint.split(['.', '/']).next().unwrap_or(endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_of_the_table_and_who_goes_away_is_counted() {
        let requests = Requests::new(&Registry::new());
        requests.answered(requests.arrive(), "BREW", "rooms.info", "405");
        let brewed = requests.answered.with_label_values(&["other", "rooms.info", "405"]);
        assert_eq!((brewed.get(), requests.abandoned.get()), (1, 0));
        let request = requests.arrive();
        assert_eq!(requests.in_flight.get(), 1);
        drop(request);
        assert_eq!((requests.in_flight.get(), requests.abandoned.get()), (0, 1));
    }

    #[test]
    fn endpoints_have_families() {
        let families = ["rooms.info", "rooms.media/:rid", "/file-upload/:id", "login", "none"].map(family);
        assert_eq!(families, ["rooms", "rooms", "file-upload", "login", "none"]);
    }
}
