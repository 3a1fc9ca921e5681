//! One emulated BMC: a datagram in, at most one datagram out. Keeps the sessions; does no I/O and reads no clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use drydock_core::{Entropy, ExposeSecret};
use tokio::time::Instant;

use super::commands::{self, Answer, Chassis};
use super::handshake::{self as half, head};
use super::session::{Active, Session, Stage};
use crate::emulator::{MachineSpec, Yard};
use crate::oob::ipmi::wire::frame::{self, Frame, Payload, Plus};
use crate::oob::ipmi::wire::{
    ADMINISTRATOR, Agreement, CipherSuite, Command, Malformed, Message, codes, same, user_key,
};

/// Sessions of one BMC, set up or on the way to it.
const SESSIONS: usize = 8;
/// How long a session without packets lasts (section 6.12.15: 60 s, give or take 3).
const IDLE: Duration = Duration::from_mins(1);
/// "Invalid session id" (table 22-25).
const NO_SUCH_SESSION: u8 = 0x87;

pub(super) struct EmulatedBmc {
    chassis: Chassis,
    user: Vec<u8>,
    key: [u8; 20],
    guid: [u8; 16],
    entropy: Arc<dyn Entropy>,
    sessions: BTreeMap<u32, Session>,
}

impl EmulatedBmc {
    /// The BMC of a machine. `None` if the user name or the password is too long for IPMI.
    pub(super) fn new(spec: &MachineSpec, yard: Yard, entropy: Arc<dyn Entropy>) -> Option<Self> {
        let key = user_key(spec.credential.expose_secret())?;
        let user = Some(spec.account.clone().into_bytes()).filter(|user| user.len() <= 16)?;
        let mut guid = [0; 16];
        entropy.fill(&mut guid);
        let chassis = Chassis::new(yard, spec.name.clone());
        Some(Self { chassis, user, key, guid, entropy, sessions: BTreeMap::new() })
    }

    /// The answer to a datagram. Damaged ones, and those that prove nothing, get none.
    pub(super) fn answer(&mut self, datagram: &[u8], now: Instant) -> Option<Vec<u8>> {
        self.sessions.retain(|_, session| now.duration_since(session.used) < IDLE);
        self.dispatch(datagram, now).unwrap_or_else(|problem| {
            tracing::debug!(machine = self.chassis.machine, %problem, "an IPMI packet was dropped");
            None
        })
    }

    fn dispatch(&mut self, datagram: &[u8], now: Instant) -> Result<Option<Vec<u8>>, Malformed> {
        let plus = match frame::decode(datagram)? {
            Frame::Outside(bytes) => {
                return Ok(
                    answer_outside(&Message::decode(bytes)?).map(|reply| frame::encode_outside(&reply))
                );
            }
            Frame::Plus(plus) => plus,
        };
        let clear = |kind: Payload, bytes: Vec<u8>| Some(frame::encode_clear(kind, &bytes));
        match plus.payload {
            Payload::Ipmi if plus.session == 0 => {
                let reply = answer_outside(&Message::decode(plus.clear()?)?);
                Ok(reply.and_then(|reply| clear(Payload::Ipmi, reply)))
            }
            Payload::Ipmi => self.command(&plus, now),
            Payload::OpenRequest => {
                let request = half::open_request(plus.clear()?)?;
                let reply = half::open_response(&request, self.open(&request, now));
                Ok(clear(Payload::OpenResponse, reply))
            }
            Payload::Rakp1 => {
                let rakp1 = half::rakp1(plus.clear()?)?;
                Ok(self.challenge(&rakp1, now).and_then(|reply| clear(Payload::Rakp2, reply)))
            }
            Payload::Rakp3 => {
                let rakp3 = half::rakp3(plus.clear()?)?;
                Ok(self.activate(&rakp3, now).and_then(|reply| clear(Payload::Rakp4, reply)))
            }
            Payload::OpenResponse | Payload::Rakp2 | Payload::Rakp4 => {
                Err(Malformed("answer without a question"))
            }
        }
    }

    fn open(&mut self, request: &half::OpenRequest, now: Instant) -> Result<(u32, CipherSuite), u8> {
        let suite = request.suite.ok_or(codes::NO_SUITE)?;
        if request.privilege > ADMINISTRATOR {
            return Err(half::INVALID_ROLE);
        }
        // A repeated request gets the session that it has.
        let again = self.sessions.iter().find(|(_, session)| {
            matches!(session.stage, Stage::Opened)
                && session.agreement.console == request.console
                && session.agreement.suite == suite
        });
        if let Some((bmc, _)) = again {
            return Ok((*bmc, suite));
        }
        self.make_room()?;
        let mut random = [0; 20];
        self.entropy.fill(&mut random);
        let [a, b, c, d, bmc_random @ ..] = random;
        let bmc = u32::from_le_bytes([a, b, c, d]).max(1);
        let agreement = Agreement {
            suite,
            console: request.console,
            bmc,
            console_random: [0; 16],
            bmc_random,
            guid: self.guid,
            role: 0,
            user: Vec::new(),
            key: self.key,
        };
        let limit = if request.privilege == 0 { ADMINISTRATOR } else { request.privilege };
        // Random ids do not meet by chance; if they did, the older session would be lost, and set up again.
        self.sessions.insert(bmc, Session { limit, agreement, stage: Stage::Opened, used: now });
        Ok((bmc, suite))
    }

    /// Lets the oldest unfinished set-up go if all places are taken.
    fn make_room(&mut self) -> Result<(), u8> {
        if self.sessions.len() < SESSIONS {
            return Ok(());
        }
        let unfinished = self.sessions.iter().filter(|(_, one)| !matches!(one.stage, Stage::Active(_)));
        let oldest = unfinished.min_by_key(|(_, one)| one.used).map(|(bmc, _)| *bmc);
        oldest.and_then(|bmc| self.sessions.remove(&bmc)).map(drop).ok_or(half::NO_RESOURCES)
    }

    fn challenge(&mut self, rakp1: &half::Rakp1<'_>, now: Instant) -> Option<Vec<u8>> {
        let Some(session) = self.sessions.get_mut(&rakp1.bmc) else {
            return Some(head(rakp1.tag, codes::NO_SESSION, 0));
        };
        if !matches!(session.stage, Stage::Opened) {
            // Only a repetition may come now.
            let again = session.agreement.console_random == rakp1.random;
            return again.then(|| half::rakp2(rakp1.tag, &session.agreement));
        }
        let role = rakp1.role & 0x0F;
        let refusal = if rakp1.user != self.user {
            Some(half::UNAUTHORISED_NAME)
        } else if role > ADMINISTRATOR {
            Some(half::INVALID_ROLE)
        } else if role > session.limit {
            Some(half::UNAUTHORISED_ROLE)
        } else {
            None
        };
        if let Some(status) = refusal {
            let console = session.agreement.console;
            self.sessions.remove(&rakp1.bmc);
            return Some(head(rakp1.tag, status, console));
        }
        if role != 0 {
            session.limit = role;
        }
        session.used = now;
        session.stage = Stage::Challenged;
        session.agreement.console_random = rakp1.random;
        session.agreement.role = rakp1.role;
        session.agreement.user = rakp1.user.to_vec();
        Some(half::rakp2(rakp1.tag, &session.agreement))
    }

    fn activate(&mut self, rakp3: &half::Rakp3<'_>, now: Instant) -> Option<Vec<u8>> {
        let Some(session) = self.sessions.get_mut(&rakp3.bmc) else {
            return (rakp3.status == 0).then(|| head(rakp3.tag, codes::NO_SESSION, 0));
        };
        let known = rakp3.status == 0 && same(rakp3.code, &session.agreement.console_code());
        match session.stage {
            Stage::Challenged if known => {
                session.stage = Stage::Active(Active::new(&session.agreement, session.limit));
                session.used = now;
            }
            Stage::Active(_) if known => {}
            // In clear, so it must not end a session that is set up.
            Stage::Active(_) => return None,
            Stage::Opened | Stage::Challenged => {
                let console = session.agreement.console;
                self.sessions.remove(&rakp3.bmc);
                return (rakp3.status == 0).then(|| head(rakp3.tag, codes::WRONG_CODE, console));
            }
        }
        Some(half::rakp4(rakp3.tag, &session.agreement))
    }

    fn command(&mut self, plus: &Plus<'_>, now: Instant) -> Result<Option<Vec<u8>>, Malformed> {
        let nothing = Malformed("packet of no session");
        let session = self.sessions.get_mut(&plus.session).ok_or(nothing)?;
        let Stage::Active(active) = &mut session.stage else { return Err(nothing) };
        let request = Message::decode(&plus.open(&active.keys)?)?;
        if !active.received.accept(plus.sequence) {
            return Err(Malformed("packet twice or too late"));
        }
        if request.net_fn & 1 == 1 {
            return Err(Malformed("answer without a question"));
        }
        session.used = now;
        let is = |command: Command| (command.net_fn, command.number) == (request.net_fn, request.command);
        let mut closed = false;
        let answer = match &active.last {
            Some((asked, answer)) if *asked == request => answer.clone(),
            _ if is(Command::PRIVILEGE_SET) => {
                reply(&request, active.privilege_set(session.limit, &request.data))
            }
            _ if is(Command::SESSION_CLOSE) => {
                closed = request.data.get(..4) == Some(&plus.session.to_le_bytes()[..]);
                reply(&request, if closed { Ok(Vec::new()) } else { Err(NO_SUCH_SESSION) })
            }
            _ => reply(&request, self.chassis.execute(&request, active.privilege)),
        };
        let packet = active.seal(session.agreement.console, &answer, &*self.entropy);
        active.last = Some((request, answer));
        if closed {
            self.sessions.remove(&plus.session);
        }
        Ok(Some(packet))
    }
}

fn answer_outside(request: &Message) -> Option<Vec<u8>> {
    commands::outside(request).map(|answer| reply(request, answer).encode())
}

fn reply(request: &Message, answer: Answer) -> Message {
    let data = match answer {
        Ok(data) => [&[0][..], &data].concat(),
        Err(code) => vec![code],
    };
    Message {
        to: request.from,
        net_fn: request.net_fn | 1,
        from: request.to,
        sequence: request.sequence,
        command: request.command,
        data,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use drydock_core::{SecretString, SystemClock, SystemEntropy};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::emulator::Timing;
    use crate::oob::ipmi::wire::handshake;

    fn bmc() -> EmulatedBmc {
        let spec = MachineSpec {
            name: "n1".to_owned(),
            boot_mac: "52:54:00:00:00:01".to_owned(),
            bmc: ([127, 0, 0, 1], 623).into(),
            account: "admin".to_owned(),
            credential: SecretString::from("password".to_owned()),
        };
        let timing = Timing::of(Duration::from_secs(1));
        let yard = Yard::new(vec![spec.clone()], timing, Arc::new(SystemClock));
        EmulatedBmc::new(&spec, yard, Arc::new(SystemEntropy)).unwrap()
    }

    /// Sends a payload in clear; the answer's payload.
    fn ask(bmc: &mut EmulatedBmc, now: Instant, kind: Payload, bytes: &[u8]) -> Vec<u8> {
        let answer = bmc.answer(&frame::encode_clear(kind, bytes), now).unwrap();
        let Ok(Frame::Plus(plus)) = frame::decode(&answer) else { panic!("{answer:?}") };
        plus.clear().unwrap().to_vec()
    }

    fn log_in(bmc: &mut EmulatedBmc, console: u32, now: Instant) -> Result<Agreement, handshake::Refusal> {
        let suite = CipherSuite::Sha256;
        let request = handshake::open_request(1, console, suite);
        let answer = ask(bmc, now, Payload::OpenRequest, &request);
        let id = handshake::open_response(&answer, 1, console, suite)?;
        let answer = ask(bmc, now, Payload::Rakp1, &handshake::rakp1(2, id, [7; 16], b"admin"));
        let rakp2 = handshake::rakp2(&answer, 2, console)?;
        let agreement = Agreement {
            suite,
            console,
            bmc: id,
            console_random: [7; 16],
            bmc_random: rakp2.random,
            guid: rakp2.guid,
            role: handshake::ROLE,
            user: b"admin".to_vec(),
            key: user_key("password").unwrap(),
        };
        assert_eq!(rakp2.code, agreement.bmc_code());
        let answer = ask(bmc, now, Payload::Rakp3, &handshake::rakp3(3, id, Ok(&agreement.console_code())));
        assert_eq!(handshake::rakp4(&answer, 3, console)?, agreement.final_code());
        Ok(agreement)
    }

    #[test]
    fn eight_sessions_fit_and_an_idle_minute_ends_them() {
        let (mut bmc, now) = (bmc(), Instant::now());
        for console in 1..=8 {
            assert!(log_in(&mut bmc, console, now).is_ok());
        }
        assert!(matches!(log_in(&mut bmc, 9, now), Err(handshake::Refusal::Status(half::NO_RESOURCES))));
        assert!(log_in(&mut bmc, 9, now + IDLE).is_ok());
    }

    #[test]
    fn unfinished_sessions_give_way() {
        let (mut bmc, now) = (bmc(), Instant::now());
        for console in 1..=20 {
            let request = handshake::open_request(1, console, CipherSuite::Sha1);
            let answer = ask(&mut bmc, now, Payload::OpenRequest, &request);
            assert!(handshake::open_response(&answer, 1, console, CipherSuite::Sha1).is_ok());
            assert!(bmc.sessions.len() <= SESSIONS);
        }
        assert!(log_in(&mut bmc, 99, now).is_ok());
    }

    #[test]
    fn a_replayed_packet_gets_no_answer_and_a_repeated_request_no_second_effect() {
        let (mut bmc, now) = (bmc(), Instant::now());
        let agreement = log_in(&mut bmc, 1, now).unwrap();
        let keys = agreement.keys();
        let mut send = |sequence: u32, number: u8, command: Command, data: &[u8]| {
            let plain = Message::request(number, command, data).encode();
            bmc.answer(&frame::encode_secure(agreement.bmc, sequence, &plain, &keys, [0; 16]), now)
        };
        assert!(send(1, 1, Command::PRIVILEGE_SET, &[ADMINISTRATOR]).is_some());
        assert!(send(2, 2, Command::CHASSIS_CONTROL, &[1]).is_some());
        assert!(send(2, 2, Command::CHASSIS_CONTROL, &[1]).is_none());
        assert!(send(3, 2, Command::CHASSIS_CONTROL, &[1]).is_some());
        assert_eq!(bmc.chassis.yard.effects().len(), 1);
    }

    proptest! {
        #[test]
        fn nothing_that_arrives_breaks_a_bmc(
            packets in vec((0..8_usize, vec(any::<u8>(), 0..120)), 1..20),
        ) {
            let (mut bmc, now) = (bmc(), Instant::now());
            let kinds = [
                Payload::Ipmi, Payload::OpenRequest, Payload::OpenResponse, Payload::Rakp1,
                Payload::Rakp2, Payload::Rakp3, Payload::Rakp4,
            ];
            for (kind, bytes) in packets {
                match kinds.get(kind) {
                    Some(kind) => bmc.answer(&frame::encode_clear(*kind, &bytes), now),
                    None => bmc.answer(&bytes, now),
                };
            }
            prop_assert!(bmc.chassis.yard.effects().is_empty());
            prop_assert!(log_in(&mut bmc, 1, now).is_ok());
        }
    }
}
