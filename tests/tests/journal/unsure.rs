//! Writes of which nobody knows whether they were executed.

use redis::AsyncCommands;
use redis_resilient::Class;
use redis_resilient::connection::Once;
use redis_resilient::journal::Written;
use redis_resilient_testkit::{FaultProxy, ReplyCut};

use crate::support::{
    Place, REMEMBER, TestResult, builder, connector, drained, lasting, on_each_keeper,
};

on_each_keeper!(
    with_a_token_it_is_journalled_and_executed_once,
    a_server_that_freezes_doubles_nothing,
);

#[tokio::test]
async fn without_a_token_it_is_the_caller_s_to_decide() -> TestResult {
    let server = lasting()?;
    let proxy = FaultProxy::to(server.addr())?;
    let redis = connector(&proxy.url())?;
    let journal = builder("unsure").open(&redis)?;
    let mut orders = journal.over(&redis);
    orders.incr::<_, _, ()>("n", 1).await?;
    proxy.next_reply(ReplyCut::CloseAfter(0));
    let error = orders
        .incr::<_, _, Written<u64>>("n", 1)
        .await
        .expect_err("its reply is lost");
    assert_eq!(
        (Class::of(&error), journal.progress().waiting),
        (Class::NotIdempotent, 0)
    );
    assert_eq!(orders.get("n").await, Ok(2));
    // Not even what leaves the same behind: meanwhile somebody else may have written something newer.
    proxy.next_reply(ReplyCut::CloseAfter(0));
    let error = orders
        .set::<_, _, Written<()>>("k", 1)
        .await
        .expect_err("its reply is lost");
    assert_eq!(
        (Class::of(&error), journal.progress().waiting),
        (Class::Ambiguous, 0)
    );
    Ok(())
}

async fn with_a_token_it_is_journalled_and_executed_once(place: &Place) -> TestResult {
    let server = lasting()?;
    let proxy = FaultProxy::to(server.addr())?;
    let redis = connector(&proxy.url())?;
    let journal = place.builder("once").open(&redis)?;
    let mut orders = journal.over(&redis).exactly_once(REMEMBER);
    assert_eq!(orders.incr("n", 1).await, Ok(Written::Done(1_u64)));
    for expected in [2_u64, 3, 4] {
        // It is executed, and nobody is told.
        proxy.next_reply(ReplyCut::CloseAfter(0));
        assert_eq!(orders.incr("n", 1).await, Ok(Written::<u64>::Queued));
        drained(&journal).await;
        assert_eq!(orders.get("n").await, Ok(expected));
    }
    // The reply of the replay is lost as well.
    proxy.next_reply(ReplyCut::CloseAfter(0));
    proxy.next_reply(ReplyCut::CloseAfter(0));
    assert_eq!(orders.incr("n", 1).await, Ok(Written::<u64>::Queued));
    drained(&journal).await;
    assert_eq!(orders.get("n").await, Ok(5));
    Ok(())
}

/// A `Once` of the application's own, sent over a journal's connection.
#[tokio::test]
async fn a_token_of_the_application_s_own_does_the_same() -> TestResult {
    let server = lasting()?;
    let proxy = FaultProxy::to(server.addr())?;
    let redis = connector(&proxy.url())?;
    let journal = builder("own once").open(&redis)?;
    let mut orders = journal.over(&redis);
    let once = Once::new();
    let command = redis::cmd("INCR").arg("n").clone();
    proxy.next_reply(ReplyCut::CloseAfter(0));
    assert_eq!(
        once.run(&mut orders, "n", &command).await,
        Ok(Written::<u64>::Queued)
    );
    drained(&journal).await;
    assert_eq!(
        once.run(&mut orders, "n", &command).await,
        Ok(Written::Done(1))
    );
    Ok(())
}

/// A frozen server takes commands and does not say so: each is executed when it goes on, and once.
async fn a_server_that_freezes_doubles_nothing(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place.builder("frozen").open(&redis)?;
    let mut orders = journal.over(&redis).exactly_once(REMEMBER);
    orders.incr::<_, _, ()>("n", 1).await?;
    server.freeze();
    for _ in 0..12 {
        assert_eq!(orders.incr("n", 1).await, Ok(Written::<u64>::Queued));
    }
    server.thaw();
    drained(&journal).await;
    assert_eq!(orders.get("n").await, Ok(13));
    Ok(())
}
