//! As much of HTTP/1.1 as tests need to look behind planc's back.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// What moto takes for a signature: it only looks that there is one.
pub const SIGNED: (&str, &str) = (
    "Authorization",
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, \
     SignedHeaders=host, Signature=0",
);

/// A request or an answer: its first line, headers and body.
#[derive(Debug, Clone, Default)]
pub struct Message {
    pub first: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Message {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Reads one message. `bodiless` says that no body follows whatever the headers say, as
    /// behind the answer to a HEAD.
    pub fn read(stream: &mut impl BufRead, bodiless: bool) -> io::Result<Message> {
        let mut message = Message { first: line(stream)?, ..Message::default() };
        let status = message.first.split(' ').nth(1).and_then(|word| word.parse().ok());
        message.status = status.unwrap_or(0);
        loop {
            let header = line(stream)?;
            let Some((key, value)) = header.split_once(':') else { break };
            message.headers.push((key.to_owned(), value.trim().to_owned()));
        }
        if bodiless || matches!(message.status, 100..200 | 204 | 304) {
            return Ok(message);
        }
        let chunked = message.header("Transfer-Encoding").is_some_and(|how| how == "chunked");
        let length = message.header("Content-Length").and_then(|text| text.parse::<usize>().ok());
        if chunked {
            loop {
                let size = usize::from_str_radix(&line(stream)?, 16).map_err(io::Error::other)?;
                let mut chunk = vec![0; size];
                stream.read_exact(&mut chunk)?;
                message.body.extend(chunk);
                line(stream)?;
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = length {
            message.body = vec![0; length];
            stream.read_exact(&mut message.body)?;
        } else if message.first.starts_with("HTTP/") {
            stream.read_to_end(&mut message.body)?;
        }
        Ok(message)
    }
}

/// Sends one request to loopback and reads the answer.
pub fn send(
    port: u16,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Message> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n");
    for (key, value) in headers {
        head.push_str(&format!("{key}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    Message::read(&mut BufReader::new(stream), method == "HEAD")
}

fn line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
