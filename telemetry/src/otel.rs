//! Instruments of OpenTelemetry, which are read when a reader of the SDK collects.
//!
//! ```
//! use opentelemetry::metrics::MeterProvider as _;
//! use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
//! use redis_resilient::telemetry::otel;
//!
//! let exporter = InMemoryMetricExporter::default();
//! let provider = SdkMeterProvider::builder()
//!     .with_reader(PeriodicReader::builder(exporter).build())
//!     .build();
//! otel::register(&provider.meter("redis_resilient"));
//! provider.force_flush()?;
//! # Ok::<(), opentelemetry_sdk::error::OTelSdkError>(())
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

use crate::describe::{ATTEMPT_DURATION, DURATION_BUCKETS, Instrument, Metric, metrics};
use crate::reading::{Point, Reader, Value};

/// The instruments of a collection ask one after the other: all of them are told the same.
const SAME_COLLECTION: Duration = Duration::from_millis(50);

/// Adds all metrics to the meter, for as long as the process lives: once for each provider. Begins to count events.
pub fn register(meter: &Meter) {
    crate::start();
    let histogram = meter
        .f64_histogram(ATTEMPT_DURATION.name)
        .with_unit(ATTEMPT_DURATION.unit)
        .with_description(ATTEMPT_DURATION.help)
        .with_boundaries(DURATION_BUCKETS.to_vec())
        .build();
    let shared = Arc::new(Mutex::new(Shared {
        reader: Reader::default(),
        read: None,
        points: BTreeMap::new(),
        histogram,
    }));
    for metric in metrics() {
        observe(meter, metric, Arc::clone(&shared));
    }
}

fn observe(meter: &Meter, metric: &'static Metric, shared: Arc<Mutex<Shared>>) {
    match metric.instrument {
        Instrument::Counter => {
            let counter = meter.u64_observable_counter(metric.name);
            let counter = counter
                .with_unit(metric.unit)
                .with_description(metric.help)
                .with_callback(move |observer| {
                    for (attributes, value) in series(&shared, metric) {
                        if let Value::Sum(sum) = value {
                            observer.observe(sum, &attributes);
                        }
                    }
                });
            counter.build();
        }
        Instrument::Gauge => {
            let gauge = meter.f64_observable_gauge(metric.name);
            let gauge = gauge
                .with_unit(metric.unit)
                .with_description(metric.help)
                .with_callback(move |observer| {
                    for (attributes, value) in series(&shared, metric) {
                        if let Value::Level(level) = value
                            && !level.is_nan()
                        {
                            observer.observe(level, &attributes);
                        }
                    }
                });
            gauge.build();
        }
        Instrument::Histogram => {}
    }
}

struct Shared {
    reader: Reader,
    read: Option<Instant>,
    points: BTreeMap<&'static str, Vec<(Vec<KeyValue>, Value)>>,
    histogram: Histogram<f64>,
}

fn series(shared: &Mutex<Shared>, metric: &Metric) -> Vec<(Vec<KeyValue>, Value)> {
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if shared
        .read
        .is_none_or(|read| read.elapsed() > SAME_COLLECTION)
    {
        shared.read();
    }
    shared.points.get(metric.name).cloned().unwrap_or_default()
}

impl Shared {
    fn read(&mut self) {
        let mut points: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (point, value) in self.reader.read() {
            let attributes = attributes(&point);
            if let Value::Taken(taken) = &value {
                for &(seconds, times) in taken {
                    for _ in 0..times {
                        self.histogram.record(seconds, &attributes);
                    }
                }
            }
            let series = points.entry(point.metric.name).or_default();
            series.push((attributes, value));
        }
        self.points = points;
        self.read = Some(Instant::now());
    }
}

fn attributes(point: &Point) -> Vec<KeyValue> {
    point
        .pairs()
        .map(|(label, value)| KeyValue::new(label, value.to_owned()))
        .collect()
}
