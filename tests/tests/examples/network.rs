//! Small honest servers: what a song server, a web page and a name server say. They live as long as the
//! test.

use std::{
    io::{Read, Write},
    net::{TcpListener, UdpSocket},
    thread,
};

/// A server that greets whoever connects; its port.
pub fn greeter(greeting: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut peer in listener.incoming().flatten() {
            let _ = peer.write_all(greeting.as_bytes());
        }
    });
    port
}

/// A web server with one page; its address.
pub fn web_server(status: u16, page: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut peer in listener.incoming().flatten() {
            let mut request = [0; 2048];
            let _ = peer.read(&mut request);
            let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", page.len());
            let _ = peer.write_all((head + page).as_bytes());
        }
    });
    format!("http://{address}/page")
}

/// A name server that knows one address for every name (RFC 1035); its port.
pub fn dns_server() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, peer)) = socket.recv_from(&mut question) {
            // The name ends with an empty label, type and class follow.
            let Some(end) = question[12..length].iter().position(|byte| *byte == 0) else { continue };
            let asked = &question[12..12 + end + 5];
            let mut answer = Vec::from(&question[..2]);
            // An answer, recursion wanted and had, no error; one question, one answer.
            answer.extend([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
            answer.extend(asked);
            // The name of the question, A, IN, 60 s, four bytes.
            answer.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
            let _ = socket.send_to(&answer, peer);
        }
    });
    port
}
