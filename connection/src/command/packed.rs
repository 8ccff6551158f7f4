//! Commands as they go over the wire: what a synchronous pipeline is by the time it reaches its connection.

/// The commands in `bytes`, as their arguments. What does not read as one ends them.
pub fn commands(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (command, after) = command(rest)?;
        rest = after;
        Some(command)
    })
}

fn command(bytes: &[u8]) -> Option<(Vec<&[u8]>, &[u8])> {
    let (length, mut rest) = header(bytes, b'*')?;
    // Not with room for all that it says: it may say anything.
    let mut args = Vec::new();
    for _ in 0..length {
        let (length, after) = header(rest, b'$')?;
        args.push(after.get(..length)?);
        rest = after.get(length..)?.strip_prefix(b"\r\n")?;
    }
    Some((args, rest))
}

/// `*3\r\n`: the number, and what follows.
fn header(bytes: &[u8], kind: u8) -> Option<(usize, &[u8])> {
    let rest = bytes.strip_prefix(&[kind])?;
    let end = rest.iter().position(|byte| *byte == b'\r')?;
    let number = std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
    Some((number, rest[end..].strip_prefix(b"\r\n")?))
}

#[cfg(test)]
mod tests {
    use redis::pipe;

    use super::*;

    #[test]
    fn a_pipeline_reads_as_it_was_written() {
        let mut pipeline = pipe();
        pipeline
            .atomic()
            .set("k", "a\r\nb")
            .cmd("BLPOP")
            .arg("list")
            .arg(0);
        let packed = pipeline.get_packed_pipeline();
        let commands: Vec<_> = commands(&packed).collect();
        let expected: [&[&[u8]]; 4] = [
            &[b"MULTI"],
            &[b"SET", b"k", b"a\r\nb"],
            &[b"BLPOP", b"list", b"0"],
            &[b"EXEC"],
        ];
        assert_eq!(commands, expected);
    }

    #[test]
    fn what_is_no_command_ends_it() {
        for bytes in [
            "",
            "PING\r\n",
            "*1\r\n$4\r\nPIN",
            "*1\r\n$9999999999999999999\r\nPING\r\n",
            "*x\r\n",
            "*2\r\n$4\r\nPING\r\n",
        ] {
            assert_eq!(commands(bytes.as_bytes()).count(), 0, "{bytes:?}");
        }
    }
}
