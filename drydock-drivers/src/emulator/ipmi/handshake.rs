//! The BMC's half of the session set-up: what it reads and what it answers (sections 13.17 to 13.24).

use crate::oob::ipmi::wire::{Agreement, CipherSuite, Malformed, take, take_u32};

/// RMCP+ status codes (table 13-15).
pub(super) const NO_RESOURCES: u8 = 0x01;
pub(super) const INVALID_ROLE: u8 = 0x09;
pub(super) const UNAUTHORISED_ROLE: u8 = 0x0A;
pub(super) const UNAUTHORISED_NAME: u8 = 0x0D;

/// An Open Session Request.
pub(super) struct OpenRequest {
    pub(super) tag: u8,
    pub(super) privilege: u8,
    pub(super) console: u32,
    /// `None`: algorithms that no suite spoken here has.
    pub(super) suite: Option<CipherSuite>,
}

pub(super) fn open_request(mut bytes: &[u8]) -> Result<OpenRequest, Malformed> {
    let [tag, privilege, _, _] = take(&mut bytes)?;
    let console = take_u32(&mut bytes)?;
    let mut asked = [0; 3];
    for algorithm in &mut asked {
        let [_, _, _, _, number, _, _, _]: [u8; 8] = take(&mut bytes)?;
        *algorithm = number & 0x3F;
    }
    let suite = CipherSuite::ALL.into_iter().find(|suite| suite.algorithms() == asked);
    Ok(OpenRequest { tag, privilege: privilege & 0x0F, console, suite })
}

pub(super) fn open_response(request: &OpenRequest, bmc: Result<(u32, CipherSuite), u8>) -> Vec<u8> {
    let mut bytes = head(request.tag, bmc.err().unwrap_or_default(), request.console);
    if let Ok((bmc, suite)) = bmc {
        bytes[2] = request.privilege;
        bytes.extend(bmc.to_le_bytes());
        for (kind, algorithm) in (0_u8..).zip(suite.algorithms()) {
            bytes.extend([kind, 0, 0, 8, algorithm, 0, 0, 0]);
        }
    }
    bytes
}

/// RAKP message 1.
pub(super) struct Rakp1<'a> {
    pub(super) tag: u8,
    pub(super) bmc: u32,
    pub(super) random: [u8; 16],
    pub(super) role: u8,
    pub(super) user: &'a [u8],
}

pub(super) fn rakp1(mut bytes: &[u8]) -> Result<Rakp1<'_>, Malformed> {
    let [tag, _, _, _] = take(&mut bytes)?;
    let bmc = take_u32(&mut bytes)?;
    let random = take(&mut bytes)?;
    let [role, _, _, length] = take(&mut bytes)?;
    let user = bytes.get(..usize::from(length)).ok_or(Malformed("user name ends too early"))?;
    Ok(Rakp1 { tag, bmc, random, role, user })
}

/// RAKP message 2, after RAKP message 1 was taken over into `agreement`.
pub(super) fn rakp2(tag: u8, agreement: &Agreement) -> Vec<u8> {
    let mut bytes = head(tag, 0, agreement.console);
    bytes.extend(agreement.bmc_random);
    bytes.extend(agreement.guid);
    bytes.extend(agreement.bmc_code());
    bytes
}

/// RAKP message 3.
pub(super) struct Rakp3<'a> {
    pub(super) tag: u8,
    pub(super) status: u8,
    pub(super) bmc: u32,
    pub(super) code: &'a [u8],
}

pub(super) fn rakp3(mut bytes: &[u8]) -> Result<Rakp3<'_>, Malformed> {
    let [tag, status, _, _] = take(&mut bytes)?;
    Ok(Rakp3 { tag, status, bmc: take_u32(&mut bytes)?, code: bytes })
}

/// RAKP message 4.
pub(super) fn rakp4(tag: u8, agreement: &Agreement) -> Vec<u8> {
    let mut bytes = head(tag, 0, agreement.console);
    bytes.extend(agreement.final_code());
    bytes
}

/// What all answers start with; also the whole answer when `status` is an error.
pub(super) fn head(tag: u8, status: u8, console: u32) -> Vec<u8> {
    let mut bytes = vec![tag, status, 0, 0];
    bytes.extend(console.to_le_bytes());
    bytes
}
