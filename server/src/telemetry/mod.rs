//! What the operator sees: JSON logs without personal data, and metrics on a listener of their own.

use prometheus::{Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use tracing_subscriber::EnvFilter;

/// Starts the logs: one JSON object a line on standard error, filtered by `VIGIE_LOG`, else by `default` (`info`).
pub fn start_logs(default: &str) {
    let filter = EnvFilter::try_from_env("VIGIE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    // A second start (several servers in one test process) keeps the first one's settings.
    let _already = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}

/// The counters of one process.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    decisions: IntCounterVec,
    sends: IntCounterVec,
    photos: IntCounterVec,
    jobs_due: IntGauge,
    jobs_dead: IntGauge,
    messages_waiting: IntGauge,
}

impl Metrics {
    /// New counters, all zero.
    ///
    /// # Errors
    /// When two counters have the same name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str, label: &str| IntCounterVec::new(Opts::new(name, help), &[label]);
        let requests = HistogramOpts::new("vigie_http_request_seconds", "Time to answer").buckets(vec![
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
        ]);
        let metrics = Self {
            registry: Registry::new(),
            requests: HistogramVec::new(requests, &["route", "method", "status"])?,
            decisions: counter("vigie_decisions_total", "Where reports went", "decision")?,
            sends: counter("vigie_messages_total", "Messages by channel and outcome", "outcome")?,
            photos: counter("vigie_photos_total", "Photos by outcome", "outcome")?,
            jobs_due: IntGauge::new("vigie_jobs_due", "Jobs whose time has come")?,
            jobs_dead: IntGauge::new("vigie_jobs_dead", "Jobs given up")?,
            messages_waiting: IntGauge::new(
                "vigie_messages_waiting",
                "Messages that could not go yet: their channel is away, or there is no mail relay",
            )?,
        };
        let registry = &metrics.registry;
        registry.register(Box::new(metrics.requests.clone()))?;
        for counter in [&metrics.decisions, &metrics.sends, &metrics.photos] {
            registry.register(Box::new(counter.clone()))?;
        }
        for gauge in [&metrics.jobs_due, &metrics.jobs_dead, &metrics.messages_waiting] {
            registry.register(Box::new(gauge.clone()))?;
        }
        Ok(metrics)
    }

    /// A request was answered.
    pub fn requests(&self, route: &str, method: &str, status: u16, seconds: f64) {
        self.requests
            .with_label_values(&[route, method, &status.to_string()])
            .observe(seconds);
    }

    /// geo-dedup or a person decided where a report goes.
    pub fn decided(&self, decision: &str) {
        self.decisions.with_label_values(&[decision]).inc();
    }

    /// A message was tried: `email_sent`, `sms_retry`...
    pub fn sent(&self, outcome: &str) {
        self.sends.with_label_values(&[outcome]).inc();
    }

    /// A photo was handled: `ready`, or the reason of its refusal.
    pub fn photo(&self, outcome: &str) {
        self.photos.with_label_values(&[outcome]).inc();
    }

    /// How much work waits.
    pub fn jobs(&self, due: i64, dead: i64) {
        self.jobs_due.set(due);
        self.jobs_dead.set(dead);
    }

    /// How many messages could not go yet.
    pub fn messages_waiting(&self, waiting: i64) {
        self.messages_waiting.set(waiting);
    }

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// When a metric cannot be encoded.
    pub fn render(&self) -> Result<String, prometheus::Error> {
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut out)?;
        String::from_utf8(out).map_err(|error| prometheus::Error::Msg(error.to_string()))
    }
}
