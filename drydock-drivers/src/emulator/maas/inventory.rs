//! What an emulated machine told when it was commissioned: two network ports and a disk, and no neighbours.

use bson::raw::cstr;
use bson::spec::BinarySubtype;
use bson::{RawBinaryRef, RawBsonRef, RawDocumentBuf};

use super::reply::Reply;
use super::site::Known;
use crate::emulator::MaasStatus;

/// The ports: their places on the bus, and what the operating system calls them. The machine boots from the first.
const PORTS: [(&str, &str); 2] = [("0000:18:00.0", "enp24s0f0"), ("0000:18:00.1", "enp24s0f1")];

pub(super) fn details(machine: &Known) -> Reply {
    let told = !matches!(
        machine.status,
        MaasStatus::New | MaasStatus::Commissioning | MaasStatus::FailedCommissioning
    );
    let lshw = lshw(machine);
    let part = |bytes| {
        let binary = RawBinaryRef { subtype: BinarySubtype::Generic, bytes };
        if told { RawBsonRef::Binary(binary) } else { RawBsonRef::Null }
    };
    let mut document = RawDocumentBuf::new();
    document.append(cstr!("lldp"), part(&[]));
    document.append(cstr!("lshw"), part(lshw.as_bytes()));
    Reply::bson(document.into_bytes())
}

fn lshw(machine: &Known) -> String {
    let port = |(place, (address, name))| {
        let serial = if place == 0 { machine.view.boot_mac.as_str() } else { "" };
        format!(
            "<node id=\"network:{place}\" class=\"network\"><description>Ethernet interface</description>\
             <businfo>pci@{address}</businfo><logicalname>{name}</logicalname><serial>{serial}</serial></node>\n"
        )
    };
    let ports: String = PORTS.into_iter().enumerate().map(port).collect();
    format!(
        "<?xml version=\"1.0\" standalone=\"yes\" ?>\n\
         <list>\n<node id=\"{}\" class=\"system\"><description>Emulated machine</description>\n{ports}\
         <node id=\"disk\" class=\"disk\"><businfo>scsi@2:0.0.0</businfo><logicalname>/dev/sda</logicalname></node>\n\
         </node>\n</list>\n",
        machine.system_id
    )
}
