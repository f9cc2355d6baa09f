//! Resumable file downloads with checksum verification.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cinematch::digits::hex;
use cinematch::files::{self, FileError};
use md5::{Digest, Md5};
use reqwest::header::{ETAG, HeaderMap, IF_RANGE, LAST_MODIFIED, RANGE};
use reqwest::{Client, Response, StatusCode, Url};

use crate::clock::Clock;

/// Base URL of GroupLens's file server.
pub const GROUPLENS: &str = "https://files.grouplens.org";

/// Number of consecutive attempts without progress before a download fails.
const MAX_ATTEMPTS: u32 = 6;
const MIN_BACKOFF: Duration = Duration::from_secs(1);
/// Maximum size of a download. The MovieLens 32M archive is 239 MB.
const MAX_SIZE: u64 = 4 << 30;
const MAX_MD5_SIZE: usize = 4 << 10;

/// Error returned when a download fails. The bytes received so far are kept if the download can be
/// resumed.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The base URL is invalid or insecure.
    #[error("the address `{0}` cannot be used: expected https://HOST, or http:// on this machine")]
    Base(String),
    /// HTTPS could not be set up.
    #[error("cannot set up HTTPS: {0}")]
    Client(String),
    /// The server doesn't have the file.
    #[error(
        "GroupLens does not have {file} (HTTP {status}{}); see https://grouplens.org/datasets/movielens/",
        if (300..400).contains(status) {
            ", a redirect to another server, which is not followed"
        } else {
            ""
        }
    )]
    NotFound {
        /// Name of the requested file.
        file: String,
        /// HTTP status of the response.
        status: u16,
    },
    /// All attempts failed.
    #[error(
        "cannot download {file}: {reason}. Run the command again to resume after {received} bytes"
    )]
    Broken {
        /// Name of the requested file.
        file: String,
        /// The reason why the last attempt failed.
        reason: String,
        /// Number of bytes received so far.
        received: u64,
    },
    /// The file exceeds the size limit.
    #[error("{file} is larger than {} GiB, so it cannot be a MovieLens release", MAX_SIZE >> 30)]
    TooLarge {
        /// Name of the requested file.
        file: String,
    },
    /// The file's checksum is not the published one.
    #[error(
        "{file} is damaged: GroupLens publishes the MD5 {expected}, the download has {got}. Nothing was \
         replaced; run the command again to repeat the download"
    )]
    Checksum {
        /// Name of the requested file.
        file: String,
        /// Published MD5.
        expected: String,
        /// MD5 of the received bytes.
        got: String,
    },
    /// Another process is downloading the file.
    #[error(
        "another `cinematch fetch movielens` is downloading {file}; wait until it has finished"
    )]
    Busy {
        /// Name of the requested file.
        file: String,
    },
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Progress of a download, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes received so far, including those from earlier runs.
    pub received: u64,
    /// Total size; `None` if the server didn't send it.
    pub total: Option<u64>,
}

/// Downloads files from GroupLens or a compatible server.
#[derive(Debug)]
pub struct Download {
    client: Client,
    base: Url,
    clock: Clock,
}

impl Download {
    /// Creates a downloader for the server at `base`, which is usually [`GROUPLENS`].
    pub fn new(base: &str, clock: Clock) -> Result<Self, DownloadError> {
        let url =
            crate::http::safe_url(base).ok_or_else(|| DownloadError::Base(base.to_owned()))?;
        // Ranges of a compressed response don't correspond to ranges of the file.
        let client = crate::http::client(clock)
            .redirect(crate::http::same_server_only(&url))
            .no_gzip()
            .build();
        let client = client.map_err(|error| DownloadError::Client(crate::http::describe(error)))?;
        Ok(Self { client, base: url, clock })
    }

    /// Returns the MD5 published alongside `file`, or `None` if there isn't one.
    pub async fn published_md5(&self, file: &str) -> Result<Option<String>, DownloadError> {
        let name = format!("{file}.md5");
        let mut tries = 0;
        loop {
            let reason = match self.get(&name, HeaderMap::new()).await {
                Ok(response) if response.status().is_success() => match text(response).await {
                    Ok(text) => return Ok(md5_in(&text)),
                    Err(reason) => reason,
                },
                Ok(response) if response.status().is_client_error() => return Ok(None),
                Ok(response) if response.status().is_redirection() => {
                    let status = response.status().as_u16();
                    return Err(DownloadError::NotFound { file: name, status });
                }
                Ok(response) => format!("HTTP {}", response.status().as_u16()),
                Err(reason) => reason,
            };
            tries += 1;
            if tries == MAX_ATTEMPTS {
                return Err(DownloadError::Broken { file: name, reason, received: 0 });
            }
            self.clock.sleep(MIN_BACKOFF * 2_u32.pow(tries - 1)).await;
        }
    }

    /// Downloads `file` to `part`, resuming where an earlier run stopped, and checks it against `md5` if
    /// given. Returns the file's MD5.
    pub async fn file(
        &self,
        file: &str,
        part: &Path,
        md5: Option<&str>,
        mut progress: impl FnMut(Progress),
    ) -> Result<String, DownloadError> {
        let _lock = files::lock_sibling(part).map_err(|error| match error.cause.kind() {
            io::ErrorKind::WouldBlock => DownloadError::Busy { file: file.to_owned() },
            _ => error.into(),
        })?;
        let mut part = Part::open(part)?;
        let mut tries = 0;
        while let Err(reason) = self.resume(file, &mut part, &mut progress, &mut tries).await? {
            tries += 1;
            if tries >= MAX_ATTEMPTS {
                let have = part.received;
                return Err(DownloadError::Broken {
                    file: file.to_owned(),
                    reason,
                    received: have,
                });
            }
            self.clock.sleep(MIN_BACKOFF * 2_u32.pow(tries - 1)).await;
        }
        let got = part.finish()?;
        match md5 {
            Some(expected) if expected != got => {
                part.remove()?;
                let expected = expected.to_owned();
                Err(DownloadError::Checksum { file: file.to_owned(), expected, got })
            }
            _ => Ok(got),
        }
    }

    /// Requests the missing bytes. An inner error describes a failure that may be retried.
    async fn resume(
        &self,
        file: &str,
        part: &mut Part,
        progress: &mut impl FnMut(Progress),
        tries: &mut u32,
    ) -> Result<Result<(), String>, DownloadError> {
        let mut response = match self.get(file, part.headers()).await {
            Ok(response) => response,
            Err(reason) => return Ok(Err(reason)),
        };
        let status = response.status();
        match status {
            StatusCode::PARTIAL_CONTENT if starts_at(&response) == Some(part.received) => {}
            StatusCode::OK => part.restart(&response)?,
            // The file on the server has changed, so the partial file is no longer a prefix of it.
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                part.clear()?;
                return Ok(Err("the file on GroupLens has changed".to_owned()));
            }
            _ if (status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS)
                || status.is_redirection() =>
            {
                return Err(DownloadError::NotFound {
                    file: file.to_owned(),
                    status: status.as_u16(),
                });
            }
            _ => return Ok(Err(format!("HTTP {}", status.as_u16()))),
        }
        let total = response.content_length().map(|rest| part.received + rest);
        if total.unwrap_or(part.received) > MAX_SIZE {
            return Err(DownloadError::TooLarge { file: file.to_owned() });
        }
        progress(Progress { received: part.received, total });
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    part.append(&chunk)?;
                    *tries = 0;
                    if part.received > MAX_SIZE {
                        return Err(DownloadError::TooLarge { file: file.to_owned() });
                    }
                    progress(Progress { received: part.received, total });
                }
                Ok(None) if total.is_none_or(|total| total == part.received) => return Ok(Ok(())),
                Ok(None) => return Ok(Err("the connection ended early".to_owned())),
                Err(error) => return Ok(Err(crate::http::describe(error))),
            }
        }
    }

    async fn get(&self, file: &str, headers: HeaderMap) -> Result<Response, String> {
        let path = format!("/datasets/movielens/{file}");
        let url = self.base.join(&path).map_err(|error| error.to_string())?;
        self.client.get(url).headers(headers).send().await.map_err(crate::http::describe)
    }
}

/// A partial download, and the version (entity tag or date) of the file that it belongs to.
struct Part {
    path: PathBuf,
    version: PathBuf,
    file: File,
    received: u64,
    tag: Option<String>,
}

impl Part {
    fn open(path: &Path) -> Result<Self, FileError> {
        let mut options = File::options();
        options.create(true).truncate(false).read(true).write(true);
        let mut file = options.open(path).map_err(FileError::at("open", path))?;
        let mut version = path.as_os_str().to_owned();
        version.push(".version");
        let version = PathBuf::from(version);
        let tag = fs::read_to_string(&version).ok().filter(|tag| !tag.is_empty());
        // Without a version, the bytes could belong to a different file.
        if tag.is_none() {
            file.set_len(0).map_err(FileError::at("empty", path))?;
        }
        let received = file.seek(SeekFrom::End(0)).map_err(FileError::at("read", path))?;
        Ok(Self { path: path.to_owned(), version, file, received, tag })
    }

    /// Returns headers that request the rest of the file, provided it hasn't changed.
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let tag = self.tag.as_deref().and_then(|tag| tag.parse().ok());
        if let (Some(tag), 1..) = (tag, self.received)
            && let Ok(range) = format!("bytes={}-", self.received).parse()
        {
            headers.insert(IF_RANGE, tag);
            headers.insert(RANGE, range);
        }
        headers
    }

    /// Discards the bytes received so far and starts over with a response that contains the whole file.
    fn restart(&mut self, response: &Response) -> Result<(), FileError> {
        self.clear()?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        // A weak entity tag doesn't guarantee identical bytes.
        let strong = header(ETAG).filter(|tag| !tag.starts_with("W/"));
        if let Some(tag) = strong.or_else(|| header(LAST_MODIFIED)) {
            files::replace(&self.version, |out| out.write_all(tag.as_bytes()))?;
            self.tag = Some(tag.to_owned());
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<(), FileError> {
        self.tag = None;
        self.received = 0;
        let _ = fs::remove_file(&self.version);
        self.file.set_len(0).map_err(FileError::at("empty", &self.path))?;
        self.file.rewind().map_err(FileError::at("empty", &self.path))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file.write_all(bytes).map_err(FileError::at("write", &self.path))?;
        self.received += bytes.len() as u64;
        Ok(())
    }

    /// Syncs the file to disk and returns its MD5.
    fn finish(&mut self) -> Result<String, FileError> {
        self.file.sync_all().map_err(FileError::at("sync", &self.path))?;
        self.file.rewind().map_err(FileError::at("read", &self.path))?;
        md5_of(&mut self.file).map_err(FileError::at("read", &self.path))
    }

    fn remove(&self) -> Result<(), FileError> {
        let _ = fs::remove_file(&self.version);
        fs::remove_file(&self.path).map_err(FileError::at("remove", &self.path))
    }
}

/// Returns the MD5 of everything in `reader`, in hexadecimal.
pub(super) fn md5_of(reader: &mut impl Read) -> io::Result<String> {
    let mut hasher = Md5::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    Ok(hex(&hasher.finalize()))
}

/// Returns the MD5 of the file at `path`, in hexadecimal.
pub fn md5_of_file(path: &Path) -> Result<String, FileError> {
    let mut file = File::open(path).map_err(FileError::at("open", path))?;
    md5_of(&mut file).map_err(FileError::at("read", path))
}

/// Parses the checksum in a line such as `d472…  ml-32m.zip` or `MD5 (ml-32m.zip) = d472…`.
fn md5_in(text: &str) -> Option<String> {
    let word = |word: &&str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split_whitespace().find(word).map(str::to_ascii_lowercase)
}

fn starts_at(response: &Response) -> Option<u64> {
    let range = response.headers().get("content-range")?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

async fn text(mut response: Response) -> Result<String, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(crate::http::describe)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_MD5_SIZE {
            return Err("the checksum file is too long".to_owned());
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_md5_from_both_file_formats() {
        let sum = "D472be332d4daa821edc399621853b57";
        let expected = Some(sum.to_ascii_lowercase());
        assert_eq!(md5_in(&format!("{sum}  ml-32m.zip\n")), expected);
        assert_eq!(md5_in(&format!("MD5 (ml-32m.zip) = {sum}")), expected);
        assert_eq!(md5_in("<html>not found</html>"), None);
        assert_eq!(md5_of(&mut b"abc".as_slice()).unwrap(), "900150983cd24fb0d6963f7d28e17f72");
    }
}
