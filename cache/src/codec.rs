//! How values become bytes.

use std::error::Error;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// How values of a type become bytes in Redis, and bytes become values again.
///
/// ```
/// use redis_resilient::cache::{Codec, CodecError};
///
/// /// Numbers as text, for others to read.
/// struct Text;
///
/// impl Codec<u64> for Text {
///     fn encode(value: &u64) -> Result<Vec<u8>, CodecError> {
///         Ok(value.to_string().into_bytes())
///     }
///
///     fn decode(bytes: &[u8]) -> Result<u64, CodecError> {
///         Ok(std::str::from_utf8(bytes)?.parse()?)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot encode and decode `{T}`",
    label = "what is cached has to become bytes, and to be read again",
    note = "for `Json`, which is the default: `#[derive(Serialize, Deserialize)]` on the type, and on those in it",
    note = "or name a codec of your own: `codec = MyCodec`"
)]
pub trait Codec<T>: 'static {
    /// The value as bytes.
    ///
    /// # Errors
    /// If it cannot be encoded: then it is returned, and not stored.
    fn encode(value: &T) -> Result<Vec<u8>, CodecError>;

    /// The value of which these are the bytes.
    ///
    /// # Errors
    /// If they are not those of such a value: that is a miss, and what is loaded overwrites it.
    fn decode(bytes: &[u8]) -> Result<T, CodecError>;
}

/// Why a value cannot be encoded or decoded: any error.
pub type CodecError = Box<dyn Error + Send + Sync>;

/// A value could not be encoded, and was not stored.
#[derive(Debug)]
pub struct NotEncoded(pub(crate) CodecError);

impl fmt::Display for NotEncoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value cannot be encoded for the cache")
    }
}

impl Error for NotEncoded {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// Values as JSON: readable by people and by other languages.
#[derive(Clone, Copy, Debug)]
pub struct Json;

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Codec<T> for Json {
    fn encode(value: &T) -> Result<Vec<u8>, CodecError> {
        Ok(serde_json::to_vec(value)?)
    }

    fn decode(bytes: &[u8]) -> Result<T, CodecError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

/// Values in the compact format of `postcard`. It names no fields: write a new `version` whenever the type changes.
#[cfg(feature = "postcard")]
#[derive(Clone, Copy, Debug)]
pub struct Postcard;

#[cfg(feature = "postcard")]
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Codec<T> for Postcard {
    fn encode(value: &T) -> Result<Vec<u8>, CodecError> {
        Ok(postcard::to_stdvec(value)?)
    }

    fn decode(bytes: &[u8]) -> Result<T, CodecError> {
        let (value, rest) = postcard::take_from_bytes(bytes)?;
        if rest.is_empty() {
            Ok(value)
        } else {
            // Those of a type that had more fields.
            Err("there are more bytes than the value has".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_tells_nothing_from_a_value() {
        let none: Option<u64> = None;
        assert_eq!(Json::encode(&none).expect("it is encoded"), b"null");
        assert_eq!(
            <Json as Codec<Option<u64>>>::decode(b"null").expect("it is decoded"),
            None
        );
        assert!(<Json as Codec<u64>>::decode(b"null").is_err());
        assert!(<Json as Codec<u64>>::decode(b"7 8").is_err());
    }

    #[cfg(feature = "postcard")]
    #[test]
    fn postcard_refuses_what_is_longer_than_the_value() {
        let bytes = Postcard::encode(&(7_u64, 8_u64)).expect("it is encoded");
        assert_eq!(
            <Postcard as Codec<(u64, u64)>>::decode(&bytes).expect("it is decoded"),
            (7, 8)
        );
        assert!(<Postcard as Codec<u64>>::decode(&bytes).is_err());
    }
}
