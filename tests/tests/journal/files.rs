//! A journal in a directory, as applications meet it.

use redis_resilient::journal::JournalError;

use crate::support::{Scratch, TestResult, builder, connector, kill, lasting};

#[tokio::test]
async fn what_is_for_one_redis_does_not_go_to_another() -> TestResult {
    let (server, other) = (lasting()?, lasting()?);
    let redis = connector(&server.url())?;
    let elsewhere = connector(&other.url())?;
    let scratch = Scratch::new();
    kill(&server, &redis).await;
    let journal = builder("mine").file(scratch.path()).open(&redis)?;
    journal.enqueue::<()>(redis::cmd("INCR").arg("n")).await?;
    // Over a connection to another server nothing is journalled either.
    let mut wrong = journal.over(&elsewhere);
    kill(&other, &elsewhere).await;
    let error = redis::AsyncCommands::incr::<_, _, ()>(&mut wrong, "n", 1)
        .await
        .expect_err("it is elsewhere");
    assert!(error.to_string().contains("for another Redis"), "{error}");
    journal.close(std::time::Duration::ZERO).await?;
    let error = builder("mine")
        .file(scratch.path())
        .open(&elsewhere)
        .expect_err("it is for the first");
    assert!(
        matches!(error, JournalError::OtherRedis { entries: 1, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("`moved(true)`"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_second_process_is_told_that_it_is_open() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let scratch = Scratch::new();
    let journal = builder("first").file(scratch.path()).open(&redis)?;
    let error = builder("second")
        .file(scratch.path())
        .open(&redis)
        .expect_err("it is open");
    assert!(matches!(&error, JournalError::Locked { .. }), "{error}");
    journal.close(std::time::Duration::ZERO).await?;
    builder("second").file(scratch.path()).open(&redis)?;
    Ok(())
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_an_error() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let error = builder("nowhere")
        .file("/proc/nothing/here")
        .open(&redis)
        .expect_err("it cannot be made");
    assert!(matches!(error, JournalError::Storage(_)), "{error}");
    Ok(())
}
