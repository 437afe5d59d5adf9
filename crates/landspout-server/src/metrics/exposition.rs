//! Figures as the text that is scraped.

use super::samples::{Family, Samples, Value};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;

type Labels = Vec<(String, String)>;

/// The figures of one scrape.
#[derive(Debug)]
pub(super) struct Exposition(pub(super) Samples);

impl Exposition {
    pub(super) fn text(self) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        text::encode(&mut text, &registry).expect("a String takes what it is given");
        text
    }
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for (name, family) in &self.0.families {
            let kind = family.kind();
            let mut encoder = encoder.encode_descriptor(name, family.help, None, kind)?;
            for (labels, value) in &family.points {
                if labels.is_empty() {
                    value.encode(&mut encoder)?;
                } else {
                    value.encode(&mut encoder.encode_family(labels)?)?;
                }
            }
        }
        Ok(())
    }
}

impl Family {
    fn kind(&self) -> MetricType {
        match self.points.first() {
            Some((_, Value::Counter(_))) => MetricType::Counter,
            Some((_, Value::Histogram(..))) => MetricType::Histogram,
            Some((_, Value::Gauge(_))) | None => MetricType::Gauge,
        }
    }
}

impl Value {
    fn encode(&self, encoder: &mut MetricEncoder<'_>) -> Result<(), fmt::Error> {
        match self {
            Value::Counter(value) => encoder.encode_counter::<Labels, _, u64>(value, None),
            Value::Gauge(value) => encoder.encode_gauge(value),
            Value::Histogram(sum, buckets) => {
                let count = buckets.iter().map(|(_, count)| count).sum();
                encoder.encode_histogram::<Labels>(*sum, count, buckets, None)
            }
        }
    }
}
