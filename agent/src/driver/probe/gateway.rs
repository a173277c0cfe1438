//! Where packets leave for the world: turns the kernel's table of routes into the address of the
//! default gateway. Asks nobody; IPv4 only.

use std::net::Ipv4Addr;

use wire::Fault;

use crate::driver::Error;

/// What a configuration writes in place of a host.
pub(super) const WORD: &str = "gateway";

/// The kernel's IPv4 routes: a heading, then a line a route (proc(5), `/proc/net/route`).
const ROUTES: &str = "/proc/net/route";
/// RTF_UP and RTF_GATEWAY of linux/route.h: in use, and by way of another host.
const UP_BY_GATEWAY: u32 = 0x0001 | 0x0002;

/// The gateway of the default route. Without one nobody can be asked whether it answers.
pub(super) fn default_gateway() -> Result<Ipv4Addr, Error> {
    let table = std::fs::read_to_string(ROUTES).map_err(|error| Error::Other {
        fault: Fault::NotPermitted,
        text: format!("cannot read `{ROUTES}`: {error}"),
    })?;
    let text = "this computer has no default route: is its cable in, did it get an address?";
    gateway_of(&table).ok_or(Error::Other { fault: Fault::NoResponse, text: text.to_owned() })
}

/// The gateway of the default route with the least metric. Addresses stand there as the 32-bit
/// number that the kernel has in memory, in network order.
fn gateway_of(table: &str) -> Option<Ipv4Addr> {
    let default_route = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let &[_, destination, gateway, flags, _, _, metric, mask, ..] = fields.as_slice() else { return None };
        let hex = |text: &str| u32::from_str_radix(text, 16).ok();
        let is_default = hex(destination)? == 0 && hex(mask)? == 0 && hex(flags)? & UP_BY_GATEWAY == UP_BY_GATEWAY;
        is_default.then_some((metric.parse::<u32>().ok()?, Ipv4Addr::from(hex(gateway)?.to_ne_bytes())))
    };
    table.lines().skip(1).filter_map(default_route).min().map(|(_, gateway)| gateway)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADING: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

    fn table(lines: &[[&str; 5]]) -> String {
        let line = |[interface, destination, gateway, flags, metric]: &[&str; 5]| {
            let mask = if *destination == "00000000" { "00000000" } else { "00FFFFFF" };
            format!("{interface}\t{destination}\t{gateway}\t{flags}\t0\t0\t{metric}\t{mask}\t0\t0\t0\n")
        };
        HEADING.to_owned() + &lines.iter().map(line).collect::<String>()
    }

    /// 192.168.1.1 as this computer's kernel writes it.
    fn written(address: [u8; 4]) -> String {
        format!("{:08X}", u32::from_ne_bytes(address))
    }

    #[test]
    fn the_default_route_with_the_least_metric_wins() {
        let (wire, radio) = (written([192, 168, 1, 1]), written([10, 0, 0, 138]));
        let routes = table(&[
            ["wlan0", "00000000", &radio, "0003", "600"],
            ["eth0", "0001A8C0", "00000000", "0001", "100"],
            ["eth0", "00000000", &wire, "0003", "100"],
        ]);
        assert_eq!(gateway_of(&routes), Some(Ipv4Addr::new(192, 168, 1, 1)));
    }

    #[test]
    fn a_route_that_is_down_or_leads_to_no_host_is_no_gateway() {
        let gateway = written([192, 168, 1, 1]);
        let routes =
            table(&[["eth0", "00000000", &gateway, "0002", "0"], ["ppp0", "00000000", "00000000", "0001", "0"]]);
        assert_eq!(gateway_of(&routes), None);
        assert_eq!(gateway_of(HEADING), None);
        assert_eq!(gateway_of(""), None);
        assert_eq!(gateway_of("x\neth0 zz\neth0 0 0 3 0 0 -1 0\n"), None);
    }
}
