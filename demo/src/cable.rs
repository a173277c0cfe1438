//! The network cable of one agent: forwards TCP to the broker until it is pulled. Knows no MQTT.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A pause after `accept` failed (too many open files, say), so that the loop does not spin.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// A cable that can be pulled and plugged in again.
#[derive(Debug)]
pub struct Cable {
    /// Where the agent connects to.
    pub address: SocketAddr,
    plugged: watch::Sender<bool>,
}

impl Cable {
    /// Lays a cable to `broker`; it works until it is pulled or dropped.
    pub async fn lay(broker: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (plugged, state) = watch::channel(true);
        tokio::spawn(carry(listener, broker, state));
        Ok(Self { address, plugged })
    }

    /// Cuts every connection and refuses new ones.
    pub fn pull(&self) {
        self.plugged.send_replace(false);
    }

    /// Lets connections through again.
    pub fn plug_in(&self) {
        self.plugged.send_replace(true);
    }
}

async fn carry(listener: TcpListener, broker: SocketAddr, mut plugged: watch::Receiver<bool>) {
    loop {
        let agent = tokio::select! {
            accepted = listener.accept() => accepted,
            gone = plugged.changed() => match gone {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        match agent {
            Ok((agent, _)) if *plugged.borrow() => {
                tokio::spawn(connection(agent, broker, plugged.clone()));
            }
            // A pulled cable: the connection ends before a byte passes.
            Ok(_) => {}
            Err(_) => tokio::time::sleep(PAUSE_AFTER_ERROR).await,
        }
    }
}

async fn connection(mut agent: TcpStream, broker: SocketAddr, mut plugged: watch::Receiver<bool>) {
    let Ok(mut broker) = TcpStream::connect(broker).await else { return };
    // Small messages must not wait for each other; without it the cable is only slower.
    let _ = (agent.set_nodelay(true), broker.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut agent, &mut broker) => {}
        _ = plugged.wait_for(|plugged| !plugged) => {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_pulled_cable_cuts_what_flows_and_a_plugged_one_carries_again() {
        let broker = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let cable = Cable::lay(broker.local_addr().unwrap()).await.unwrap();
        let mut agent = TcpStream::connect(cable.address).await.unwrap();
        agent.write_all(b"hello").await.unwrap();
        let (mut far, _) = broker.accept().await.unwrap();
        let mut heard = [0; 5];
        far.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");

        cable.pull();
        assert_eq!(agent.read(&mut heard).await.unwrap_or(0), 0);
        let mut again = TcpStream::connect(cable.address).await.unwrap();
        assert_eq!(again.read(&mut heard).await.unwrap_or(0), 0);

        cable.plug_in();
        let mut again = TcpStream::connect(cable.address).await.unwrap();
        again.write_all(b"again").await.unwrap();
        let (mut far, _) = broker.accept().await.unwrap();
        far.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"again");
    }
}
