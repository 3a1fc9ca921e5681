//! What a process that fills in a template may take.

use std::fs;
use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const MIB: u64 = 1 << 20;

/// How much memory may be taken for a template, in MiB, beside what the program itself takes.
pub(super) const MEMORY_MIB: u64 = 256;

/// For how long a template may compute, in seconds of the processor.
pub(super) const SECONDS: u64 = 2;

/// The stack, in MiB: what minijinja's own limits on depth need at the most, with room to spare.
const STACK_MIB: u64 = 8;

/// What the program takes where the system does not say how much it has, in MiB.
const PROGRAM_MIB: u64 = 1024;

/// Limits this process, for good.
pub(super) fn impose() -> io::Result<()> {
    // A core would hold the node's key.
    limit(Resource::Core, 0, 0)?;
    limit(Resource::Stack, STACK_MIB * MIB, STACK_MIB * MIB)?;
    // The first ends the process with a signal that tells why. Should it be ignored, the second does not let itself be.
    limit(Resource::Cpu, SECONDS, SECONDS + 1)?;
    let memory = taken().unwrap_or(PROGRAM_MIB * MIB) + MEMORY_MIB * MIB;
    limit(Resource::As, memory, memory)
}

/// Sets a limit, which is never above one that there is already.
fn limit(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let bound = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let (soft, hard) = (soft.min(bound), hard.min(bound));
    Ok(setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })?)
}

/// The address space of this process, in bytes, where Linux tells.
fn taken() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let kib: u64 = size.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}
