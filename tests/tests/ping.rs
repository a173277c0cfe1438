//! Pings in a network namespace of their own, whose kernel answers, is told not to, or lets nobody
//! send: what the agent says of each.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use tests::{House, program, wait};

const CONFIGURATION: &str = r#"
venue = "v"
room = "r"
agent = "a"
[[sensor]]
name = "box"
driver = "icmp"
host = "127.0.0.1"
count = 3
timeout = "500ms"
[[sensor]]
name = "gateway"
driver = "icmp"
host = "gateway"
"#;

/// What `hallwatch-agent check` says and ends with in a namespace where `prepare` ran before, as its
/// root; `run` stands before it.
#[track_caller]
fn check(prepare: &str, run: &str, code: i32) -> String {
    let house = House::new("ping");
    let spool = format!("[spool]\npath = \"{}\"\n", house.path("spool").display());
    let configuration = house.write("agent.toml", &(CONFIGURATION.to_owned() + &spool));
    let agent = program::agent();
    let script = format!("ip link set lo up && {prepare} && exec {run} \"$0\" check --config \"$1\"");
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "sh", "-c", &script]).arg(agent.get_program()).arg(configuration);
    let mut process = house.start("check", command);
    let status = process.wait(wait::READY_WITHIN);
    assert_eq!(status.code(), Some(code), "{}", process.output());
    process.output()
}

#[track_caller]
fn contains(output: &str, words: &[&str]) {
    for word in words {
        assert!(output.contains(word), "`{word}` is missing in\n{output}");
    }
}

#[test]
fn a_host_that_answers_loses_nothing() {
    contains(&check("true", "", 1), &["box_reachable 1, box_latency_ms ", "box_loss_percent 0 %", "box_jitter_ms "]);
}

#[test]
fn a_host_that_does_not_answer_loses_all() {
    let output = check("echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all", "", 1);
    contains(&output, &["box_reachable 0, box_loss_percent 100 %"]);
}

#[test]
fn who_may_not_ping_is_told_what_to_allow() {
    let output = check("true", "setpriv --bounding-set=-all --inh-caps=-all", 1);
    contains(&output, &["not permitted", "net.ipv4.ping_group_range"]);
    assert!(!output.contains("box_reachable"), "{output}");
}

#[test]
fn a_computer_without_a_default_route_says_so() {
    contains(&check("true", "", 1), &["this computer has no default route"]);
}

#[test]
fn the_gateway_is_that_of_the_default_route() {
    // A pair of cables with this computer at both ends: nobody else ever sees a packet.
    let prepare = "ip link add inside type veth peer name outside && ip addr add 10.9.8.2/24 dev inside \
        && ip link set inside up && ip link set outside up && ip route add default via 10.9.8.1 \
        && ip addr add 10.9.8.1/24 dev lo";
    contains(&check(prepare, "", 0), &["gateway_reachable 1"]);
}
