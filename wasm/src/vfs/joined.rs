//! Writes that follow one another on their way to a file. Each call from WebAssembly into its host and on into the system
//! costs more than the bytes do, and SQLite brings pages from its log into the database one by one, in the order in which
//! they lie there. What is kept back is written before anything else is done with the file, a sync above all: nobody can
//! tell, but that a write that fails may be told of by the call that comes next.

/// What is kept back at most, in bytes. More is written in pieces.
pub(super) const KEPT_MAX: usize = 1 << 20;

/// A file that is read and written at places, all or an error.
pub(super) trait Raw {
    /// What its operations fail with.
    type Error;
    /// Fills the buffer as far as the file goes, and says how far that was.
    fn read(&mut self, buffer: &mut [u8], at: u64) -> Result<usize, Self::Error>;
    /// Writes all bytes.
    fn write(&mut self, bytes: &[u8], at: u64) -> Result<(), Self::Error>;
    /// Cuts the file.
    fn truncate(&mut self, bytes: u64) -> Result<(), Self::Error>;
    /// Waits until what was written is on the disk.
    fn sync(&mut self) -> Result<(), Self::Error>;
    /// The file's length in bytes.
    fn size(&self) -> Result<u64, Self::Error>;
}

/// A file whose writes are joined.
pub(super) struct Joined<F> {
    pub(super) file: F,
    /// Bytes that follow one another and are not written yet, and where they begin.
    pub(super) kept: Vec<u8>,
    kept_at: u64,
}

impl<F: Raw> Joined<F> {
    pub(super) fn new(file: F) -> Self {
        Joined { file, kept: Vec::new(), kept_at: 0 }
    }

    /// Writes what is kept back. Whether or not that succeeds, nothing is kept any more: SQLite is told, takes the
    /// transaction back or begins its checkpoint anew, and writes the same place again.
    pub(super) fn flush(&mut self) -> Result<(), F::Error> {
        if self.kept.is_empty() {
            return Ok(());
        }
        let written = self.file.write(&self.kept, self.kept_at);
        self.kept.clear();
        written
    }

    /// The file, and what came of writing what was kept back.
    pub(super) fn into_file(mut self) -> (F, Result<(), F::Error>) {
        let flushed = self.flush();
        (self.file, flushed)
    }

    /// Whether what is written at this place follows what is kept back.
    pub(super) fn is_followed_by(&self, at: u64) -> bool {
        !self.kept.is_empty() && at == self.end()
    }

    pub(super) fn end(&self) -> u64 {
        self.kept_at + self.kept.len() as u64
    }
}

impl<F: Raw> Raw for Joined<F> {
    type Error = F::Error;

    fn read(&mut self, buffer: &mut [u8], at: u64) -> Result<usize, F::Error> {
        self.flush()?;
        self.file.read(buffer, at)
    }

    fn write(&mut self, bytes: &[u8], at: u64) -> Result<(), F::Error> {
        if !self.is_followed_by(at) || self.kept.len() + bytes.len() > KEPT_MAX {
            self.flush()?;
            self.kept_at = at;
        }
        self.kept.extend_from_slice(bytes);
        Ok(())
    }

    fn truncate(&mut self, bytes: u64) -> Result<(), F::Error> {
        self.flush()?;
        self.file.truncate(bytes)
    }

    fn sync(&mut self) -> Result<(), F::Error> {
        self.flush()?;
        self.file.sync()
    }

    fn size(&self) -> Result<u64, F::Error> {
        let size = self.file.size()?;
        Ok(if self.kept.is_empty() { size } else { size.max(self.end()) })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file in memory that counts its calls and fails on request.
    #[derive(Default)]
    pub(in crate::vfs) struct Memory {
        pub(in crate::vfs) bytes: Vec<u8>,
        pub(in crate::vfs) writes: usize,
        pub(in crate::vfs) syncs: usize,
        pub(in crate::vfs) full: bool,
    }

    impl Raw for Memory {
        type Error = &'static str;

        fn read(&mut self, buffer: &mut [u8], at: u64) -> Result<usize, Self::Error> {
            let rest = self.bytes.get(at as usize..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        }

        fn write(&mut self, bytes: &[u8], at: u64) -> Result<(), Self::Error> {
            if self.full {
                return Err("full");
            }
            self.writes += 1;
            let end = at as usize + bytes.len();
            self.bytes.resize(self.bytes.len().max(end), 0);
            self.bytes[at as usize..end].copy_from_slice(bytes);
            Ok(())
        }

        fn truncate(&mut self, bytes: u64) -> Result<(), Self::Error> {
            self.bytes.truncate(bytes as usize);
            Ok(())
        }

        fn sync(&mut self) -> Result<(), Self::Error> {
            self.syncs += 1;
            Ok(())
        }

        fn size(&self) -> Result<u64, Self::Error> {
            Ok(self.bytes.len() as u64)
        }
    }

    const PAGE: usize = 4096;

    /// Writes pages of a file, each filled with a byte, and gives what the file then is without joining.
    fn pages(file: &mut Joined<Memory>, pages: &[(u64, u8)]) -> Vec<u8> {
        let mut plain = Memory { bytes: file.file.bytes.clone(), ..Memory::default() };
        for (page, fill) in pages {
            file.write(&[*fill; PAGE], page * PAGE as u64).unwrap();
            plain.write(&[*fill; PAGE], page * PAGE as u64).unwrap();
        }
        plain.bytes
    }

    #[test]
    fn pages_that_follow_one_another_are_one_write_and_there_at_the_sync() {
        let mut file = Joined::new(Memory::default());
        let plain = pages(&mut file, &[(0, 1), (1, 2), (2, 3), (7, 4), (8, 5), (3, 6), (3, 7), (1, 8)]);
        assert_eq!(file.size().unwrap(), 9 * PAGE as u64);
        file.sync().unwrap();
        assert_eq!(file.file.bytes, plain);
        assert_eq!((file.file.writes, file.file.syncs), (5, 1));
    }

    #[test]
    fn what_is_kept_counts_for_reads_sizes_and_cuts() {
        let mut file = Joined::new(Memory::default());
        pages(&mut file, &[(0, 1), (1, 2)]);
        assert_eq!(file.size().unwrap(), 2 * PAGE as u64);
        let mut byte = [0];
        assert_eq!(file.read(&mut byte, PAGE as u64), Ok(1));
        assert_eq!(byte, [2]);
        pages(&mut file, &[(2, 3), (3, 4)]);
        file.truncate(3 * PAGE as u64).unwrap();
        assert_eq!(file.file.bytes.len(), 3 * PAGE);
    }

    #[test]
    fn many_pages_go_in_pieces() {
        let mut file = Joined::new(Memory::default());
        let many: Vec<_> = (0..1_000).map(|page| (page, page as u8)).collect();
        let plain = pages(&mut file, &many);
        assert!(file.kept.len() <= KEPT_MAX);
        let (file, flushed) = file.into_file();
        assert_eq!((flushed, file.writes), (Ok(()), 4));
        assert_eq!(file.bytes, plain);
    }

    #[test]
    fn a_write_that_fails_is_told_before_the_file_is_synced_and_forgotten() {
        let mut file = Joined::new(Memory { full: true, ..Memory::default() });
        file.write(&[1; PAGE], 0).unwrap();
        assert_eq!(file.sync(), Err("full"));
        assert_eq!(file.file.syncs, 0);
        file.file.full = false;
        file.sync().unwrap();
        assert!(file.file.bytes.is_empty());
    }
}
