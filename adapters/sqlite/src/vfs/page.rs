//! The seal of a page: a checksum in its last eight bytes, which SQLite reserves and leaves alone. It is of the page's
//! number too, so that a page in another's place is found out as well.

use twox_hash::XxHash64;

/// How many bytes at the end of each page the seal takes.
pub(super) const SEAL_BYTES: usize = 8;

/// What a database file begins with. Source of this and of the offsets: <https://www.sqlite.org/fileformat2.html>.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Where the header has the page size in bytes, two bytes, big end first; 1 means 65,536.
const PAGE_SIZE_AT: usize = 16;
/// Where the header has the bytes that are reserved at the end of each page.
const RESERVED_AT: usize = 20;

/// What a page's last bytes say of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    Right,
    /// None: another program than ours brought the page from the log into the file.
    None,
    Wrong,
}

/// What a file's first bytes say of its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// In bytes.
    pub(super) page_size: usize,
    /// Whether there is room for seals.
    pub(super) is_sealed: bool,
}

/// Reads the header, where these bytes from a file's begin hold one.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    if bytes.len() <= RESERVED_AT || !bytes.starts_with(MAGIC) {
        return None;
    }
    let page_size = match u16::from_be_bytes([bytes[PAGE_SIZE_AT], bytes[PAGE_SIZE_AT + 1]]) {
        1 => 65_536,
        size => usize::from(size),
    };
    let is_sealed = usize::from(bytes[RESERVED_AT]) == SEAL_BYTES && page_size >= 512;
    Some(Header { page_size, is_sealed })
}

/// The seal of a page with this number, never all zeros. The page is at least eight bytes long.
fn seal(page: &[u8], number: u64) -> [u8; SEAL_BYTES] {
    let content = &page[..page.len() - SEAL_BYTES];
    XxHash64::oneshot(number, content).max(1).to_le_bytes()
}

/// Writes the seal into a page's last bytes.
pub(super) fn set_seal(page: &mut [u8], number: u64) {
    let seal = seal(page, number);
    if let Some(last) = page.last_chunk_mut() {
        *last = seal;
    }
}

/// Judges the seal of a page.
pub(super) fn judge(page: &[u8], number: u64) -> Seal {
    match page.last_chunk::<SEAL_BYTES>() {
        Some([0, 0, 0, 0, 0, 0, 0, 0]) => Seal::None,
        Some(found) if *found == seal(page, number) => Seal::Right,
        _ => Seal::Wrong,
    }
}

/// Takes the seal out of a page. What SQLite writes to its log then has none, and whoever brings it from there into the
/// file leaves no seal of an older content behind.
pub(super) fn clear_seal(page: &mut [u8]) {
    if let Some(last) = page.last_chunk_mut::<SEAL_BYTES>() {
        last.fill(0);
    }
}

/// Whether a first page that says it has no room for seals has one of itself with room: then what it says is wrong.
pub(super) fn denies_its_seal(first: &[u8]) -> bool {
    let mut page = first.to_vec();
    let Some(reserved) = page.get_mut(RESERVED_AT) else { return false };
    *reserved = SEAL_BYTES as u8;
    judge(&page, 1) == Seal::Right
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A first page as SQLite writes it, with something on it.
    fn first(page_size: usize, reserved: u8) -> Vec<u8> {
        let mut page = vec![0; page_size];
        page[..16].copy_from_slice(MAGIC);
        page[16..18].copy_from_slice(&((page_size % 65_536) as u16 | u16::from(page_size == 65_536)).to_be_bytes());
        page[RESERVED_AT] = reserved;
        page[200] = 9;
        page
    }

    #[test]
    fn a_header_says_how_pages_are() {
        for (page_size, reserved, is_sealed) in [(512, 8, true), (4_096, 8, true), (65_536, 8, true), (4_096, 0, false)]
        {
            let page = first(page_size, reserved);
            assert_eq!(header(&page), Some(Header { page_size, is_sealed }));
            assert_eq!(header(&page[..100]), Some(Header { page_size, is_sealed }));
        }
        assert_eq!(header(&first(4_096, 8)[..RESERVED_AT]), None);
        assert_eq!(header(&first(4_096, 8)[1..]), None);
        assert_eq!(header(&[]), None);
    }

    #[test]
    fn every_bit_of_a_page_is_under_its_seal() {
        let mut page = first(512, 8);
        set_seal(&mut page, 1);
        assert_eq!(judge(&page, 1), Seal::Right);
        for bit in 0..512 * 8 {
            page[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(judge(&page, 1), Seal::Wrong, "bit {bit}");
            page[bit / 8] ^= 1 << (bit % 8);
        }
        assert_eq!(judge(&page, 2), Seal::Wrong, "in another's place");
    }

    #[test]
    fn a_page_without_a_seal_is_no_wrong_one() {
        let mut page = first(512, 8);
        assert_eq!(judge(&page, 1), Seal::None);
        set_seal(&mut page, 1);
        clear_seal(&mut page);
        assert_eq!(judge(&page, 1), Seal::None);
        assert_eq!(page, first(512, 8));
    }

    #[test]
    fn a_first_page_cannot_talk_itself_out_of_its_seal() {
        let mut page = first(512, 8);
        set_seal(&mut page, 1);
        page[RESERVED_AT] = 0;
        assert!(denies_its_seal(&page));
        assert!(!denies_its_seal(&first(512, 0)));
        assert!(!denies_its_seal(&[]));
    }

    /// Files outlive builds: what is sealed today is judged by the same figures for ever.
    #[test]
    fn seals_stay_as_they_are() {
        let mut page = first(512, 8);
        set_seal(&mut page, 1);
        // Of another implementation of XXH64.
        assert_eq!(u64::from_le_bytes(page[504..].try_into().unwrap()), 15_844_361_944_556_617_814);
    }
}
