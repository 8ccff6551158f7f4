//! Where entries go that cannot be handled. They are acknowledged when it is known that they are there.

use redis::{Cmd, RedisResult, Value};
use redis_resilient_connection::__seam::slot;

use super::fingerprint;
use super::hand::{Held, Place};
use super::link::Insistence;
use super::reply;
use super::run::Run;
use super::scripts::DEAD;
use super::settings::Settings;
use crate::once::Once;

/// Lua takes somewhat under 8,000 words. What has more is stored by a plain `XADD`.
const MOST: usize = 7_000;

/// So that it is another token than that of the handler.
const SALT: u128 = 0x6465_6164_206c_6574_7465_7200_0000_0001;

/// The stream of dead letters: as it was named, or one beside the stream, in its slot.
pub(super) fn stream(settings: &Settings) -> Vec<u8> {
    let beside = || {
        let name = format!("dead:{}", settings.group);
        slot::beside(&settings.stream, name.as_bytes())
    };
    settings.dead_letters.clone().unwrap_or_else(beside)
}

/// Puts an entry among the dead letters and acknowledges it, however long that takes.
///
/// It is one script where both streams are in one slot. Otherwise the letter is stored first, once however often that is sent.
pub(super) async fn bury(run: &Run, held: &Held, reason: &str) {
    run.hand.moves(held, Place::Settling);
    let letters = stream(&run.settings);
    let words = letter(run, held, reason);
    let mut is_one_slot = words.len() <= MOST;
    let mut insistence = Insistence::default();
    let is_stored = loop {
        let buried = send(run, held, &letters, &words, &mut is_one_slot).await;
        if let Some(is_stored) = insistence.done(buried).await {
            break is_stored;
        }
    };
    if is_stored {
        held.settle();
        run.counters.dead.add(1);
        run.events.dead_letter(held.id(), held.begun(), reason);
    }
}

/// Whether it is there now; otherwise it is somebody else's.
async fn send(
    run: &Run,
    held: &Held,
    letters: &[u8],
    words: &[Vec<u8>],
    is_one_slot: &mut bool,
) -> RedisResult<bool> {
    if held.is_only_here() {
        store(run, held, letters, words).await?;
        return Ok(true);
    }
    if *is_one_slot {
        let script = run.link.script(DEAD, Some(letters));
        let script = script.arg(held.id().to_string());
        let script = words
            .iter()
            .fold(script, |script, word| script.arg(&word[..]));
        match run.link.run(&script).await {
            Err(error) if error.code() == Some("CROSSSLOT") => *is_one_slot = false,
            answer => {
                let standing = reply::standing(&answer?)?;
                if standing.is_only_here() {
                    held.stays_only_here();
                    store(run, held, letters, words).await?;
                }
                return Ok(standing.may_begin());
            }
        }
    }
    let replies = run.keep(0, &[(held.id(), None)]).await?;
    let standings = replies.into_iter().map(reply::standings).next();
    let standings = standings.transpose()?.unwrap_or_default();
    if !standings
        .first()
        .is_some_and(|standing| standing.may_begin())
    {
        return Ok(false);
    }
    store(run, held, letters, words).await?;
    acknowledge(run, held).await?;
    Ok(true)
}

async fn store(run: &Run, held: &Held, letters: &[u8], words: &[Vec<u8>]) -> RedisResult<()> {
    let mut add = redis::cmd("XADD");
    add.arg(letters).arg("*").arg(words);
    if words.len() > MOST {
        run.link.send(&add, std::time::Duration::ZERO).await?;
        return Ok(());
    }
    let token = fingerprint::of_delivery(run.link.stream(), run.link.group(), &held.entry);
    let once = Once::with_token(token ^ SALT).remember_for(run.settings.remember_for);
    let mut connection = run.link.connector().get().await?;
    once.run::<Value>(&mut connection, letters, &add).await?;
    Ok(())
}

async fn acknowledge(run: &Run, held: &Held) -> RedisResult<()> {
    let acknowledge = acknowledgement(run, held);
    run.link
        .send(&acknowledge, std::time::Duration::ZERO)
        .await?;
    Ok(())
}

pub(super) fn acknowledgement(run: &Run, held: &Held) -> Cmd {
    let mut acknowledge = redis::cmd("XACK");
    let id = held.id().to_string();
    acknowledge
        .arg(run.link.stream())
        .arg(run.link.group())
        .arg(id);
    acknowledge
}

/// Names and values: where it comes from and why it is here, then its own.
fn letter(run: &Run, held: &Held, reason: &str) -> Vec<Vec<u8>> {
    let own = held.entry.fields();
    let about: [(&str, Vec<u8>); 5] = [
        ("dead:stream", run.link.stream().to_vec()),
        ("dead:group", run.link.group().into()),
        ("dead:id", held.id().to_string().into()),
        ("dead:deliveries", held.begun().to_string().into()),
        ("dead:reason", reason.into()),
    ];
    let about = about.into_iter().map(|(name, value)| (name.into(), value));
    let own = own.map(|(name, value)| (name.to_vec(), value.to_vec()));
    about
        .chain(own)
        .flat_map(|(name, value)| [name, value])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_letters_are_in_the_slot_of_the_stream_unless_told() {
        let mut settings = Settings::new(b"orders", "billing");
        let beside = stream(&settings);
        assert_eq!(beside, b"{orders}dead:billing");
        assert_eq!(slot::of_key(&beside), slot::of_key(b"orders"));
        settings.dead_letters = Some(b"elsewhere".to_vec());
        assert_eq!(stream(&settings), b"elsewhere");
    }
}
