//! The warehouse that both sides post to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::contender::Outcome;

/// A server on loopback that takes every request: a thread a connection, and nothing kept.
pub(super) struct Warehouse {
    address: SocketAddr,
}

impl Warehouse {
    /// It takes `delay` over each request, and listens until the process ends.
    pub(super) fn open(delay: Duration) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Named, so that a profile tells the server from both sides.
                drop(thread::Builder::new().name("server".to_owned()).spawn(move || drop(answer(&stream, delay))));
            }
        });
        Ok(Warehouse { address })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn answer(stream: &TcpStream, delay: Duration) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line.trim_end().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().unwrap_or(0);
                }
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
        if !delay.is_zero() {
            thread::sleep(delay);
        }
        writer.write_all(
            b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 33\r\n\r\n\
              {\"id\":\"WH-1\",\"status\":\"accepted\"}",
        )?;
    }
}
