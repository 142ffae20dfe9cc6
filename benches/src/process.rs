//! What this process costs the machine, as Linux tells it. Elsewhere there is no answer, and the benchmarks
//! leave those figures out.

use std::fs;

/// Bytes that this process has caused to be written to storage so far. Linux counts a page when it is
/// first dirtied, not each time that it is changed before it goes out.
pub(crate) fn bytes_written() -> Option<u64> {
    field(&fs::read_to_string("/proc/self/io").ok()?, "write_bytes:")
}

/// Bytes of memory that this process holds at this moment (RSS). Freed memory that the allocator has kept
/// counts too: compare contenders in processes of their own.
pub(crate) fn resident_bytes() -> Option<u64> {
    field(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:").map(|kibibytes| kibibytes * 1_024)
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let io = "write_bytes: 12\ncancelled_write_bytes: 7\n";
        assert_eq!(field(io, "write_bytes:"), Some(12));
        assert_eq!(field("cancelled_write_bytes: 7\nwrite_bytes: 12", "write_bytes:"), Some(12));
        assert_eq!(field("VmRSS:\t    2048 kB\n", "VmRSS:"), Some(2_048));
        assert_eq!(field("VmSize: 1 kB\n", "VmRSS:"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_answers() {
        assert!(bytes_written().is_some());
        assert!(resident_bytes().unwrap() > 100_000);
    }
}
