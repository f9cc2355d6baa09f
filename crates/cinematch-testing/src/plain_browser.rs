//! A simulated browser with scripts turned off.

use crate::client::Client;
use crate::reply::Reply;

/// A client that behaves like a browser with scripts turned off: it opens pages, submits forms and stores
/// cookies.
#[derive(Debug)]
pub struct PlainBrowser<'a> {
    /// Client that sends the requests.
    pub server: &'a Client,
    /// Value of the `Cookie` header sent with each request.
    pub cookies: String,
}

impl<'a> PlainBrowser<'a> {
    /// Creates a browser and registers a new profile called `name` in it.
    pub fn new(server: &'a Client, name: &str) -> Self {
        let mut browser = Self { server, cookies: String::new() };
        let reply = browser.send("/people", &format!("name={name}"), &[]);
        assert_eq!(reply.headers["location"], "/welcome");
        browser
    }

    /// Opens the page at `path`, asserts that the reply is HTML with status 200, and returns the HTML.
    pub fn page(&self, path: &str) -> String {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        assert!(reply.text.starts_with("<!DOCTYPE html>"), "{path}");
        reply.text
    }

    /// Opens the page at `path` without following redirects.
    pub fn get(&self, path: &str) -> Reply {
        let headers = [("accept", "text/html"), ("cookie", &*self.cookies)];
        self.server.send(("GET", path), &headers, None)
    }

    /// Submits a form as if from the browse page, without following redirects, and stores any cookies from the
    /// reply.
    pub fn send(&mut self, path: &str, fields: &str, more: &[(&str, &str)]) -> Reply {
        let referrer = format!("{}/browse?genre=crime", self.server.origin());
        let mut headers = vec![
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html"),
            ("cookie", &*self.cookies),
            ("referer", &*referrer),
        ];
        headers.extend_from_slice(more);
        let reply = self.server.send(("POST", path), &headers, Some(fields.as_bytes()));
        for set in reply.headers.get_all("set-cookie") {
            let cookie = set.to_str().unwrap().split(';').next().unwrap();
            let (name, _) = cookie.split_once('=').unwrap();
            let others =
                self.cookies.split("; ").filter(|it| !it.is_empty() && !it.starts_with(name));
            self.cookies = others.chain([cookie]).collect::<Vec<_>>().join("; ");
        }
        reply
    }
}
