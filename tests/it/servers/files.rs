//! A plain web server over a folder, as a read-only tier has it.

use std::io::{BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use super::http::Message;

/// Serves the files of a folder for as long as the process lives, and gives the port.
pub fn serve(folder: PathBuf) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let folder = folder.clone();
            std::thread::spawn(move || {
                let mut out = client.try_clone().unwrap();
                let mut requests = BufReader::new(client);
                while let Ok(request) = Message::read(&mut requests, false) {
                    let path = request.first.split(' ').nth(1).unwrap_or("/");
                    let found = std::fs::read(folder.join(path.trim_start_matches('/')));
                    let get = request.first.starts_with("GET ");
                    let (status, body) = match found {
                        Ok(body) if get => ("200 OK", body),
                        _ if get => ("404 Not Found", Vec::new()),
                        _ => ("405 Method Not Allowed", Vec::new()),
                    };
                    let length = body.len();
                    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n");
                    if out.write_all(&[head.as_bytes(), &body].concat()).is_err() {
                        break;
                    }
                }
            });
        }
    });
    port
}
