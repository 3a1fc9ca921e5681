//! Inputs and outputs as stores see them: opaque bytes, which are JSON text to the engine.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The JSON text of one input or output. Cheap to clone. Its `Debug` shows only the length.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Payload(Bytes);

impl Payload {
    /// `null`, the output of a step that has nothing to say.
    pub const NULL: Self = Self(Bytes::from_static(b"null"));

    /// The JSON text of `value`.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(value).map(Self::from)
    }

    /// Reads the JSON text as a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.0)
    }

    /// The items of a JSON list, each as it is. They share the list's bytes.
    pub fn items(&self) -> Result<Vec<Self>, serde_json::Error> {
        let items: Vec<&RawValue> = serde_json::from_slice(&self.0)?;
        Ok(items.into_iter().map(|item| Self(self.0.slice_ref(item.get().as_bytes()))).collect())
    }

    /// The JSON list of these values, each as it is.
    pub fn list<'p>(values: impl IntoIterator<Item = &'p Self, IntoIter: Clone>) -> Self {
        let values = values.into_iter();
        let mut list = Vec::with_capacity(values.clone().map(|value| value.len() + 1).sum::<usize>() + 2);
        list.push(b'[');
        for (place, value) in values.enumerate() {
            if place > 0 {
                list.push(b',');
            }
            list.extend_from_slice(&value.0);
        }
        list.push(b']');
        list.into()
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes at all. (`null` has four.)
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_taken_apart_and_put_together_without_touching_its_items() {
        let list = Payload::from(br#"[1, {"a":  [2]},"x"]"#.to_vec());
        let items = list.items().unwrap();
        let texts: Vec<&[u8]> = items.iter().map(Payload::as_bytes).collect();
        assert_eq!(texts, [&b"1"[..], br#"{"a":  [2]}"#, br#""x""#]);
        assert_eq!(Payload::list(&items).as_bytes(), br#"[1,{"a":  [2]},"x"]"#);
        assert_eq!(Payload::list(&[]).items().unwrap(), []);
        assert!(Payload::NULL.items().is_err());
    }
}
