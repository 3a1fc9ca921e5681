//! Ids of boot actions: one for each action of each deployment of a node. Nodes name it when they report.
//!
//! On the wire it is a ULID: 26 characters of Crockford's Base32, as in v1.0.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 26;
const BITS: u32 = 5;

/// The id of one boot action of one deployment of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(u128);

/// A text that is no ULID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the id of a boot action: it has 26 characters, digits and letters")]
pub struct InvalidActionId;

impl ActionId {
    /// What stands for the id where nothing is deployed, as in a preview.
    pub const NONE: Self = Self(0);

    /// The id of the action called `name` of the deployment `deployment`: always the same, so that a step that is
    /// repeated gives no second one. It begins with the deployment's time, if its id does.
    pub fn of(deployment: Uuid, name: &str) -> Self {
        const TIME: u128 = 0xffff_ffff_ffff << 80;
        let named = Uuid::new_v5(&deployment, name.as_bytes()).as_u128();
        Self((deployment.as_u128() & TIME) | (named & !TIME))
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..LENGTH).rev().try_for_each(|place| {
            let shifted = self.0 >> (BITS * u32::try_from(place).unwrap_or_default());
            let digit = usize::try_from(shifted & 31).unwrap_or_default();
            write!(f, "{}", char::from(ALPHABET[digit]))
        })
    }
}

impl fmt::Debug for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ActionId {
    type Err = InvalidActionId;

    fn from_str(text: &str) -> Result<Self, InvalidActionId> {
        // The first character holds three bits only: 26 times 5 are two more than an id has.
        if text.len() != LENGTH || text.as_bytes()[0] > b'7' {
            return Err(InvalidActionId);
        }
        text.bytes()
            .try_fold(0, |id: u128, byte| {
                let digit = ALPHABET.iter().position(|known| *known == byte.to_ascii_uppercase())?;
                Some((id << BITS) | u128::try_from(digit).ok()?)
            })
            .map(Self)
            .ok_or(InvalidActionId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_a_journey_through_text() {
        // The example of the ULID specification, in both cases.
        let known = Uuid::from_u128(0x0156_3e3a_b5d3_d676_4c61_efb9_9302_bd5b);
        assert_eq!(ActionId(known.as_u128()).to_string(), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
        assert_eq!("01arz3ndektsv4rrffq69g5fav".parse(), Ok(ActionId(known.as_u128())));
        for id in [0, 1, 31, 32, u128::MAX] {
            assert_eq!(ActionId(id).to_string().parse(), Ok(ActionId(id)));
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in
            ["", "1", "01ARZ3NDEKTSV4RRFFQ69G5FAU", "81ARZ3NDEKTSV4RRFFQ69G5FAV", "é1ARZ3NDEKTSV4RRFFQ69G5FA"]
        {
            assert_eq!(text.parse::<ActionId>(), Err(InvalidActionId), "{text}");
        }
    }

    #[test]
    fn each_action_of_each_deployment_has_its_own() {
        let (first, second) = (Uuid::from_u128(u128::MAX / 3), Uuid::from_u128(7));
        let ids = [ActionId::of(first, "a"), ActionId::of(first, "b"), ActionId::of(second, "a")];
        assert_eq!(ActionId::of(first, "a"), ids[0]);
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
        assert_eq!(ids[0].0 >> 80, first.as_u128() >> 80);
    }
}
