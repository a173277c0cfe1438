//! What `/proc` says of this process becomes the `process_` figures that every Prometheus client has, under
//! their usual names. Figures that cannot be read are left out.

use std::fmt::Write as _;

/// Appends them.
pub fn write(text: &mut String) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let boot = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    if let Some(found) = figures(&stat, &boot, ticks, rustix::param::page_size() as f64) {
        single(text, "process_cpu_seconds_total", "counter", "CPU time used, in seconds.", found.cpu_seconds);
        single(text, "process_resident_memory_bytes", "gauge", "Memory in use, in bytes.", found.resident_bytes);
        let help = "When the process began, in seconds since 1970.";
        single(text, "process_start_time_seconds", "gauge", help, found.start_seconds);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        single(text, "process_open_fds", "gauge", "Open files and connections.", open.count() as f64);
    }
}

#[derive(Debug, PartialEq)]
struct Figures {
    cpu_seconds: f64,
    resident_bytes: f64,
    start_seconds: f64,
}

/// Fields of `/proc/self/stat` counted from the state, which follows the name: proc(5).
fn figures(stat: &str, boot: &str, ticks: f64, page_bytes: f64) -> Option<Figures> {
    // The name is in brackets and may hold anything, brackets and blanks too.
    let (_, fields) = stat.rsplit_once(") ")?;
    let field = |number: usize| fields.split(' ').nth(number - 3)?.trim().parse::<f64>().ok();
    let booted: f64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.parse().ok()?;
    Some(Figures {
        cpu_seconds: (field(14)? + field(15)?) / ticks,
        resident_bytes: field(24)? * page_bytes,
        start_seconds: booted + field(22)? / ticks,
    })
}

fn single(text: &mut String, name: &str, kind: &str, help: &str, value: f64) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_move_the_fields() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194304 9 0 0 0 150 50 0 0 20 0 9 0 1000 123456 25 18446744073709551615 1";
        let found = figures(stat, "cpu 1\nbtime 1700000000\n", 100.0, 4096.0);
        let expected = Figures { cpu_seconds: 2.0, resident_bytes: 102_400.0, start_seconds: 1_700_000_010.0 };
        assert_eq!(found, Some(expected));
        assert_eq!(figures("", "btime 1", 100.0, 4096.0), None);
    }
}
