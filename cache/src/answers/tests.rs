use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::*;
use crate::share::cloned;

type Failed = &'static str;
type Entered = Result<Leader<u32, Failed>, Result<u32, Failed>>;

fn keyed(answers: &'static Answers, id: u32) -> Keyed<u32> {
    super::keyed(answers, Key::within().text("user:").value(&id, None))
}

fn in_flight(answers: &'static Answers) -> usize {
    leads::<u32, Failed>(&keyed(answers, 0)).flights.len()
}

async fn lead(call: &Keyed<u32>) -> Entered {
    call.lead(leads(call)).await
}

fn poll(waits: Pin<&mut impl Future<Output = Entered>>) -> Poll<Entered> {
    waits.poll(&mut Context::from_waker(Waker::noop()))
}

fn leader(entered: Poll<Entered>) -> Leader<u32, Failed> {
    match entered {
        Poll::Ready(Ok(leader)) => leader,
        Poll::Ready(Err(told)) => panic!("it is told {told:?}"),
        Poll::Pending => panic!("it waits"),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is over")]
fn told(entered: Poll<Entered>) -> Result<u32, Failed> {
    match entered {
        Poll::Ready(Err(told)) => told,
        Poll::Ready(Ok(_)) => panic!("it leads"),
        Poll::Pending => panic!("it waits"),
    }
}

#[tokio::test]
async fn what_the_leader_has_is_told_to_all_who_wait_and_to_nobody_else() {
    static ANSWERS: Answers = Answers::new("tests::told");
    let call = keyed(&ANSWERS, 7);
    for outcome in [Ok(1), Err("down")] {
        let led = leader(poll(pin!(lead(&call))));
        let (mut first, mut second) = (pin!(lead(&call)), pin!(lead(&call)));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());
        // Another key has nothing to do with it.
        drop(leader(poll(pin!(lead(&keyed(&ANSWERS, 8))))));
        assert_eq!(led.tell(outcome, Some(cloned)), outcome);
        assert_eq!(told(poll(first)), outcome);
        assert_eq!(in_flight(&ANSWERS), 0);
        // Who comes now leads.
        drop(leader(poll(pin!(lead(&call)))));
        assert_eq!(told(poll(second)), outcome);
        assert_eq!(in_flight(&ANSWERS), 0);
    }
}

#[tokio::test]
async fn a_leader_that_goes_passes_the_lead_on() {
    static ANSWERS: Answers = Answers::new("tests::goes");
    let call = keyed(&ANSWERS, 7);
    let led = leader(poll(pin!(lead(&call))));
    let (mut first, mut second) = (pin!(lead(&call)), pin!(lead(&call)));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    drop(led);
    let led = leader(poll(second));
    assert!(poll(first.as_mut()).is_pending());
    assert_eq!(led.tell(Ok(2), Some(cloned)), Ok(2));
    assert_eq!(told(poll(first)), Ok(2));
    assert_eq!(in_flight(&ANSWERS), 0);
}

#[tokio::test]
async fn after_a_leader_that_is_turned_away_each_asks_anew() {
    static ANSWERS: Answers = Answers::new("tests::turned_away");
    let call = keyed(&ANSWERS, 7);
    let led = leader(poll(pin!(lead(&call))));
    let (mut first, mut second) = (pin!(lead(&call)), pin!(lead(&call)));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    led.turned_away();
    let led = leader(poll(first));
    assert!(poll(second.as_mut()).is_pending());
    led.turned_away();
    drop(leader(poll(second)));
    assert_eq!(in_flight(&ANSWERS), 0);
}

#[test]
fn types_are_told_apart() {
    static ANSWERS: Answers = Answers::new("tests::types").stale(Duration::from_secs(60));
    let number = keyed(&ANSWERS, 7);
    let text = super::keyed::<String>(&ANSWERS, Key::within().text("user:").value(&7, None));
    let led = leader(poll(pin!(lead(&number))));
    assert!(text.lead_blocking::<Failed>(leads(&text)).is_ok());
    assert_eq!(number.kept(led.tell(Ok(1), Some(cloned))).ok(), Some(1));
    assert_eq!(text.stale(), None);
    text.keep(&"one".to_owned());
    assert_eq!(
        (number.stale(), text.stale()),
        (Some(1), Some("one".into()))
    );
}

#[test]
fn a_good_value_stands_in_for_a_later_error() {
    static ANSWERS: Answers = Answers::new("tests::stale").stale(Duration::from_secs(60));
    let call = keyed(&ANSWERS, 7);
    assert_eq!(call.kept(Err("down")), Err("down"));
    assert_eq!(call.kept::<Failed>(Ok(1)), Ok(1));
    let (value, heard) = served::served_blocking(|| call.kept(Err("down")));
    assert_eq!(value, Ok(1));
    assert!(matches!(heard, Some(Served::Stale { .. })), "{heard:?}");
    assert_eq!(call.or_stale(Err("down")), Ok(1));
    // What another call has come to is not kept once more.
    assert_eq!(call.or_stale::<Failed>(Ok(2)), Ok(2));
    assert_eq!(call.stale(), Some(1));
    assert_eq!(keyed(&ANSWERS, 8).stale(), None);
}

#[test]
fn many_threads_leave_nothing_behind() {
    static ANSWERS: Answers = Answers::new("tests::threads");
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(thread);
                for _ in 0..1_000 {
                    let id = random.u32(..2);
                    let call = keyed(&ANSWERS, id);
                    match call.lead_blocking(leads(&call)) {
                        Ok(leader) => match random.u8(..4) {
                            0 => drop(leader),
                            1 => leader.turned_away(),
                            2 => drop(leader.tell(Err("down"), Some(cloned))),
                            _ => drop(leader.tell(Ok(id), Some(cloned))),
                        },
                        Err(told) => assert!(told == Ok(id) || told == Err("down"), "{told:?}"),
                    }
                }
            });
        }
    });
    assert_eq!(in_flight(&ANSWERS), 0);
}
