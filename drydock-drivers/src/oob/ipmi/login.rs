//! From nothing to a session: capabilities, Open Session, and the four RAKP messages (section 13.15).

use std::sync::Arc;

use drydock_core::{Entropy, ExposeSecret};

use super::channel::{Channel, Same};
use super::failure::{Failure, Stage};
use super::session::Session;
use super::wire::frame::{self, Frame, Payload};
use super::wire::handshake::{self, Refusal};
use super::wire::{self, ADMINISTRATOR, Agreement, CipherSuite, Command, Malformed, Message, codes, same};
use crate::DriverErrorKind;
use crate::oob::Bmc;

/// How often a session set-up is begun before it counts as failed.
const SETUPS: u32 = 3;

/// Who logs in. Not printable.
pub(super) struct Login {
    user: Vec<u8>,
    key: [u8; 20],
}

impl Login {
    pub(super) fn of(bmc: &Bmc) -> Result<Self, Failure> {
        if bmc.account.len() > 16 {
            return Err(Failure::Input("a user name of IPMI has at most 16 bytes"));
        }
        let key = wire::user_key(bmc.credential.expose_secret())
            .ok_or(Failure::Input("a password of IPMI has at most 20 bytes"))?;
        Ok(Self { user: bmc.account.clone().into_bytes(), key })
    }
}

/// Asks whether the BMC speaks IPMI 2.0.
pub(super) async fn capabilities(channel: &Channel) -> Result<(), Failure> {
    // Bit 7 asks for the 2.0 data; very old BMCs refuse it. 0Eh: the channel that is asked over.
    let (code, data) = capabilities_with(channel, 0x8E).await?;
    if code != 0 {
        return match capabilities_with(channel, 0x0E).await? {
            (0, _) => Ok(()),
            (code, _) => Err(Failure::Completion { command: Command::CHANNEL_CAPABILITIES, code }),
        };
    }
    let [_, types, _, extended, ..] = data[..] else {
        return Err(Malformed("channel capabilities end too early").into());
    };
    // Table 22-15: bit 7 of the types says that bit 1 of the next byte but one means "2.0 is spoken".
    if types & 0x80 != 0 && extended & 0x02 == 0 {
        return Err(Failure::Other {
            kind: DriverErrorKind::Unsupported,
            what: "the BMC does not speak IPMI 2.0 over LAN".to_owned(),
        });
    }
    Ok(())
}

async fn capabilities_with(channel: &Channel, number: u8) -> Result<(u8, Vec<u8>), Failure> {
    let request = Message::request(number >> 7, Command::CHANNEL_CAPABILITIES, &[number, ADMINISTRATOR]);
    let datagram = frame::encode_outside(&request.encode());
    let accept = |datagram: &[u8]| {
        let Ok(Frame::Outside(bytes)) = frame::decode(datagram) else { return None };
        let reply = Message::decode(bytes).ok().filter(|reply| reply.answers(&request))?;
        let (&code, data) = reply.data.split_first()?;
        Some(Ok((code, data.to_vec())))
    };
    let waits = channel.options().waits();
    channel.ask(Command::CHANNEL_CAPABILITIES.name, &waits, Same { datagram, accept }).await
}

/// Sets up a session with `suite`, anew if it gets stuck. The session has the privilege level "user" until it asks for more.
pub(super) async fn open(
    channel: Channel,
    login: &Login,
    suite: CipherSuite,
    entropy: Arc<dyn Entropy>,
) -> Result<Session, (Channel, Failure)> {
    let mut more = SETUPS;
    loop {
        more -= 1;
        match agree(&channel, login, suite, &*entropy).await {
            Ok(agreement) => return Ok(Session::new(channel, &agreement, entropy)),
            Err(Failure::SetupLost { what, .. }) if more > 0 => {
                tracing::debug!(driver.kind = super::KIND, what, "a session set-up starts anew");
            }
            Err(failure) => return Err((channel, failure)),
        }
    }
}

async fn agree(
    channel: &Channel,
    login: &Login,
    suite: CipherSuite,
    entropy: &dyn Entropy,
) -> Result<Agreement, Failure> {
    let mut random = [0; 21];
    entropy.fill(&mut random);
    let [tag, a, b, c, d, console_random @ ..] = random;
    // Session id 0 means "no session".
    let console = u32::from_le_bytes([a, b, c, d]).max(1);

    let request = handshake::open_request(tag, console, suite);
    let accept = |bytes: &[u8]| handshake::open_response(bytes, tag, console, suite);
    let asked = "open session request";
    let bmc = ask(channel, asked, (Payload::OpenRequest, request), Payload::OpenResponse, accept).await?;

    let request = handshake::rakp1(tag, bmc, console_random, &login.user);
    let accept = |bytes: &[u8]| handshake::rakp2(bytes, tag, console);
    let rakp2 = ask(channel, "RAKP message 1", (Payload::Rakp1, request), Payload::Rakp2, accept)
        .await
        .map_err(|failure| failure.of_setup(Stage::Asked))?;
    let agreement = Agreement {
        suite,
        console,
        bmc,
        console_random,
        bmc_random: rakp2.random,
        guid: rakp2.guid,
        role: handshake::ROLE,
        user: login.user.clone(),
        key: login.key,
    };
    if !same(&rakp2.code, &agreement.bmc_code()) {
        // The BMC frees the session's place at once.
        let farewell = handshake::rakp3(tag, bmc, Err(codes::WRONG_CODE));
        channel.send_at_once(&frame::encode_clear(Payload::Rakp3, &farewell));
        return Err(Failure::Credential("the password is not the one that the BMC has"));
    }

    let request = handshake::rakp3(tag, bmc, Ok(&agreement.console_code()));
    let accept = |bytes: &[u8]| handshake::rakp4(bytes, tag, console).map(<[u8]>::to_vec);
    let code = ask(channel, "RAKP message 3", (Payload::Rakp3, request), Payload::Rakp4, accept)
        .await
        .map_err(|failure| failure.of_setup(Stage::Proven))?;
    if !same(&code, &agreement.final_code()) {
        return Err(Failure::Credential(
            "the BMC agrees to the password but derives other keys; a BMC key (Kg) must not be set",
        ));
    }
    Ok(agreement)
}

async fn ask<T>(
    channel: &Channel,
    asked: &'static str,
    (kind, request): (Payload, Vec<u8>),
    answer: Payload,
    mut accept: impl FnMut(&[u8]) -> Result<T, Refusal> + Send,
) -> Result<T, Failure> {
    let datagram = frame::encode_clear(kind, &request);
    let accept = move |datagram: &[u8]| {
        let Ok(Frame::Plus(plus)) = frame::decode(datagram) else { return None };
        let bytes = plus.clear().ok().filter(|_| plus.payload == answer)?;
        match accept(bytes) {
            Ok(answer) => Some(Ok(answer)),
            Err(refusal) => Failure::from_refusal(refusal, asked).map(Err),
        }
    };
    channel.ask(asked, &channel.options().waits(), Same { datagram, accept }).await
}
