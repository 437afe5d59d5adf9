//! Figures, by name and labels.

use std::collections::BTreeMap;

/// Takes the figures of one scrape; see [`Metrics::add`](crate::Metrics::add).
///
/// A name is what OpenMetrics allows, such as `queue_length`, and of one kind; figures of one name
/// differ in their labels. What a label says must come from a bounded set, or the store that scrapes
/// fills up.
#[derive(Debug, Default)]
pub struct Samples {
    pub(super) families: BTreeMap<String, Family>,
}

#[derive(Debug)]
pub(super) struct Family {
    pub(super) help: &'static str,
    pub(super) points: Vec<(Vec<(String, String)>, Value)>,
}

#[derive(Debug)]
pub(super) enum Value {
    Counter(u64),
    Gauge(f64),
    /// The sum, and upper bounds with the number of values in each bucket.
    Histogram(f64, Vec<(f64, u64)>),
}

impl Samples {
    /// A number that only grows. `_total` is appended to its name.
    pub fn counter(&mut self, name: &str, help: &'static str, labels: &[(&str, &str)], value: u64) {
        self.push(name, help, labels, Value::Counter(value));
    }

    /// A number that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &'static str, labels: &[(&str, &str)], value: f64) {
        self.push(name, help, labels, Value::Gauge(value));
    }

    /// How many values lie in each bucket: pairs of an upper bound, [`f64::MAX`] for the last, and
    /// the number of values above the bound before. `sum` is the sum of all values.
    pub fn histogram(
        &mut self,
        name: &str,
        help: &'static str,
        labels: &[(&str, &str)],
        sum: f64,
        buckets: impl IntoIterator<Item = (f64, u64)>,
    ) {
        self.push(name, help, labels, Value::Histogram(sum, buckets.into_iter().collect()));
    }

    fn push(&mut self, name: &str, help: &'static str, labels: &[(&str, &str)], value: Value) {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let family = self.families.entry(name.to_owned());
        let family = family.or_insert(Family { help, points: Vec::new() });
        family.points.push((labels.collect(), value));
    }
}
