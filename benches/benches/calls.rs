//! The catalogue under criterion: `cargo bench -p redis-resilient-benches -- sync`.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use redis_resilient_benches::{GROUPS, of_group, rounds, shared_by_threads, together};

fn calls(criterion: &mut Criterion) {
    for group in GROUPS {
        let mut benches = criterion.benchmark_group(group.name);
        for scenario in of_group(group) {
            (scenario.prepare)();
            benches.bench_function(scenario.name, |bencher| {
                bencher.iter_custom(|calls| rounds::timed(scenario.run, calls));
            });
        }
        benches.finish();
    }
}

fn two_threads(criterion: &mut Criterion) {
    let mut benches = criterion.benchmark_group("threads");
    for shared in shared_by_threads() {
        benches.bench_function(shared.name, |bencher| {
            bencher.iter_custom(|calls| {
                let spans = together::<2>(shared.run, calls);
                spans
                    .iter()
                    .map(|(start, end)| *end - *start)
                    .sum::<Duration>()
                    / 2
            });
        });
    }
    benches.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400));
    targets = calls, two_threads
}
criterion_main!(benches);
