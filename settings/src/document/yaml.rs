//! YAML 1.2, of which less is taken for something else than a string than the standard allows: numbers are those that JSON knows, so that `0123`
//! and `no` stay what they are.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::{Entry, Malformed, Place, Value, twice};

/// Deeper is no file of settings.
const DEEPEST: usize = 8;

pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Malformed> {
    let mut reader = Reader(Parser::new_from_str(text));
    let mut root = None;
    loop {
        let (event, at) = reader.next()?;
        match event {
            Event::StreamEnd => break,
            Event::DocumentStart(_) if root.is_some() => {
                let problem = "a second document: there is to be one";
                return Err(Malformed::new(Some(at), problem));
            }
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            event => root = Some((reader.value(event, at, 0)?, at)),
        }
    }
    match root {
        Some((Value::Table(entries), _)) => Ok(entries),
        // There are only comments.
        None | Some((Value::Other("nothing"), _)) => Ok(Vec::new()),
        Some((_, at)) => Err(Malformed::new(
            Some(at),
            "expected keys with values, such as `functions:`",
        )),
    }
}

struct Reader<'a>(Parser<'a, StrInput<'a>>);

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Place), Malformed> {
        match self.0.next() {
            Some(Ok((event, span))) => Ok((event, begin(span))),
            Some(Err(error)) => Err(malformed(&error)),
            None => Ok((Event::StreamEnd, (1, 1))),
        }
    }

    fn value(&mut self, event: Event<'a>, at: Place, depth: usize) -> Result<Value, Malformed> {
        if depth > DEEPEST {
            return Err(Malformed::new(Some(at), "is too deep"));
        }
        let has_tag = matches!(
            event,
            Event::Scalar(_, _, _, Some(_))
                | Event::SequenceStart(_, Some(_))
                | Event::MappingStart(_, Some(_))
        );
        if has_tag {
            return Err(Malformed::new(
                Some(at),
                "a tag: write the value without one",
            ));
        }
        Ok(match event {
            Event::Scalar(text, ScalarStyle::Plain, _, _) => plain(&text),
            Event::Scalar(text, _, _, _) => Value::Text(text.into_owned()),
            Event::Alias(_) => {
                return Err(Malformed::new(Some(at), "an alias: write the value itself"));
            }
            Event::MappingStart(..) => Value::Table(self.table(depth)?),
            Event::SequenceStart(..) => {
                self.skip_list(depth)?;
                Value::Other("a list")
            }
            _ => Value::Other("nothing"),
        })
    }

    fn table(&mut self, depth: usize) -> Result<Vec<Entry>, Malformed> {
        let mut entries = Vec::new();
        loop {
            let (event, key_at) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(entries),
                Event::Scalar(key, _, _, None) => key.into_owned(),
                _ => return Err(Malformed::new(Some(key_at), "a key that is no string")),
            };
            twice(&entries, &key, key_at)?;
            let (event, at) = self.next()?;
            let value = self.value(event, at, depth + 1)?;
            entries.push(Entry {
                key,
                key_at,
                value,
                at,
            });
        }
    }

    fn skip_list(&mut self, depth: usize) -> Result<(), Malformed> {
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(()),
                (event, at) => drop(self.value(event, at, depth + 1)?),
            }
        }
    }
}

/// What is written without quotes.
fn plain(text: &str) -> Value {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_padded = whole.len() > 1 && whole.starts_with('0');
    let is_number = is_digits(whole) && !is_padded && fraction.is_none_or(is_digits);
    match text {
        "true" => Value::Switch(true),
        "false" => Value::Switch(false),
        "" | "~" | "null" => Value::Other("nothing"),
        _ if !is_number => Value::Text(text.to_owned()),
        _ if fraction.is_some() => text
            .parse()
            .map_or(Value::Other("a number of another kind"), Value::Float),
        _ => text
            .parse()
            .map_or(Value::Other("a number that is too large"), Value::Integer),
    }
}

fn begin(span: Span) -> Place {
    place(&span.start)
}

fn place(marker: &Marker) -> Place {
    (marker.line(), marker.col() + 1)
}

fn malformed(error: &ScanError) -> Malformed {
    // Its text has names of what is written in it, and nothing that is.
    let at = Some(place(error.marker()));
    Malformed::new(at, format!("not YAML: {}", error.info()))
}
