use std::sync::Mutex;

use redis_resilient_runtime::{State, observe};

use super::*;

fn order(json: &str) -> Order {
    serde_json::from_str(json).expect("an order")
}

/// Of the orders that the operator of this name has given.
fn recorded(operator: &str) -> Vec<(String, String, Option<String>)> {
    static SEEN: Mutex<Vec<[Option<String>; 4]>> = Mutex::new(Vec::new());
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        observe(|event: &Event<'_>| {
            if let Event::OrderGiven(order) = event {
                let owned = |text: &str| Some(text.to_owned());
                SEEN.lock().expect("not poisoned").push([
                    owned(order.operator),
                    owned(order.order),
                    owned(order.target),
                    order.error.and_then(owned),
                ]);
            }
        });
    });
    let seen = SEEN.lock().expect("not poisoned");
    let mine = seen
        .iter()
        .filter(|[by, ..]| by.as_deref() == Some(operator));
    let mine = mine.map(|[_, order, target, error]| {
        (
            order.clone().unwrap_or_default(),
            target.clone().unwrap_or_default(),
            error.clone(),
        )
    });
    mine.collect()
}

#[tokio::test]
async fn each_order_to_a_breaker_is_carried_out_and_recorded() {
    static ORDERED: Breaker = Breaker::new("orders: ordered");
    Registry::global().register(&ORDERED);
    recorded("");
    let ann = Operator::named("ann");
    for (what, state) in [
        (
            r#"{"order":"force_open","breaker":"orders: ordered","seconds":60}"#,
            State::ForcedOpen,
        ),
        (
            r#"{"order":"force_closed","breaker":"orders: ordered"}"#,
            State::ForcedClosed,
        ),
        (
            r#"{"order":"disable","breaker":"orders: ordered","number":null}"#,
            State::Disabled,
        ),
        (
            r#"{"order":"reset","breaker":"orders: ordered"}"#,
            State::Closed,
        ),
    ] {
        order(what)
            .carry_out(&ann)
            .await
            .expect("it is carried out");
        assert_eq!(ORDERED.state(), state);
    }
    order(r#"{"order":"observe_only","breaker":"orders: ordered","on":true}"#)
        .carry_out(&ann)
        .await
        .expect("it is carried out");
    assert!(ORDERED.snapshot().observing);
    let done = recorded("ann");
    let names: Vec<_> = done.iter().map(|one| one.0.as_str()).collect();
    assert_eq!(
        names,
        [
            "force open",
            "force closed",
            "disable",
            "reset",
            "observe only"
        ]
    );
    assert!(
        done.iter()
            .all(|one| one.1 == "orders: ordered" && one.2.is_none())
    );
}

#[tokio::test]
async fn what_cannot_be_carried_out_is_recorded_too() {
    recorded("");
    let bob = Operator::named("bob");
    let unregistered = Breaker::new("orders: unregistered");
    let _ = unregistered.snapshot();
    let reset = |name: &str| order(&format!(r#"{{"order":"reset","breaker":"{name}"}}"#));
    assert_eq!(
        reset("orders: nobody").carry_out(&bob).await,
        Err(Refused::NoSuchBreaker)
    );
    assert_eq!(
        reset("orders: unregistered").carry_out(&bob).await,
        Err(Refused::NotRegistered)
    );
    let drain = order(r#"{"order":"drain","journal":"orders: nobody"}"#);
    assert_eq!(drain.carry_out(&bob).await, Err(Refused::NoSuchJournal));
    assert!(recorded("bob").iter().all(|one| one.2.is_some()));
    assert_eq!(recorded("bob").len(), 3);
}

#[test]
fn what_is_no_order_is_none_and_a_name_stays_in_one_line() {
    for json in [
        r#"{"order":"reset"}"#,
        r#"{"order":"explode","breaker":"a"}"#,
        r#"{"order":"reset","breaker":"a","more":1}"#,
    ] {
        assert!(serde_json::from_str::<Order>(json).is_err(), "{json}");
    }
    let long = format!("ann\r\n{}", "x".repeat(200));
    let operator = Operator::named(long);
    assert!(operator.name().starts_with("annx"));
    assert_eq!(operator.name().len(), LONGEST);
}

#[tokio::test]
async fn the_kill_switch_is_engaged_and_released() {
    let ann = Operator::named("ann at the switch");
    for on in [true, false] {
        let done = Order::KillSwitch { on }.carry_out(&ann).await;
        assert!(done.is_ok());
        assert_eq!(kill_switch::is_engaged(), on);
    }
}

#[tokio::test]
async fn faults_are_injected_where_the_application_lets_the_operator() {
    use redis_resilient_runtime::chaos as of_application;

    recorded("");
    let eve = Operator::named("eve");
    let inject = r#"{"order":"inject","fault":"delay","delay_ms":5,"function":"orders: slow","percent":20,"seconds":60}"#;
    assert_eq!(faults(), [""; 0]);
    let refused = order(inject).carry_out(&eve).await;
    assert!(matches!(refused, Err(Refused::NoPlan(_))), "{refused:?}");

    of_application::allow();
    assert!(faults().contains(&"unreachable"), "{:?}", faults());
    assert!(order(inject).carry_out(&eve).await.is_ok());
    let [plan] = &chaos::plans()[..] else {
        panic!("one: {:?}", chaos::plans());
    };
    assert_eq!(plan.function.as_deref(), Some("orders: slow"));
    assert_eq!(
        (plan.delay, plan.by),
        (Some(Duration::from_millis(5)), "console")
    );
    assert!((plan.share - 0.2).abs() < 1e-9 && plan.left <= Duration::from_secs(60));

    let end = r#"{"order":"end_injection","function":"orders: slow"}"#;
    assert!(order(end).carry_out(&eve).await.is_ok());
    assert_eq!(
        order(end).carry_out(&eve).await,
        Err(Refused::NothingInjected)
    );
    let all = r#"{"order":"inject","fault":"rejection","percent":100,"seconds":60}"#;
    assert!(order(all).carry_out(&eve).await.is_ok());
    let end_all = order(r#"{"order":"end_all_injections"}"#);
    assert!(end_all.carry_out(&eve).await.is_ok());
    assert_eq!(chaos::plans(), []);
    for wrong in [
        r#"{"order":"inject","fault":"fire","percent":10,"seconds":60}"#,
        r#"{"order":"inject","fault":"rejection","percent":101,"seconds":60}"#,
        r#"{"order":"inject","fault":"rejection","percent":10,"seconds":0}"#,
        r#"{"order":"inject","fault":"rejection","percent":10,"seconds":90000}"#,
    ] {
        let refused = order(wrong).carry_out(&eve).await;
        assert!(
            matches!(refused, Err(Refused::NoPlan(_))),
            "{wrong}: {refused:?}"
        );
    }
    let recorded: Vec<_> = recorded("eve");
    let done = recorded.iter().filter(|one| one.2.is_none());
    let done: Vec<_> = done.map(|one| (one.0.as_str(), one.1.as_str())).collect();
    assert_eq!(
        done,
        [
            ("inject faults", "orders: slow"),
            ("inject faults no longer", "orders: slow"),
            ("inject faults", "all functions"),
            ("inject faults no longer", "process"),
        ]
    );
    assert_eq!(recorded.len(), 10);
}
