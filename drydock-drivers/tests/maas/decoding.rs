//! Each recorded answer of a real MAAS, played back to the driver: what does it make of it?

use std::collections::BTreeSet;

use drydock_core::SystemEntropy;
use drydock_core::boot_action::NodeKey;
use drydock_drivers::DriverErrorKind::{self, Busy, Credential, NotFound, Protocol, Refused};
use drydock_drivers::node::MachineState::{self, *};
use drydock_drivers::node::{DeployRequest, Inventory, Machine, MachineId, NodeIdentity, ReleaseRequest};
use drydock_drivers::{DriverError, NodeDriver};

use crate::recording::{Recording, names};
use crate::replay::Replay;
use crate::rig::{HandClock, MAC, driver, everything, n1, options};
use crate::tags::RECORDED;

/// A verb of the driver.
#[derive(Debug, Clone, Copy)]
enum Verb {
    Find,
    FindByName,
    FindRack,
    Machine,
    Name,
    NameIn,
    Commission,
    Inventory,
    Allocate,
    PutKey,
    Deploy,
    DeployFocal,
    Release,
    Delete,
    Services,
}

/// What comes of it.
#[derive(Debug, PartialEq)]
enum Outcome {
    Done,
    /// Not known to MAAS.
    None,
    State(MachineState),
    Controller,
    /// Whether there is an inventory of devices, and one of neighbours.
    Inventory([bool; 2]),
    /// Whether the four checks are healthy.
    Checks([bool; 4]),
    Fails(DriverErrorKind, &'static str),
}
use Outcome::{Checks, Controller, Done, Fails, State};

/// Recordings in the order in which MAAS is asked, the verb, and what must come of it.
#[rustfmt::skip]
const CASES: &[(&[&str], Verb, Outcome)] = &[
    // Every status that a machine was seen in.
    (&["e-machine-11"], Verb::Machine, State(New)),
    (&["e-machine-36"], Verb::Machine, State(Commissioning)),
    (&["i-lifecycle-50"], Verb::Machine, State(Commissioning)),
    (&["i-lifecycle-60"], Verb::Machine, State(FailedCommissioning)),
    (&["e-machine-42"], Verb::Machine, State(Ready)),
    (&["i-lifecycle-31"], Verb::Machine, State(Ready)),
    (&["i-lifecycle-05"], Verb::Machine, State(Allocated)),
    (&["i-lifecycle-22"], Verb::Machine, State(Deploying)),
    (&["i-lifecycle-27"], Verb::Machine, State(Deployed)),
    (&["i-lifecycle-35"], Verb::Machine, State(FailedDeployment)),
    (&["i-lifecycle-39"], Verb::Machine, State(Releasing)),
    (&["i-lifecycle-30"], Verb::Machine, State(Releasing)),
    (&["i-lifecycle-63"], Verb::Machine, Fails(NotFound, "No Machine matches the given query.")),
    (&["a-auth-19"], Verb::Machine, Fails(NotFound, "No Machine matches the given query.")),
    (&["e-machine-13"], Verb::Machine, Fails(Protocol, "unexpected content")),
    // Found.
    (&["e-machine-13"], Verb::FindByName, State(New)),
    (&["e-machine-01", "e-machine-14"], Verb::Find, State(New)),
    (&["e-machine-01", "c-system-73"], Verb::FindRack, Controller),
    (&["e-machine-01", "e-machine-01", "e-machine-01", "e-machine-01", "a-auth-07"], Verb::Find, Outcome::None),
    // Anything else in place of a list of machines is an error, at the first question as at the last.
    (&["a-auth-01"], Verb::Find, Fails(Protocol, "unexpected content")),
    (&["c-system-61"], Verb::Find, Fails(Protocol, "unexpected content")),
    (&["c-system-64"], Verb::Find, Fails(Protocol, "unexpected content")),
    (&["e-machine-11"], Verb::Find, Fails(Protocol, "unexpected content")),
    (&["i-lifecycle-62"], Verb::Find, Fails(Protocol, "204")),
    (&["a-auth-02"], Verb::Find, Fails(Refused, "Unrecognised signature")),
    (&["a-auth-11"], Verb::Find, Fails(Refused, "Unrecognised signature")),
    (&["a-auth-03"], Verb::Find, Fails(Credential, "the consumer part")),
    (&["a-auth-04"], Verb::Find, Fails(Credential, "the token part")),
    (&["a-auth-05"], Verb::Find, Fails(Credential, "the secret part")),
    (&["a-auth-24"], Verb::Find, Fails(Credential, "the secret part")),
    (&["a-auth-21"], Verb::Find, Fails(Credential, "its time is 2026-11-21T10:02:57Z")),
    (&["a-auth-23"], Verb::Find, Fails(Credential, "seen this request before")),
    (&["j-extra-10"], Verb::Find, Fails(Credential, "no usable Authorization")),
    (&["a-auth-08"], Verb::Find, Fails(Protocol, "is the URL that of a MAAS?")),
    (&["a-auth-14"], Verb::Find, Fails(Protocol, "is the URL that of a MAAS?")),
    (&["c-system-09"], Verb::Find, Fails(Busy, "409: (a web page)")),
    (&["i-lifecycle-57"], Verb::Find, Fails(Busy, "No rack controllers can access the BMC")),
    (&["a-auth-12"], Verb::Find, Fails(Protocol, "405: Method Not Allowed")),
    (&["e-machine-01", "e-machine-15"], Verb::Find, Fails(Refused, "mac_address: 'x' is not a valid MAC address.")),
    (&["e-machine-01", "e-machine-01", "e-machine-01", "a-auth-08"], Verb::Find, Fails(Protocol, "")),
    (&["e-machine-01", "e-machine-01", "e-machine-01", "e-machine-01", "a-auth-03"], Verb::Find, Fails(Credential, "")),
    // Naming.
    (&["e-machine-23"], Verb::Name, Done),
    (&["c-system-46", "c-system-47", "e-machine-23"], Verb::NameIn, Done),
    (&["c-system-46", "c-system-48", "c-system-46"], Verb::NameIn, Fails(Refused, "name: Domain with this Name already exists.")),
    (&["c-system-46", "c-system-51", "c-system-46"], Verb::NameIn, Fails(Refused, "Label cannot start or end with hyphen: '-bad-'.")),
    (&["c-system-46", "a-auth-17"], Verb::NameIn, Fails(Refused, "reserved for admin users")),
    (&["e-machine-25"], Verb::Name, Fails(Refused, "domain: Unable to find domain nosuch")),
    (&["j-extra-12"], Verb::Name, Fails(Credential, "no usable Authorization")),
    (&["i-lifecycle-43"], Verb::Name, Fails(Refused, "403: Forbidden")),
    // Commissioning.
    (&["e-machine-35"], Verb::Commission, Done),
    (&["e-machine-37", "e-machine-36"], Verb::Commission, Done),
    (&["e-machine-37", "i-lifecycle-27"], Verb::Commission, Fails(Refused, "because of the current state")),
    (&["i-lifecycle-57"], Verb::Commission, Fails(Busy, "No rack controllers can access the BMC")),
    // What it told.
    (&["e-machine-43"], Verb::Inventory, Outcome::Inventory([true, false])),
    (&["e-machine-42"], Verb::Inventory, Fails(Protocol, "unexpected content")),
    (&["i-lifecycle-63"], Verb::Inventory, Fails(NotFound, "No Machine matches the given query.")),
    // Allocation. The recordings have no owner of ours: such a machine is another's.
    (&["i-lifecycle-02", "i-lifecycle-07"], Verb::Allocate, Done),
    (&["i-lifecycle-03", "i-lifecycle-05", "e-machine-01"], Verb::Allocate, Fails(Refused, "it is Allocated, allocated for nobody known here")),
    (&["e-machine-28", "e-machine-11"], Verb::Allocate, Fails(Refused, "it is New")),
    (&["i-lifecycle-02", "e-machine-33"], Verb::Allocate, Fails(Refused, "it hasn't been acquired")),
    // The key.
    (&["h-tags-05", "h-tags-01", "h-tags-07"], Verb::PutKey, Done),
    (&["h-tags-05", "h-tags-01", "h-tags-08"], Verb::PutKey, Fails(NotFound, "no machine got the tag")),
    (&["h-tags-05", "h-tags-02"], Verb::PutKey, Fails(Refused, "name: Tag with this Name already exists.")),
    (&["h-tags-05", "h-tags-03"], Verb::PutKey, Fails(Refused, "name: Enter a valid value.")),
    (&["h-tags-05", "h-tags-01", "h-tags-06"], Verb::PutKey, Fails(NotFound, "No Tag matches the given query.")),
    (&["h-tags-04"], Verb::PutKey, Fails(Protocol, "unexpected content")),
    (&["a-auth-08"], Verb::PutKey, Fails(Protocol, "is the URL that of a MAAS?")),
    // Installation.
    (&["i-lifecycle-21"], Verb::Deploy, Done),
    (&["i-lifecycle-23", "i-lifecycle-22"], Verb::Deploy, Done),
    (&["i-lifecycle-23", "i-lifecycle-27"], Verb::Deploy, Done),
    (&["i-lifecycle-23", "i-lifecycle-22"], Verb::DeployFocal, Fails(Refused, "with image jammy; release it first")),
    (&["i-lifecycle-36", "i-lifecycle-35"], Verb::Deploy, Fails(Refused, "'Failed deployment'")),
    (&["e-machine-29", "e-machine-11"], Verb::Deploy, Fails(Refused, "'New'")),
    (&["i-lifecycle-18", "i-lifecycle-05"], Verb::Deploy, Fails(Refused, "distro_series: 'nosuch'")),
    (&["i-lifecycle-19", "i-lifecycle-05"], Verb::Deploy, Fails(Refused, "hwe_kernel: hwe-99.04 is not available")),
    (&["i-lifecycle-01"], Verb::Deploy, Fails(NotFound, "No Machine matches the given query.")),
    // The end.
    (&["i-lifecycle-30"], Verb::Release, Done),
    (&["i-lifecycle-32"], Verb::Release, Done),
    (&["e-machine-30"], Verb::Release, Fails(Refused, "current state ('New')")),
    (&["i-lifecycle-62"], Verb::Delete, Done),
    (&["i-lifecycle-63"], Verb::Delete, Done),
    (&["a-auth-08"], Verb::Delete, Fails(Protocol, "is the URL that of a MAAS?")),
    (&["e-machine-11"], Verb::Delete, Fails(Protocol, "204 was expected")),
    // The recorded rack controller was simulated, and its services unknown.
    (&["a-auth-01", "a-auth-06", "a-auth-07", "c-system-61", "c-system-64", "c-system-73"], Verb::Services,
        Checks([true, true, true, false])),
    (&["a-auth-01", "a-auth-06", "a-auth-07", "e-machine-01", "e-machine-01"], Verb::Services, Checks([true, true, false, false])),
    (&["a-auth-08"], Verb::Services, Fails(Protocol, "is the URL that of a MAAS?")),
];

#[tokio::test]
async fn every_recorded_answer_means_what_it_should() {
    for (recordings, verb, expected) in CASES {
        let loaded: Vec<Recording> = recordings.iter().map(|name| Recording::load(name)).collect();
        let id = loaded.iter().find_map(Recording::machine).unwrap_or("dynhwk");
        let id = MachineId(id.to_owned());
        let recorded: Vec<String> =
            loaded.iter().map(|recording| format!("{} {}", recording.method, recording.target)).collect();
        let replay = Replay::start(loaded.into_iter().map(|recording| recording.answer).collect()).await;
        let what = format!("{verb:?} answered by {recordings:?}");
        match (play(&replay, *verb, id).await, expected) {
            (Err(error), Fails(kind, text)) => {
                assert_eq!(error.kind, *kind, "{what}: {error}");
                assert!(error.to_string().contains(text), "{what}: {error}");
                assert!(!everything(&error).contains("tokensecret"), "{what}: {error}");
            }
            (Ok(outcome), expected) => assert_eq!(&outcome, expected, "{what}"),
            (Err(error), _) => panic!("{what}: {error}"),
        }
        let asked: Vec<String> =
            replay.requests().into_iter().map(|request| recorded_tag(request.line)).collect();
        assert!(asked.len() >= recorded.len(), "{what}: not all were asked for");
        if *expected == Done && *recordings != ["i-lifecycle-63"] {
            assert_eq!(asked, recorded, "the answers fit the questions");
        }
    }
}

/// With the recorded tag in the place of one with a key.
fn recorded_tag(line: String) -> String {
    match line.split_once("n1__baid__") {
        Some((before, rest)) => format!("{before}mytag{}", &rest[64..]),
        None => line,
    }
}

/// No recording is kept that proves nothing.
#[test]
fn every_recording_is_used() {
    let decoded = CASES.iter().flat_map(|(recordings, ..)| recordings.iter().copied());
    let used: BTreeSet<&str> = decoded.chain(RECORDED.iter().map(|(name, _)| *name)).collect();
    let is_used = |file: &String| used.iter().any(|name| file.starts_with(&format!("{name}-")));
    let idle: Vec<String> = names().into_iter().filter(|file| !is_used(file)).collect();
    assert!(idle.is_empty(), "{idle:?}");
}

async fn play(replay: &Replay, verb: Verb, id: MachineId) -> Result<Outcome, DriverError> {
    let mut options = options(&replay.url);
    options.retries = drydock_core::RetryPolicy::NEVER;
    let driver = driver(&options, &HandClock::new());
    let image = |image: &str| DeployRequest { image: Some(image.to_owned()), kernel: None, user_data: None };
    let named = |name: &str, mac: Option<&str>| NodeIdentity {
        name: name.parse().unwrap(),
        boot_mac: mac.map(str::to_owned),
        oob_address: None,
    };
    match verb {
        Verb::Find => driver.find(&n1()).await.map(found),
        Verb::FindByName => driver.find(&named("n1", Some(MAC))).await.map(found),
        Verb::FindRack => driver.find(&named("peer-rack", None)).await.map(found),
        Verb::Machine => driver.machine(&id).await.map(|machine| found(Some(machine))),
        Verb::Name => driver.name(&id, "n1", None).await.map(|()| Done),
        Verb::NameIn => driver.name(&id, "n1", Some("rack1.example.net")).await.map(|()| Done),
        Verb::Commission => driver.commission(&id).await.map(|()| Done),
        Verb::Inventory => {
            let Inventory { lshw, lldp } = driver.inventory(&id).await?;
            Ok(Outcome::Inventory([lshw.is_some(), lldp.is_some()]))
        }
        Verb::Allocate => driver.allocate(&id, "task-1").await.map(|()| Done),
        Verb::PutKey => {
            let key = NodeKey::generate(&SystemEntropy);
            driver.put_key(&id, &n1().name, &key).await.map(|()| Done)
        }
        Verb::Deploy => driver.deploy(&id, &image("jammy")).await.map(|()| Done),
        Verb::DeployFocal => driver.deploy(&id, &image("focal")).await.map(|()| Done),
        Verb::Release => driver.release(&id, ReleaseRequest::default()).await.map(|()| Done),
        Verb::Delete => driver.delete(&id).await.map(|()| Done),
        Verb::Services => driver.check_services().await.map(|checks| {
            let healthy: Vec<bool> = checks.iter().map(|check| check.healthy).collect();
            Checks(healthy.try_into().unwrap())
        }),
    }
}

fn found(machine: Option<Machine>) -> Outcome {
    match machine {
        None => Outcome::None,
        Some(machine) if machine.is_controller => Controller,
        Some(machine) => State(machine.state),
    }
}
