//! The breaker beside a plain model of it, through any sequence of calls, orders and waiting.

mod config;
mod history;
mod model;
mod strategies;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tokio::time::advance;

use self::config::Config;
use self::model::{Held, Model};
use self::strategies::{End, Step};
use super::*;
use crate::Rejection;

/// What the jitter of every open period is made of here.
fn random() -> u32 {
    fastrand::seed(7);
    let random = fastrand::u32(..);
    // What is drawn next is the same once more.
    fastrand::seed(7);
    random
}

/// The breaker and its model, and the calls under way, as each of them sees these.
struct Pair<'a> {
    breaker: &'a Breaker,
    model: Model,
    held: Vec<(Permit<'a>, Held)>,
    told: Arc<Mutex<Vec<(State, State)>>>,
}

impl<'a> Pair<'a> {
    fn new(breaker: &'a Breaker, config: Config) -> Self {
        let told = Arc::new(Mutex::new(Vec::new()));
        let teller = Arc::clone(&told);
        breaker.on_transition(move |transition| {
            let mut told = teller.lock().expect("no listener panics");
            told.push((transition.from, transition.to));
        });
        Self {
            breaker,
            model: Model::new(config),
            held: Vec::new(),
            told,
        }
    }

    async fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Admit => self.admit(),
            Step::Settle(which, outcome) => {
                if !self.held.is_empty() {
                    let (permit, held) = self.held.remove(which.index(self.held.len()));
                    self.settle(permit, held, outcome);
                }
                Ok(())
            }
            Step::Call(outcome) => {
                let before = self.held.len();
                let admitted = self.admit();
                if let Some((permit, held)) = self.held.split_off(before).pop() {
                    self.settle(permit, held, outcome);
                }
                admitted
            }
            Step::Advance(by_ms) => {
                advance(Duration::from_millis(by_ms)).await;
                Ok(())
            }
            Step::AdvanceToTheEdge(less_ms) => {
                let by = self.breaker.retry_after();
                advance(by.saturating_sub(Duration::from_millis(less_ms))).await;
                Ok(())
            }
            Step::ForceOpen(period_ms) => {
                self.breaker
                    .force_open(period_ms.map(Duration::from_millis));
                self.model.force_open(period_ms, now_ms());
                Ok(())
            }
            Step::ForceClosed => {
                self.breaker.force_closed();
                self.model.force_closed();
                Ok(())
            }
            Step::Disable => {
                self.breaker.disable();
                self.model.disable();
                Ok(())
            }
            Step::Reset => {
                self.breaker.reset();
                self.model.reset();
                Ok(())
            }
            Step::Observe(observe) => {
                self.breaker.observe_only(observe);
                self.model.observe(observe);
                Ok(())
            }
        }
    }

    fn admit(&mut self) -> Result<(), TestCaseError> {
        match (self.breaker.try_acquire(), self.model.admit(now_ms())) {
            (Ok(permit), Ok(held)) => {
                prop_assert_eq!(permit.is_probe(), held.is_probe, "{:?}", self.model);
                self.held.push((permit, held));
            }
            (Err(Rejection::CircuitOpen { retry_after, .. }), Err(left_ms)) => {
                prop_assert_eq!(retry_after, Duration::from_millis(left_ms));
            }
            (engine, model) => prop_assert!(
                false,
                "{:?}, but the model: {:?}, {:?}",
                engine.map(|permit| permit.is_probe()),
                model,
                self.model
            ),
        }
        Ok(())
    }

    fn settle(&mut self, permit: Permit<'_>, held: Held, outcome: End) {
        let random = random();
        match outcome {
            End::Success => permit.success(),
            End::Failure => permit.failure(),
            End::Neutral => permit.neutral(),
            End::Dropped => drop(permit),
            End::Panicked => {
                let unwound = catch_unwind(AssertUnwindSafe(|| {
                    let _permit = permit;
                    resume_unwind(Box::new("the body panics"))
                }));
                assert!(unwound.is_err());
            }
        }
        let outcome = match outcome {
            End::Success => Outcome::Success,
            End::Failure | End::Panicked => Outcome::Failure,
            End::Neutral | End::Dropped => Outcome::Neutral,
        };
        self.model.settle(held, outcome, now_ms(), random);
    }

    fn compare(&self) -> Result<(), TestCaseError> {
        let (snapshot, model) = (self.breaker.snapshot(), &self.model);
        prop_assert_eq!(snapshot.state, model.state());
        prop_assert_eq!(snapshot.failures, model.failures(now_ms()), "{:?}", model);
        prop_assert_eq!(snapshot.successes, model.successes(), "{:?}", model);
        prop_assert_eq!(snapshot.probes, model.probes(), "{:?}", model);
        prop_assert_eq!(snapshot.streak, model.streak(), "{:?}", model);
        prop_assert_eq!(
            snapshot.retry_after,
            Duration::from_millis(model.retry_after_ms(now_ms())),
            "{:?}",
            model
        );
        prop_assert_eq!(self.breaker.word().generation(), model.life);
        let told = self.told.lock().expect("no listener panics");
        prop_assert_eq!(&*told, &model.transitions);
        Ok(())
    }
}

proptest! {
    #[test]
    fn the_breaker_does_what_its_model_does(
        config in strategies::configs(),
        steps in proptest::collection::vec(strategies::steps(), 1..150),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()?;
        runtime.block_on(async {
            let breaker = config.build();
            let mut pair = Pair::new(&breaker, config);
            for step in steps {
                pair.take(step).await?;
                pair.compare()?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
