//! Errors that are worth remembering, as values: what `negative_on` names.

use std::marker::PhantomData;

use crate::codec::{Codec, CodecError};

/// What a load has come to.
#[derive(Clone, Debug)]
pub enum Remembered<T, E> {
    /// A value.
    Value(T),
    /// An error that is remembered.
    Error(E),
}

/// How both become bytes: one byte before those of the codec says which it is.
#[derive(Debug)]
pub struct Remembering<C>(PhantomData<fn() -> C>);

const VALUE: u8 = 0;
const ERROR: u8 = 1;

impl<T, E, C: Codec<T> + Codec<E>> Codec<Remembered<T, E>> for Remembering<C> {
    fn encode(value: &Remembered<T, E>) -> Result<Vec<u8>, CodecError> {
        let (kind, mut bytes) = match value {
            Remembered::Value(value) => (VALUE, C::encode(value)?),
            Remembered::Error(error) => (ERROR, C::encode(error)?),
        };
        bytes.insert(0, kind);
        Ok(bytes)
    }

    fn decode(bytes: &[u8]) -> Result<Remembered<T, E>, CodecError> {
        match bytes.split_first() {
            Some((&VALUE, bytes)) => C::decode(bytes).map(Remembered::Value),
            Some((&ERROR, bytes)) => C::decode(bytes).map(Remembered::Error),
            _ => Err("neither a value nor an error".into()),
        }
    }
}

/// The result of a load, with the errors that are to be remembered as values.
///
/// # Errors
/// The others.
pub fn remember<T, E>(
    result: Result<T, E>,
    is_remembered: impl FnOnce(&E) -> bool,
) -> Result<Remembered<T, E>, E> {
    match result {
        Ok(value) => Ok(Remembered::Value(value)),
        Err(error) if is_remembered(&error) => Ok(Remembered::Error(error)),
        Err(error) => Err(error),
    }
}

/// The same the other way round.
///
/// # Errors
/// The error, whether it was remembered or not.
pub fn recall<T, E>(result: Result<Remembered<T, E>, E>) -> Result<T, E> {
    match result? {
        Remembered::Value(value) => Ok(value),
        Remembered::Error(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Json;

    #[test]
    fn a_value_and_an_error_of_one_type_are_told_apart() {
        for result in [Ok(7), Err(7)] {
            let remembered = remember::<u8, u8>(result, |_| true).expect("all are");
            let bytes = Remembering::<Json>::encode(&remembered).expect("a number");
            let read = Remembering::<Json>::decode(&bytes).expect("the same");
            assert_eq!(recall(Ok(read)), result);
        }
        assert_eq!(remember::<u8, u8>(Err(7), |_| false).err(), Some(7));
        let decoded: Result<Remembered<u8, u8>, _> = Remembering::<Json>::decode(b"7");
        assert!(decoded.is_err());
    }
}
