//! The frames of a write-ahead log on their way to a file. SQLite writes each frame as a header of 24 bytes and a
//! page, two calls of the operating system a page; here the frames of one transaction become one. Nothing is kept
//! back that a commit needs: with the page of a frame that commits, all is written.

use super::joined::{Joined, Raw};

/// A frame's header, in bytes. Its second word is zero but in the frame that commits.
/// Source: <https://www.sqlite.org/fileformat2.html#wal_file_format>.
const FRAME_HEADER_BYTES: usize = 24;

/// The log's own header, in bytes: where the first frame begins.
const LOG_HEADER_BYTES: u64 = 32;

/// A log whose frames are joined.
pub(super) struct Frames<F> {
    joined: Joined<F>,
    /// Whether the page that comes next belongs to a frame that commits.
    commits: bool,
}

impl<F: Raw> Frames<F> {
    pub(super) fn new(file: F) -> Self {
        Frames { joined: Joined::new(file), commits: false }
    }

    /// Writes what is kept back, as [`Joined::flush`].
    pub(super) fn flush(&mut self) -> Result<(), F::Error> {
        self.commits = false;
        self.joined.flush()
    }

    /// The file, and what came of writing what was kept back.
    pub(super) fn into_file(self) -> (F, Result<(), F::Error>) {
        self.joined.into_file()
    }
}

impl<F: Raw> Raw for Frames<F> {
    type Error = F::Error;

    fn read(&mut self, buffer: &mut [u8], at: u64) -> Result<usize, F::Error> {
        self.flush()?;
        self.joined.read(buffer, at)
    }

    fn write(&mut self, bytes: &[u8], at: u64) -> Result<(), F::Error> {
        let commits = self.commits && self.joined.is_followed_by(at);
        self.commits = false;
        self.joined.write(bytes, at)?;
        if at < LOG_HEADER_BYTES {
            // The log's own header: rare, and synced by SQLite at once.
            return self.flush();
        }
        if bytes.len() == FRAME_HEADER_BYTES {
            self.commits = bytes[4..8] != [0; 4];
            return Ok(());
        }
        if commits { self.flush() } else { Ok(()) }
    }

    fn truncate(&mut self, bytes: u64) -> Result<(), F::Error> {
        self.flush()?;
        self.joined.truncate(bytes)
    }

    fn sync(&mut self) -> Result<(), F::Error> {
        self.flush()?;
        self.joined.sync()
    }

    fn size(&self) -> Result<u64, F::Error> {
        self.joined.size()
    }
}

#[cfg(test)]
mod tests {
    use super::super::joined::KEPT_MAX;
    use super::super::joined::tests::Memory;
    use super::*;

    const PAGE: usize = 4096;
    const FRAME: u64 = (FRAME_HEADER_BYTES + PAGE) as u64;

    fn header(commits: bool) -> [u8; FRAME_HEADER_BYTES] {
        let mut header = [7; FRAME_HEADER_BYTES];
        header[4..8].copy_from_slice(&u32::from(commits).to_be_bytes());
        header
    }

    fn place(frame: u64) -> u64 {
        LOG_HEADER_BYTES + frame * FRAME
    }

    /// Writes a frame as SQLite does, in two calls.
    fn frame(log: &mut Frames<Memory>, number: u64, fill: u8, commits: bool) -> Result<(), &'static str> {
        log.write(&header(commits), place(number))?;
        log.write(&[fill; PAGE], place(number) + FRAME_HEADER_BYTES as u64)
    }

    /// The same writes, each on its own.
    fn plainly(frames: &[(u64, u8, bool)]) -> Vec<u8> {
        let mut file = Memory::default();
        for (number, fill, commits) in frames {
            file.write(&header(*commits), place(*number)).unwrap();
            file.write(&[*fill; PAGE], place(*number) + FRAME_HEADER_BYTES as u64).unwrap();
        }
        file.bytes
    }

    #[test]
    fn a_transaction_is_one_write_and_all_of_it_is_there_at_its_commit() {
        let mut log = Frames::new(Memory::default());
        let frames = [(0, 1, false), (1, 2, false), (2, 3, true), (3, 4, false), (4, 5, true)];
        for (at, (number, fill, commits)) in frames.into_iter().enumerate() {
            frame(&mut log, number, fill, commits).unwrap();
            assert_eq!(log.size().unwrap(), place(number + 1), "the size counts what is kept");
            assert_eq!(log.joined.file.writes, [0, 0, 1, 1, 2][at]);
        }
        assert_eq!(log.joined.file.bytes, plainly(&frames));
        log.sync().unwrap();
        assert_eq!((log.joined.file.writes, log.joined.file.syncs), (2, 1));
    }

    #[test]
    fn the_logs_header_is_written_at_once() {
        let mut log = Frames::new(Memory::default());
        log.write(&[9; LOG_HEADER_BYTES as usize], 0).unwrap();
        assert_eq!(log.joined.file.bytes, [9; LOG_HEADER_BYTES as usize]);
    }

    #[test]
    fn what_is_kept_is_read_back() {
        for (at, count) in [(0, 8), (place(0), 24), (place(1) + 5, 100), (place(0), 2 * PAGE), (place(2) + 9, 4)] {
            let mut log = Frames::new(Memory::default());
            log.joined.file.write(&[9; LOG_HEADER_BYTES as usize], 0).unwrap();
            frame(&mut log, 0, 1, false).unwrap();
            frame(&mut log, 1, 2, false).unwrap();
            let mut plain = Memory { bytes: plainly(&[(0, 1, false), (1, 2, false)]), ..Memory::default() };
            plain.write(&[9; LOG_HEADER_BYTES as usize], 0).unwrap();
            let (mut ours, mut theirs) = (vec![0; count], vec![0; count]);
            assert_eq!(log.read(&mut ours, at), plain.read(&mut theirs, at), "{count} bytes at {at}");
            assert_eq!(ours, theirs, "{count} bytes at {at}");
        }
    }

    #[test]
    fn writes_that_do_not_follow_keep_their_order() {
        let mut log = Frames::new(Memory::default());
        let frames = [(0, 1, false), (1, 2, false), (0, 3, false), (1, 4, true), (7, 5, true)];
        for (number, fill, commits) in frames {
            frame(&mut log, number, fill, commits).unwrap();
        }
        assert_eq!(log.joined.file.bytes, plainly(&frames));
    }

    #[test]
    fn a_large_transaction_goes_in_pieces() {
        let mut log = Frames::new(Memory::default());
        let frames: Vec<_> = (0..1_000).map(|number| (number, number as u8, number == 999)).collect();
        for (number, fill, commits) in &frames {
            frame(&mut log, *number, *fill, *commits).unwrap();
            assert!(log.joined.kept.len() <= KEPT_MAX);
        }
        assert_eq!(log.joined.file.bytes, plainly(&frames));
        assert!(log.joined.file.writes < 10, "{}", log.joined.file.writes);
    }

    #[test]
    fn a_commit_whose_page_comes_after_a_full_buffer_is_written() {
        // The header of the last frame fills the buffer to the last byte, so that its page starts a new one.
        let before = (KEPT_MAX as u64 - FRAME_HEADER_BYTES as u64) / FRAME;
        let rest = KEPT_MAX as u64 - FRAME_HEADER_BYTES as u64 - before * FRAME;
        let mut log = Frames::new(Memory::default());
        log.write(&vec![1; rest as usize], LOG_HEADER_BYTES).unwrap();
        for number in 0..before {
            log.write(&header(false), log.joined.end()).unwrap();
            log.write(&[number as u8; PAGE], log.joined.end()).unwrap();
        }
        log.write(&header(true), log.joined.end()).unwrap();
        assert_eq!(log.joined.kept.len(), KEPT_MAX);
        let end = log.joined.end();
        log.write(&[3; PAGE], end).unwrap();
        assert!(log.joined.kept.is_empty(), "the commit is written");
        assert_eq!(log.joined.file.bytes.len() as u64, end + PAGE as u64);
    }

    #[test]
    fn a_write_that_fails_is_told_at_the_commit_and_forgotten() {
        let mut log = Frames::new(Memory { full: true, ..Memory::default() });
        frame(&mut log, 0, 1, false).unwrap();
        assert_eq!(frame(&mut log, 1, 2, true), Err("full"));
        log.joined.file.full = false;
        frame(&mut log, 0, 3, true).unwrap();
        assert_eq!(log.joined.file.bytes, plainly(&[(0, 3, true)]));
    }

    #[test]
    fn cutting_and_syncing_write_first() {
        let mut log = Frames::new(Memory::default());
        frame(&mut log, 0, 1, false).unwrap();
        log.truncate(place(0) + 3).unwrap();
        assert_eq!(log.joined.file.bytes.len() as u64, place(0) + 3);
        frame(&mut log, 0, 1, false).unwrap();
        log.sync().unwrap();
        assert_eq!(log.joined.file.bytes, plainly(&[(0, 1, false)]));
    }

    #[test]
    fn nothing_is_left_when_it_is_closed() {
        let mut log = Frames::new(Memory::default());
        frame(&mut log, 0, 1, false).unwrap();
        let (file, flushed) = log.into_file();
        assert_eq!((file.bytes, flushed), (plainly(&[(0, 1, false)]), Ok(())));
    }
}
