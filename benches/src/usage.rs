//! The processor time of this process, and of others on this machine. Linux only, as `/proc` is.

use std::time::Duration;

use crate::Failure;

/// Ticks per second in `/proc/<pid>/stat`: `USER_HZ`, which is 100 on every Linux that Rust's toolchain runs on.
const HZ: u64 = 100;

/// The processor time used so far by all threads of this process, in the kernel too; exact to 10 ms.
pub(crate) fn own() -> Result<Duration, Failure> {
    of("self")
}

/// The processor time used so far by the processes with these numbers, if all are programs called `name` on this machine.
pub(crate) fn of_all(pids: &[i32], name: &str) -> Option<Duration> {
    pids.iter()
        .map(|pid| {
            let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
            if comm.trim_end() == name { of(&pid.to_string()).ok() } else { None }
        })
        .sum()
}

fn of(pid: &str) -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // proc_pid_stat(5): the name, in parentheses, is field 2 and may hold spaces; utime is field 14, stime 15.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace();
    let ticks: Vec<u64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 1000 / HZ))
}

/// The most memory of this process that was in use at once since [`forget_peak`], in bytes.
pub(crate) fn peak() -> Result<u64, Failure> {
    // proc_pid_status(5): `VmHWM:    12345 kB`.
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// Takes what is in use now as the peak.
pub(crate) fn forget_peak() -> Result<(), Failure> {
    // proc_pid_clear_refs(5): 5 resets the peak of the resident set.
    Ok(std::fs::write("/proc/self/clear_refs", "5")?)
}

/// The memory of this process that is in use, in bytes: what the kernel counts as resident.
pub(crate) fn resident() -> Result<u64, Failure> {
    // proc_pid_statm(5): field 2, in pages of 4 KiB.
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split_ascii_whitespace().nth(1).unwrap_or_default().parse()?;
    Ok(pages * 4096)
}
