//! Minimal HTTP/1.1 client for load generation: keep-alive connections, complete replies.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Timeout for reading a reply.
const REPLY_TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the bytes of a POST request with a JSON body.
pub fn post(path: &str, address: SocketAddr, body: &str) -> Vec<u8> {
    request("POST", path, address, None, Some(body))
}

/// Returns the bytes of a request, with an optional user ID and JSON body.
pub fn request(
    method: &str,
    path: &str,
    address: SocketAddr,
    user: Option<u64>,
    body: Option<&str>,
) -> Vec<u8> {
    let user = user.map(|user| format!("X-User-Id: {user}\r\n")).unwrap_or_default();
    let length = body.map(|body| {
        format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
    });
    let (length, body) = (length.unwrap_or_default(), body.unwrap_or_default());
    format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{user}{length}\r\n{body}").into_bytes()
}

/// A reply with its decoded body.
#[derive(Debug, PartialEq)]
pub struct Reply<'a> {
    /// Status code.
    pub status: u16,
    /// Body without chunk framing.
    pub body: Cow<'a, [u8]>,
}

impl Reply<'_> {
    /// Returns true if the JSON body has `"count": count` near its end. Quotes inside JSON strings
    /// are escaped, so a string value can't be mistaken for the field.
    pub fn has_count(&self, count: usize) -> bool {
        let field = format!("\"count\":{count}");
        let mut windows = self.body.windows(field.len()).enumerate().rev();
        windows.find(|(_, window)| *window == field.as_bytes()).is_some_and(|(at, _)| {
            self.body.get(at + field.len()).is_some_and(|next| !next.is_ascii_digit())
        })
    }
}

/// A keep-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects with Nagle's algorithm disabled.
    pub fn open(address: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(REPLY_TIMEOUT))?;
        Ok(Self { stream, buffer: vec![0; 1 << 16] })
    }

    /// Sends a request.
    pub fn send(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).context("cannot send a request")
    }

    /// Waits for the reply to the previous request.
    pub fn receive(&mut self) -> Result<Reply<'_>> {
        let mut filled = 0;
        let reply = loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            let read =
                self.stream.read(&mut self.buffer[filled..]).context("cannot read a reply")?;
            if read == 0 {
                bail!("the server closed a keep-alive connection");
            }
            filled += read;
            if let Some(frame) = frame(&self.buffer[..filled])? {
                break frame;
            }
        };
        if reply.end != filled {
            bail!("received {} bytes after the end of a reply", filled - reply.end);
        }
        let body = if reply.chunked {
            Cow::Owned(unchunk(&self.buffer[reply.body..])?.unwrap_or_default().0)
        } else {
            Cow::Borrowed(&self.buffer[reply.body..reply.end])
        };
        Ok(Reply { status: reply.status, body })
    }

    /// Sends a request and waits for its reply.
    pub fn exchange(&mut self, request: &[u8]) -> Result<Reply<'_>> {
        self.send(request)?;
        self.receive()
    }
}

/// Position of a complete reply in the received bytes.
#[derive(Debug, PartialEq)]
struct Frame {
    status: u16,
    body: usize,
    end: usize,
    chunked: bool,
}

/// Finds the bounds of a reply. Returns `None` while it is incomplete.
fn frame(bytes: &[u8]) -> Result<Option<Frame>> {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let body = head + 4;
    let head = std::str::from_utf8(&bytes[..head]).context("the reply's head is not text")?;
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let Some(status) = status else { bail!("not an HTTP/1.1 reply: {first}") };

    let (mut length, mut chunked) = (None, false);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { bail!("not a header: {line}") };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse::<usize>().context("Content-Length is not a number")?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.eq_ignore_ascii_case("chunked");
        }
    }
    let end = match (chunked, length) {
        (true, _) => unchunk(&bytes[body..])?.map(|(_, length)| body + length),
        (false, Some(length)) => Some(body + length).filter(|end| *end <= bytes.len()),
        (false, None) => bail!("a reply has neither a Content-Length nor chunks"),
    };
    Ok(end.map(|end| Frame { status, body, end, chunked }))
}

/// Decodes a chunked body and returns it with its encoded length, or `None` while it is incomplete.
fn unchunk(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let rest = &bytes[at..];
        let Some(line) = rest.windows(2).position(|window| window == b"\r\n") else {
            return Ok(None);
        };
        let size = std::str::from_utf8(&rest[..line]).unwrap_or_default();
        let size = size.split(';').next().unwrap_or_default().trim();
        let size =
            usize::from_str_radix(size, 16).context("the size of a chunk is not a number")?;
        let data = line + 2;
        let Some(chunk) = rest.get(data..data + size + 2) else { return Ok(None) };
        if !chunk.ends_with(b"\r\n") {
            bail!("the size of a chunk does not match its data");
        }
        body.extend_from_slice(&chunk[..size]);
        at += data + size + 2;
        if size == 0 {
            return Ok(Some((body, at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn ends_a_reply_at_its_content_length() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        let whole = Frame { status: 200, body: 38, end: 43, chunked: false };
        assert_eq!(frame(bytes).unwrap(), Some(whole));
        for cut in 0..bytes.len() {
            assert_eq!(frame(&bytes[..cut]).unwrap(), None, "cut at {cut}");
        }
    }

    #[test]
    fn joins_chunks_up_to_the_last_one() {
        let bytes = b"HTTP/1.1 422 No\r\nTransfer-Encoding: Chunked\r\n\r\n\
                      3\r\nhel\r\nb;x=y\r\nlo\r\n, world\r\n0\r\n\r\n";
        let Frame { status, body, end, chunked } = frame(bytes).unwrap().unwrap();
        assert_eq!((status, end, chunked), (422, bytes.len(), true));
        assert_eq!(unchunk(&bytes[body..]).unwrap().unwrap().0, b"hello\r\n, world");
        for cut in 0..bytes.len() {
            assert_eq!(frame(&bytes[..cut]).unwrap(), None, "cut at {cut}");
        }
    }

    #[test]
    fn rejects_malformed_replies() {
        for bytes in [
            "ICY 200 OK\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n",
        ] {
            assert!(frame(bytes.as_bytes()).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn counts_matches_the_field_and_the_entire_number() {
        let has_count = |body: &str, count| {
            Reply { status: 200, body: Cow::Borrowed(body.as_bytes()) }.has_count(count)
        };
        assert!(has_count(r#"{"recommendations":[],"count":20,"user_id":"a"}"#, 20));
        assert!(has_count(r#"{"count":20}"#, 20));
        assert!(!has_count(r#"{"count":200}"#, 20));
        assert!(!has_count(r#"{"count":19}"#, 20));
        assert!(!has_count(r#"{"overview":"\"count\":20,"}"#, 20));
    }

    #[test]
    fn reuses_a_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = std::io::BufReader::new(stream.try_clone().unwrap()).lines();
            for part in ["hel", "lo"] {
                while lines.next().unwrap().unwrap() != "{}" {}
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", part.len());
                stream.write_all(head.as_bytes()).unwrap();
                stream.write_all(part.as_bytes()).unwrap();
            }
        });
        let mut connection = Connection::open(address).unwrap();
        let request = post("/", address, "{}\n");
        for expected in ["hel", "lo"] {
            let reply = connection.exchange(&request).unwrap();
            assert_eq!((reply.status, reply.body.as_ref()), (200, expected.as_bytes()));
        }
        server.join().unwrap();
        assert!(connection.exchange(&request).is_err());
    }
}
