//! The song system of the venue: a server and a box in each room, ports that accept connections while they
//! run. Boxes start over the network from their server, so they are gone while it is. Serves no songs; the
//! probes ask only whether somebody is there.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use tokio::{net::TcpListener, task::AbortHandle};

/// Between two tries to listen or to accept, in real time.
const RETRY: Duration = Duration::from_millis(50);

/// A server and its boxes.
#[derive(Debug)]
pub struct SongServer {
    /// Where the server is.
    pub address: SocketAddr,
    /// Where the box of each room is.
    pub boxes: Vec<SocketAddr>,
    running: Mutex<Vec<AbortHandle>>,
}

impl SongServer {
    /// Starts them on free ports of this computer.
    pub async fn start(rooms: usize) -> anyhow::Result<Self> {
        let (mut addresses, mut tasks) = (Vec::new(), Vec::new());
        for _ in 0..=rooms {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port for the song system")?;
            addresses.push(listener.local_addr()?);
            tasks.push(tokio::spawn(accept(listener)).abort_handle());
        }
        let address = addresses.remove(0);
        Ok(Self { address, boxes: addresses, running: Mutex::new(tasks) })
    }

    /// Nothing listens any more: whoever connects is refused.
    pub fn switch_off(&self) {
        self.replace(Vec::new());
    }

    /// They listen again on the same ports, as soon as those are free.
    pub fn switch_on(&self) {
        let all = self.boxes.iter().chain([&self.address]);
        self.replace(all.map(|address| tokio::spawn(serve(*address)).abort_handle()).collect());
    }

    fn replace(&self, tasks: Vec<AbortHandle>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *running, tasks).into_iter().for_each(|old| old.abort());
    }
}

async fn serve(address: SocketAddr) {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => accept(listener).await,
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}

async fn accept(listener: TcpListener) {
    loop {
        if listener.accept().await.is_err() {
            tokio::time::sleep(RETRY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_is_off_refuses_and_one_that_is_on_again_accepts() {
        let server = SongServer::start(1).await.unwrap();
        let ask = || tokio::net::TcpStream::connect(server.boxes[0]);
        assert!(ask().await.is_ok());
        server.switch_off();
        while ask().await.is_ok() {
            tokio::task::yield_now().await;
        }
        server.switch_on();
        while ask().await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}
