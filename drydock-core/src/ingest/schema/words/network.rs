//! Sentences about `NetworkLink` and `Network` documents.

use super::Table;

pub(super) const LINK: Table = &[
    ("allowed_networks", "The networks that the link may carry. A network may be carried by one link only."),
    ("bonding", "How the link's interfaces are made one; they are not unless it says so."),
    ("bonding.down_delay", "How long an interface must be down before it is left, in milliseconds."),
    (
        "bonding.hash",
        "By what frames are spread over the interfaces, such as `layer3+4`. For `802.3ad` only.",
    ),
    ("bonding.mode", "How frames are spread over the interfaces; `disabled` for a single one."),
    ("bonding.mon_rate", "How often the state of an interface is looked at, in milliseconds."),
    ("bonding.peer_rate", "How often LACP frames are asked for: `fast` or `slow`. For `802.3ad` only."),
    ("bonding.up_delay", "How long an interface must be up before it is used, in milliseconds."),
    ("labels", "Free labels; `noconfig` leaves the link to other hands."),
    ("linkspeed", "Speed and duplex, such as `100full`; `auto` unless it says otherwise."),
    ("mtu", "The largest frame that the link carries, in bytes; 1500 unless it says otherwise."),
    ("trunking", "Whether frames are tagged."),
    ("trunking.default_network", "The network of frames without a tag."),
    ("trunking.mode", "`802.1q` where frames have VLAN tags; `disabled` unless it says so."),
];

pub(super) const NETWORK: Table = &[
    ("cidr", "The subnet, such as 10.0.0.0/24, without host bits."),
    ("dhcp_relay", "Where requests for an address go that nobody on this network answers."),
    ("dhcp_relay.self_ip", "The relay's address on this network."),
    ("dhcp_relay.upstream_target", "The address of the server that answers."),
    ("dns", "Names of the hosts on this network."),
    ("dns.domain", "The domain of hosts whose primary network this is; `local` unless it says otherwise."),
    ("dns.servers", "Name servers: addresses, separated by commas."),
    ("labels", "Free labels; `noconfig` leaves the network to other hands."),
    ("mtu", "The largest frame on this network, in bytes; that of its link unless it says otherwise."),
    ("ranges", "What the addresses of the subnet are for."),
    ("ranges[].end", "The last address of the range."),
    ("ranges[].start", "The first address of the range."),
    (
        "ranges[].type",
        "What the range is for: `static` for addresses that the site gives to its servers, `dhcp` for those that a DHCP \
         server hands out, `reserved` for those that nobody here gives out.",
    ),
    ("routedomain", "The group of networks that route to each other to which this one belongs."),
    ("routes", "The routes that hosts on this network need."),
    ("routes[].gateway", "The next hop: an address on this network."),
    ("routes[].metric", "Of two routes to one place, the lower is taken."),
    (
        "routes[].routedomain",
        "Where the route leads, instead of `subnet`: to all networks of this route domain.",
    ),
    ("routes[].subnet", "Where the route leads, such as 0.0.0.0/0."),
    ("vlan", "The VLAN tag; none for frames without one."),
];
