//! Replies, and how they are written.

/// The version of the protocol that a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Protocol {
    #[default]
    Resp2,
    Resp3,
}

/// A reply to a command.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    Status(&'static str),
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    Null,
    /// What RESP2 tells apart from [`Null`](Self::Null), as after an aborted `EXEC`.
    NullArray,
    Array(Vec<Reply>),
    /// A flat array in RESP2.
    Map(Vec<(Reply, Reply)>),
}

impl Reply {
    pub(super) const OK: Self = Self::Status("OK");

    pub(super) fn bulk(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Bulk(bytes.into())
    }

    pub(super) fn bulk_or_null(bytes: Option<impl Into<Vec<u8>>>) -> Self {
        bytes.map_or(Self::Null, Self::bulk)
    }

    pub(super) fn count(number: usize) -> Self {
        // A collection holds at most `isize::MAX` bytes.
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }

    pub(super) fn flag(is_set: bool) -> Self {
        Self::Integer(is_set.into())
    }

    pub(super) fn encode(&self, protocol: Protocol) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(protocol, &mut out);
        out
    }

    fn write(&self, protocol: Protocol, out: &mut Vec<u8>) {
        let is_resp3 = protocol == Protocol::Resp3;
        match self {
            Self::Status(text) => line(out, '+', text),
            // A line end would end the reply early.
            Self::Error(text) => line(out, '-', &text.replace(['\r', '\n'], " ")),
            Self::Integer(number) => line(out, ':', &number.to_string()),
            Self::Bulk(bytes) => {
                line(out, '$', &bytes.len().to_string());
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            Self::Null | Self::NullArray if is_resp3 => line(out, '_', ""),
            Self::Null => line(out, '$', "-1"),
            Self::NullArray => line(out, '*', "-1"),
            Self::Array(items) => {
                line(out, '*', &items.len().to_string());
                for item in items {
                    item.write(protocol, out);
                }
            }
            Self::Map(pairs) => {
                if is_resp3 {
                    line(out, '%', &pairs.len().to_string());
                } else {
                    line(out, '*', &(2 * pairs.len()).to_string());
                }
                for (key, value) in pairs {
                    key.write(protocol, out);
                    value.write(protocol, out);
                }
            }
        }
    }
}

fn line(out: &mut Vec<u8>, kind: char, text: &str) {
    out.extend_from_slice(format!("{kind}{text}\r\n").as_bytes());
}
