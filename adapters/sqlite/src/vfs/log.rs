//! The frames of a log on their way to the file. SQLite writes each as a header of 24 bytes and a page, two calls of the
//! operating system; here a frame is one. A header is held for no longer than until the page behind it comes, which is the
//! next that SQLite does with the log: whatever else were done with it first writes the header before.

/// A frame's header, in bytes. Source of this and of the log's header: <https://www.sqlite.org/fileformat2.html#wal_file_format>.
const FRAME_HEADER_BYTES: usize = 24;

/// Where the first frame begins, in bytes.
const FIRST_FRAME_AT: i64 = 32;

/// The smallest page that there is, in bytes.
const PAGE_BYTES_MIN: usize = 512;

/// What is to be done with bytes that are to be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'f> {
    /// Nothing yet.
    Held,
    /// These are to be written, at this place in the file.
    Whole(&'f [u8], i64),
    /// They are to be written as they are, after what is held.
    Plain,
}

/// A header that waits for its page.
pub(super) struct Frames {
    /// Whether each header has its page right behind it: where a disk does not keep what lies beside what is written, SQLite fills
    /// its sectors up, and writes parts of frames.
    are_whole: bool,
    /// Empty where none waits.
    held: Vec<u8>,
    at: i64,
    /// Where the file was read, if that was the last that was done with it. Whoever then writes at the same place makes a frame's
    /// header anew that is there, and no page comes behind it.
    read_at: Option<i64>,
}

impl Frames {
    pub(super) fn new(are_whole: bool) -> Self {
        Frames { are_whole, held: Vec::new(), at: 0, read_at: None }
    }

    /// Takes bytes that are to be written.
    pub(super) fn take(&mut self, bytes: &[u8], at: i64) -> Frame<'_> {
        let read_at = self.read_at.take();
        if self.held.len() == FRAME_HEADER_BYTES {
            if at != self.at + FRAME_HEADER_BYTES as i64 || bytes.len() < PAGE_BYTES_MIN {
                return Frame::Plain;
            }
            self.held.extend_from_slice(bytes);
            return Frame::Whole(&self.held, self.at);
        }
        if !self.are_whole || bytes.len() != FRAME_HEADER_BYTES || at < FIRST_FRAME_AT || read_at == Some(at) {
            return Frame::Plain;
        }
        self.held.extend_from_slice(bytes);
        self.at = at;
        Frame::Held
    }

    /// What is held, and where in the file it belongs.
    pub(super) fn held(&self) -> Option<(&[u8], i64)> {
        (!self.held.is_empty()).then_some((&self.held[..], self.at))
    }

    /// What was held is written, or was not to be written: SQLite is told, and writes the same place again.
    pub(super) fn done(&mut self) {
        self.held.clear();
        self.read_at = None;
    }

    /// The file was read at a place.
    pub(super) fn note_read(&mut self, at: i64) {
        self.read_at = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; FRAME_HEADER_BYTES] = [7; FRAME_HEADER_BYTES];

    #[test]
    fn a_header_and_the_page_behind_it_are_one() {
        let mut frames = Frames::new(true);
        for (page_size, at) in [(512_usize, 32_i64), (4_096, 32), (4_096, 4_152), (65_536, 65_592)] {
            assert_eq!(frames.take(&HEADER, at), Frame::Held);
            assert_eq!(frames.held(), Some((&HEADER[..], at)));
            let page = vec![9; page_size];
            let whole = [&HEADER[..], &page[..]].concat();
            assert_eq!(frames.take(&page, at + 24), Frame::Whole(&whole, at));
            frames.done();
            assert_eq!(frames.held(), None);
        }
    }

    #[test]
    fn what_is_no_frame_goes_as_it_is() {
        let mut frames = Frames::new(true);
        for (bytes, at) in [(32, 0), (24, 0), (24, 31), (23, 32), (4_096, 56), (4_096, 32), (8, 40)] {
            assert_eq!(frames.take(&vec![1; bytes], at), Frame::Plain, "{bytes} bytes at {at}");
            assert_eq!(frames.held(), None);
        }
    }

    #[test]
    fn parts_of_frames_are_not_held() {
        let mut frames = Frames::new(false);
        for (bytes, at) in [(24, 32), (4_096, 56), (24, 4_152)] {
            assert_eq!(frames.take(&vec![1; bytes], at), Frame::Plain, "{bytes} bytes at {at}");
        }
    }

    #[test]
    fn a_header_without_a_page_behind_it_stays_what_it_is() {
        for (bytes, at) in [(4_096, 32), (4_096, 57), (24, 56), (100, 56), (32, 0)] {
            let mut frames = Frames::new(true);
            assert_eq!(frames.take(&HEADER, 32), Frame::Held);
            assert_eq!(frames.take(&vec![1; bytes], at), Frame::Plain, "{bytes} bytes at {at}");
            assert_eq!(frames.held(), Some((&HEADER[..], 32)));
        }
    }

    #[test]
    fn a_header_that_is_made_anew_is_not_held() {
        let mut frames = Frames::new(true);
        frames.note_read(4_152);
        assert_eq!(frames.take(&HEADER, 4_152), Frame::Plain);
        // Only what was read last counts.
        assert_eq!(frames.take(&HEADER, 4_152), Frame::Held);
        frames.done();
        frames.note_read(4_152);
        assert_eq!(frames.take(&HEADER, 32), Frame::Held);
    }
}
