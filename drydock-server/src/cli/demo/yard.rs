//! The demo's servers: a site whose BMCs have ports that are free here, and the emulator that plays it.

use std::fs::File;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use drydock_core::design::{EffectiveNode, Site};
use drydock_core::ingest::{SourceFile, ingest};
use tokio::time::Instant;

use super::run::{Folder, Run};
use crate::cli::emulate::Running;
use crate::cli::failure::Failure;
use crate::cli::keys;
use crate::config::DatabaseUrl;

/// The site, as the tests have it.
const SITE: &str = include_str!("../../../../tests/fixtures/sites/two-racks.yaml");
/// The line of it that says where the BMCs listen.
const PORT_LINE: &str = "port: 6230";
/// How long an emulator lives that nobody comes back for.
const LIFE: &str = "1h";
/// How long an emulator may take to be ready.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(20);
/// How often a port may turn out to be taken between its choice and its use.
const TRIES: usize = 3;

/// A new run with a site on free ports, and an emulator that plays it; everything takes `speed`.
pub(super) async fn raise(
    folder: &Folder,
    database: Option<DatabaseUrl>,
    speed: Duration,
) -> Result<(Run, Running), Failure> {
    let mut tries = 1;
    loop {
        let run = folder.begin(database.clone())?;
        let site = SITE.replace(PORT_LINE, &format!("port: {}", free_port(&bmcs()?)?));
        std::fs::write(run.site(), site)
            .map_err(|error| Failure::failed("cannot write the site").because(error))?;
        let child = start(&run, speed)
            .map_err(|error| Failure::failed("cannot start the emulator").because(error))?;
        match ready(&run, child).await {
            Ok(running) => return Ok((run, running)),
            Err(failure) if tries == TRIES => return Err(failure),
            Err(_) => folder.clear()?,
        }
        tries += 1;
    }
}

/// Starts the emulator in a process group of its own, so that neither the demo's end nor a Ctrl-C is its own end.
fn start(run: &Run, speed: Duration) -> std::io::Result<Child> {
    let log = File::create(run.emulator_log())?;
    Command::new(std::env::current_exe()?)
        .arg("emulate")
        .arg("--site")
        .arg(run.site())
        .args(["--maas-listen", "127.0.0.1:0", "--stop-after", LIFE, "--speed"])
        .arg(format!("{}ms", speed.as_millis()))
        .arg("--effects")
        .arg(run.effects())
        .arg("--run-file")
        .arg(run.run_file())
        .env_remove(keys::VARIABLE)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
}

/// Waits until the emulator is ready.
async fn ready(run: &Run, mut child: Child) -> Result<Running, Failure> {
    let latest = Instant::now() + PATIENCE;
    loop {
        if let Some(running) = run.emulator()? {
            return Ok(running);
        }
        let ended =
            child.try_wait().map_err(|error| Failure::failed("cannot watch the emulator").because(error))?;
        if ended.is_some() || Instant::now() > latest {
            let log = std::fs::read_to_string(run.emulator_log()).unwrap_or_default();
            let last = log.lines().last().unwrap_or("it says nothing").to_owned();
            return Err(Failure::failed(format!("the emulator did not start: {last}")));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The addresses of the site's BMCs.
fn bmcs() -> Result<Vec<IpAddr>, Failure> {
    let unusable = |problems| Failure::failed("the demo's site is not valid").because(problems);
    let found = ingest(&[SourceFile { name: "two-racks.yaml", bytes: SITE.as_bytes() }]).map_err(unusable)?;
    let site = Site::new(found.design).map_err(unusable)?;
    let address = |node: &EffectiveNode| node.oob.bmc().map(|bmc| bmc.address);
    Ok(site.nodes().values().filter_map(address).collect())
}

/// A UDP port that is free on all these addresses.
fn free_port(addresses: &[IpAddr]) -> Result<u16, Failure> {
    let mut why = None;
    for _ in 0..50 {
        match port_on_all(addresses) {
            Ok(port) => return Ok(port),
            Err(error) => why = Some(error),
        }
    }
    let failure = Failure::failed("no UDP port is free on all loopback addresses of the demo's site");
    Err(match why {
        Some(error) => failure.because(error),
        None => failure,
    })
}

fn port_on_all(addresses: &[IpAddr]) -> std::io::Result<u16> {
    let mut port = 0;
    let mut bound = Vec::new();
    for address in addresses {
        let socket = UdpSocket::bind(SocketAddr::new(*address, port))?;
        port = socket.local_addr()?.port();
        bound.push(socket);
    }
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_has_one_port_for_all_its_bmcs() {
        assert_eq!(SITE.matches(PORT_LINE).count(), 1);
        let addresses = bmcs().unwrap();
        assert_eq!(addresses.len(), 12);
        assert!(addresses.iter().all(IpAddr::is_loopback));
        assert_ne!(free_port(&addresses).unwrap(), 0);
    }
}
