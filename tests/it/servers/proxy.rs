//! A server between planc and a real store, which does to the answers what networks do.

use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::http::Message;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered.
    None,
    /// It is never answered.
    Hang,
    /// It is answered with this status.
    Status(u16),
    /// Writes are answered with this status.
    WriteStatus(u16),
    /// It is answered late.
    Slow(Duration),
    /// The connection ends in the middle of a body.
    CutOff,
    /// Half of a body is given for the whole.
    Shorten,
    /// One bit of a body is another.
    FlipBit,
    /// It is answered as if it had no condition.
    NoConditions,
}

/// A running proxy; it ends when it is dropped.
pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    behind: u16,
    fault: Mutex<Fault>,
    /// How many requests are answered before the fault begins.
    spared: AtomicUsize,
    requests: AtomicUsize,
    over: AtomicBool,
}

impl Proxy {
    /// A proxy before the server at this port.
    pub fn before(behind: u16, fault: Fault) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            behind,
            fault: Mutex::new(fault),
            spared: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if serving.over.load(Ordering::Relaxed) {
                    break;
                }
                let serving = Arc::clone(&serving);
                // Clients go away when they like.
                std::thread::spawn(move || drop(serve(client, &serving)));
            }
        });
        Proxy { port, shared }
    }

    /// From now on, after this many requests that are answered.
    pub fn set(&self, fault: Fault, spared: usize) {
        self.shared.spared.store(spared, Ordering::SeqCst);
        *self.shared.fault.lock().unwrap() = fault;
    }

    /// How many requests have come.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

fn serve(client: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut out = client.try_clone()?;
    let mut requests = BufReader::new(client);
    loop {
        let request = Message::read(&mut requests, false)?;
        shared.requests.fetch_add(1, Ordering::SeqCst);
        let less = |spared: usize| spared.checked_sub(1);
        let spared = shared.spared.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
        let fault = if spared { Fault::None } else { *shared.fault.lock().unwrap() };
        let head = request.first.starts_with("HEAD");
        match fault {
            Fault::Hang => {
                while !shared.over.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(50));
                }
                return Ok(());
            }
            Fault::Status(status) => {
                refuse(&mut out, status)?;
                continue;
            }
            Fault::WriteStatus(status) if request.first.starts_with("PUT") => {
                refuse(&mut out, status)?;
                continue;
            }
            Fault::Slow(time) => std::thread::sleep(time),
            _ => {}
        }
        let mut answer = forward(&request, shared.behind, fault == Fault::NoConditions)?;
        let whole = answer.body.len();
        if matches!(answer.status, 200 | 206)
            && !answer.body.is_empty()
            && request.first.starts_with("GET")
        {
            match fault {
                Fault::CutOff | Fault::Shorten => answer.body.truncate(whole / 2),
                Fault::FlipBit => answer.body[whole / 2] ^= 4,
                _ => {}
            }
        }
        let length = match (head, fault) {
            (true, _) => answer.header("Content-Length").unwrap_or("0").to_owned(),
            (false, Fault::CutOff) => whole.to_string(),
            (false, _) => answer.body.len().to_string(),
        };
        let mut text = format!("{}\r\n", answer.first);
        for (key, value) in &answer.headers {
            let own = ["content-length", "transfer-encoding", "connection"];
            if !own.contains(&key.to_ascii_lowercase().as_str()) {
                text.push_str(&format!("{key}: {value}\r\n"));
            }
        }
        text.push_str(&format!("Content-Length: {length}\r\n\r\n"));
        out.write_all(text.as_bytes())?;
        out.write_all(&answer.body)?;
        if answer.body.len() < whole && fault == Fault::CutOff {
            return out.shutdown(Shutdown::Both);
        }
    }
}

fn refuse(out: &mut TcpStream, status: u16) -> io::Result<()> {
    let body = format!("<Error><Code>Injected{status}</Code></Error>");
    let length = body.len();
    let reason = if status == 409 { "Conflict" } else { "Injected" };
    out.write_all(
        format!("HTTP/1.1 {status} {reason}\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes(),
    )
}

fn forward(request: &Message, port: u16, unconditional: bool) -> io::Result<Message> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let mut text = format!("{}\r\n", request.first);
    for (key, value) in &request.headers {
        let condition = key.eq_ignore_ascii_case("if-none-match") && unconditional;
        let framing = ["connection", "transfer-encoding", "content-length"]
            .contains(&key.to_ascii_lowercase().as_str());
        if !condition && !framing {
            text.push_str(&format!("{key}: {value}\r\n"));
        }
    }
    text.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", request.body.len()));
    stream.write_all(text.as_bytes())?;
    stream.write_all(&request.body)?;
    let head = request.first.starts_with("HEAD");
    Message::read(&mut BufReader::new(stream), head)
}
