//! The group, made where it is not there.

use redis::RedisResult;

use super::reply;
use super::run::Run;
use super::scripts::ENSURE;
use super::settings::Begin;

/// Makes the group unless it is there: at the floor that this consumer knows, so that nothing is lost that was pending; at the start of the stream if that
/// is another one; and where it was told to begin if it knows nothing yet.
pub(super) async fn ensure(run: &Run) -> RedisResult<()> {
    let floor = run.position().floor();
    let begin = match run.settings.begin {
        Begin::Start => "0-0",
        Begin::End => "$",
    };
    let script = run.link.script(ENSURE, None);
    let script = script
        .arg(floor.map(|floor| floor.to_string()).unwrap_or_default())
        .arg(begin);
    let made = reply::made(run.link.run(&script).await?)?;
    let Some((at, is_another)) = made else {
        return Ok(());
    };
    run.events.group_made(floor.is_some(), &at);
    if is_another {
        run.position().begin_anew();
        run.link.saw(0);
        for held in run.hand.all() {
            held.stays_only_here();
        }
    }
    Ok(())
}
