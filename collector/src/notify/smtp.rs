//! E-mail: one message to all receivers of the channel, in plain text and as HTML with the chart as a picture
//! inside, over STARTTLS or TLS, or in the clear to a server on the same machine. `Message-ID` is made from the key, so that a mail
//! delivered twice shows as one.

use std::{net::IpAddr, time::Duration};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Attachment, Mailbox, MultiPart, SinglePart, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};

use super::{failure::Failure, html, secret::Secret, words::Delivery};
use crate::{
    config::{self, Language, SmtpSecurity},
    story::Picture,
};

/// A server that has not taken the mail by then is taken as hanging.
pub const ANSWER_TIME: Duration = Duration::from_secs(20);

/// Why a mail channel cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not an address.
    #[error("`{address}` is no mail address\nhint: write `name@example.com` or `Name <name@example.com>`")]
    Address {
        /// What was written.
        address: String,
    },
    /// TLS cannot be used for this host.
    #[error("TLS cannot be prepared for `{host}`\nhint: `host` is the name in the server's certificate")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        #[source]
        source: lettre::transport::smtp::Error,
    },
    /// In the clear over a network.
    #[error(
        "`security = \"none\"` with host `{host}`\nhint: only a server on this machine may be spoken to in the clear; use `starttls` or `tls`"
    )]
    Clear {
        /// The host.
        host: String,
    },
}

/// A mail server and who gets mail.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
    language: Language,
    answer_time: Duration,
}

impl Smtp {
    /// A channel as configured.
    pub fn new(
        config: &config::Smtp,
        language: Language,
        password: Option<Secret>,
        answer_time: Duration,
    ) -> Result<Self, Error> {
        let tls = || {
            TlsParameters::new(config.host.clone()).map_err(|source| Error::Tls { host: config.host.clone(), source })
        };
        let (tls, usual_port) = match config.security {
            SmtpSecurity::Starttls => (Tls::Required(tls()?), 587),
            SmtpSecurity::Tls => (Tls::Wrapper(tls()?), 465),
            SmtpSecurity::None if is_loopback(&config.host) => (Tls::None, 25),
            SmtpSecurity::None => return Err(Error::Clear { host: config.host.clone() }),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port.unwrap_or(usual_port))
            .tls(tls)
            .timeout(Some(answer_time));
        if let (Some(user), Some(password)) = (&config.user, password) {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        let to = config.to.iter().map(|a| mailbox(a)).collect::<Result<_, _>>()?;
        Ok(Self { transport: builder.build(), from: mailbox(&config.from)?, to, language, answer_time })
    }

    /// Sends once.
    pub async fn send(&self, delivery: &Delivery) -> Result<(), Failure> {
        let mail = self.mail(delivery).map_err(|_| Failure::message("the mail cannot be written"))?;
        match tokio::time::timeout(self.answer_time, self.transport.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(e)) => Err(failure(&e)),
            Err(_) => Err(Failure::channel("no answer in time")),
        }
    }

    fn mail(&self, delivery: &Delivery) -> Result<Message, lettre::error::Error> {
        let domain = Address::domain(&self.from.email);
        let id: String = delivery.key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '.' }).collect();
        let mut mail = Message::builder()
            .from(self.from.clone())
            .message_id(Some(format!("<{id}@{domain}>")))
            .subject(delivery.subject.clone());
        for to in &self.to {
            mail = mail.to(to.clone());
        }
        let plain = SinglePart::plain(delivery.text.clone());
        let png = delivery.picture.as_ref().and_then(Picture::png);
        let Some(page) = html::page(delivery, self.language, png.is_some()) else { return mail.singlepart(plain) };
        let both = MultiPart::alternative().singlepart(plain);
        let page = SinglePart::html(page);
        mail.multipart(match png {
            None => both.singlepart(page),
            Some(png) => {
                let kind = ContentType::parse("image/png").expect("a known type");
                let picture = Attachment::new_inline(html::PICTURE_CID.into()).body(png, kind);
                both.multipart(MultiPart::related().singlepart(page).singlepart(picture))
            }
        })
    }
}

fn mailbox(text: &str) -> Result<Mailbox, Error> {
    text.parse().map_err(|_| Error::Address { address: text.to_owned() })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// What failed, without what the server said: its words may repeat ours.
fn failure(e: &lettre::transport::smtp::Error) -> Failure {
    let code = e.status().map(|c| c.to_string());
    match code {
        Some(code) if e.is_permanent() => {
            // 530, 534, 535, 538: our credentials, which every mail meets.
            if code.starts_with("53") {
                Failure::channel(format!("the mail server answered {code}: it does not accept user and password"))
            } else {
                Failure::message(format!("the mail server answered {code}"))
            }
        }
        Some(code) => Failure::channel(format!("the mail server answered {code}")),
        None if e.is_timeout() => Failure::channel("no answer in time"),
        None if e.is_tls() => Failure::channel("TLS failed"),
        None if e.is_client() => Failure::channel("the mail server lacks what is configured"),
        None => Failure::channel("the connection to the mail server failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_clear_only_to_this_machine() {
        for (host, expected) in
            [("localhost", true), ("127.0.0.1", true), ("::1", true), ("mail.example.com", false), ("10.0.0.1", false)]
        {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
}
