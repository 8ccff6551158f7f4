//! Lag and pending, as numbers.

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lag_is_zero_when_nothing_is_left_or_not_known() -> Testing {
    for program in redis_resilient_testkit::servers()? {
        let server = redis_resilient_testkit::RealRedis::builder()
            .program(&program)
            .start()?;
        let url = server.url();
        let redis = connector(&url)?;
        let monitor = consumer(&redis).monitor();
        assert_eq!(
            (monitor.lag().await?, monitor.pending().await?),
            (None, 0),
            "no group"
        );
        add(&url, 0..5)?;
        ask::<redis::Value>(&url, &["XGROUP", "CREATE", STREAM, GROUP, "0"])?;
        assert_eq!(monitor.lag().await?, Some(5));
        let read = || {
            ask::<redis::Value>(
                &url,
                &[
                    "XREADGROUP",
                    "GROUP",
                    GROUP,
                    "c",
                    "COUNT",
                    "1",
                    "STREAMS",
                    STREAM,
                    ">",
                ],
            )
        };
        read()?;
        assert_eq!(
            (monitor.lag().await?, monitor.pending().await?),
            (Some(4), 1)
        );
        ask::<redis::Value>(&url, &["XTRIM", STREAM, "MAXLEN", "1"])?;
        assert_eq!(monitor.lag().await?, Some(1), "{:?}", server.program());
        read()?;
        assert_eq!(monitor.lag().await?, Some(0), "{:?}", server.program());
        add(&url, 5..8)?;
        let ids: Vec<(String, redis::Value)> = ask(&url, &["XRANGE", STREAM, "-", "+"])?;
        ask::<redis::Value>(&url, &["XDEL", STREAM, &ids[ids.len() - 2].0])?;
        let lag = monitor.lag().await?;
        assert!(
            lag.is_none_or(|lag| lag <= 3),
            "{lag:?} of {:?}",
            server.program()
        );
        read()?;
        read()?;
        assert_eq!(monitor.lag().await?, Some(0), "{:?}", server.program());
    }
    Ok(())
}
