//! A bad network: a UDP proxy before one BMC that drops, doubles or holds back datagrams by a rule, and notes them all.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ToBmc,
    ToConsole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Pass,
    Lose,
    Double,
    /// In a session, damaged ones come before it. In a session set-up nothing carries a code that would tell.
    Damage,
    /// Delivered after the next one that goes the same way.
    Hold,
}

/// A datagram that came by, whatever became of it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) way: Way,
    /// The console's address.
    pub(crate) console: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

impl Seen {
    /// The authentication algorithm that an Open Session Request asks for.
    pub(crate) fn asked_algorithm(&self) -> Option<u8> {
        let open_request = self.way == Way::ToBmc && self.bytes.get(5) == Some(&0x10);
        self.bytes.get(28).copied().filter(|_| open_request)
    }
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    _task: JoinSet<()>,
}

impl Proxy {
    /// `rule` is given the way and how many datagrams went that way before.
    pub(crate) async fn start(
        bmc: SocketAddr,
        rule: impl FnMut(Way, usize) -> Fate + Send + 'static,
    ) -> Self {
        let front = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let back = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        back.connect(bmc).await.unwrap();
        let address = front.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut task = JoinSet::new();
        task.spawn(run(front, back, rule, Arc::clone(&seen)));
        Self { address, seen, _task: task }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn run(
    front: UdpSocket,
    back: UdpSocket,
    mut rule: impl FnMut(Way, usize) -> Fate,
    seen: Arc<Mutex<Vec<Seen>>>,
) {
    let (mut request, mut reply) = ([0; 1024], [0; 1024]);
    let mut console = None;
    let mut counts = [0; 2];
    let mut held: [Option<Vec<u8>>; 2] = [None, None];
    loop {
        let (way, bytes) = tokio::select! {
            Ok((length, peer)) = front.recv_from(&mut request) => {
                console = Some(peer);
                (Way::ToBmc, request[..length].to_vec())
            }
            Ok(length) = back.recv(&mut reply) => (Way::ToConsole, reply[..length].to_vec()),
        };
        let console = console.expect("a BMC does not speak first");
        seen.lock().unwrap().push(Seen { way, console, bytes: bytes.clone() });
        let fate = rule(way, counts[way as usize]);
        counts[way as usize] += 1;
        let mut out = match fate {
            Fate::Lose => continue,
            Fate::Hold => {
                held[way as usize] = Some(bytes);
                continue;
            }
            Fate::Damage if bytes[5] & 0xC0 == 0xC0 => {
                let mut changed = bytes.clone();
                changed[20] ^= 1;
                vec![bytes[..bytes.len() / 2].to_vec(), changed, bytes]
            }
            Fate::Pass | Fate::Damage => vec![bytes],
            Fate::Double => vec![bytes.clone(), bytes],
        };
        out.extend(held[way as usize].take());
        for bytes in out {
            // A console that is gone is no reason to stop.
            let _gone = match way {
                Way::ToBmc => back.send(&bytes).await,
                Way::ToConsole => front.send_to(&bytes, console).await,
            };
        }
    }
}
