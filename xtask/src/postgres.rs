//! Temporary local `PostgreSQL` server for tests, removed at the end of a run even if the run is
//! interrupted.

use std::env;
use std::fs::{self, DirBuilder, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::debian::is_root;
use crate::{debian, project};

/// Required programs in the `bin` folder of a `PostgreSQL` installation.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];
/// Name of the database superuser.
const USER: &str = "cinematch_test";
/// Maximum number of attempts to start the server, in case another process takes the port.
const ATTEMPTS: usize = 5;

/// Creates a cluster in the folder `$2`, starts its server, prints `ready`, and waits until its
/// standard input closes. The system closes it when [`Postgres`] is dropped or xtask is killed. The
/// script runs in its own process group, which does not receive Ctrl-C. `fsync` stays enabled, since
/// tests kill the server and check durability.
const START_SCRIPT: &str = r#"
trap '' HUP INT PIPE
bin=$1 home=$2 user=$3
exec 2>"$home/start.log"
"$bin/initdb" --pgdata "$home/data" --username "$user" --pwfile "$home/password" \
    --auth scram-sha-256 --encoding UTF8 --locale C --no-sync >&2 &&
    cat "$home/settings" >>"$home/data/postgresql.conf" &&
    "$bin/pg_ctl" start -w -t 120 -D "$home/data" -l "$home/server.log" >&2 &&
    echo ready
exec >&-
read -r _
"$bin/pg_ctl" stop -w -m immediate -D "$home/data" >&2
rm -rf "$home"
"#;

/// A running server, stopped and removed on drop.
pub struct Postgres {
    script: Child,
    folder: DataFolder,
    url: String,
}

impl Postgres {
    /// Finds the programs, or installs them if permitted, then creates a cluster and starts its server.
    pub fn start() -> Result<Self> {
        let programs = programs()?;
        let owner = Owner::choose()?;
        for _ in 1..ATTEMPTS {
            if let Some(started) = Self::try_start(&programs, owner)? {
                return Ok(started);
            }
        }
        bail!("PostgreSQL cannot bind a port: other processes took the free port {ATTEMPTS} times")
    }

    /// Starts a server. Returns `None` if another process has taken the port.
    fn try_start(programs: &Path, owner: Option<Owner>) -> Result<Option<Self>> {
        let folder = DataFolder::make(owner)?;
        let (password, port) = (random_hex()?, free_port()?);
        folder.write("password", &format!("{password}\n"))?;
        folder.write(
            "settings",
            &format!(
                "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n\
                 max_connections = 200\nlog_min_messages = warning\n"
            ),
        )?;
        let mut script = Command::new("sh");
        script.args(["-c", START_SCRIPT, "keeper"]).arg(programs).arg(&folder.path).arg(USER);
        script.stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir(&folder.path);
        script.process_group(0).env("LC_ALL", "C");
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                script.env_remove(name);
            }
        }
        if let Some(owner) = owner {
            script.uid(owner.uid).gid(owner.gid);
        }
        let script = script.spawn().context("cannot run sh")?;
        let url = format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres");
        let mut started = Self { script, folder, url };
        if started.is_ready()? {
            return Ok(Some(started));
        }
        let output = started.folder.logs();
        if output.contains("Address already in use") {
            return Ok(None);
        }
        bail!("PostgreSQL ({}) did not start:\n{}", programs.display(), output.trim_end())
    }

    /// Waits for the start script and returns true if it has started the server.
    fn is_ready(&mut self) -> Result<bool> {
        let mut output = String::new();
        if let Some(stdout) = self.script.stdout.take() {
            let result = BufReader::new(stdout).read_line(&mut output);
            result.context("cannot read from PostgreSQL's start script")?;
        }
        Ok(output == "ready\n")
    }

    /// Returns the connection URL with user and password.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Closing its input makes the start script stop the server.
        drop(self.script.stdin.take());
        if let Err(error) = self.script.wait() {
            eprintln!("PostgreSQL in {} may still be running: {error}", self.folder.path.display());
        }
    }
}

/// Data folder of a cluster, removed on drop.
struct DataFolder {
    path: PathBuf,
    owner: Option<Owner>,
}

impl DataFolder {
    /// Creates an empty folder that is accessible only to `owner`.
    fn make(owner: Option<Owner>) -> Result<Self> {
        // Other users may lack access to the build directory.
        let parent = if owner.is_some() { env::temp_dir() } else { project::target()?.join("tmp") };
        fs::create_dir_all(&parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        let path = parent.join(format!("cinematch-postgres-{}", random_hex()?));
        let result = DirBuilder::new().mode(0o700).create(&path);
        result.with_context(|| format!("cannot create {}", path.display()))?;
        let folder = Self { path, owner };
        folder.set_owner(&folder.path)?;
        Ok(folder)
    }

    /// Writes a file that only the owner can read.
    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path.join(name);
        let file = File::options().write(true).create_new(true).mode(0o600).open(&path);
        let result = file.and_then(|mut file| file.write_all(text.as_bytes()));
        result.with_context(|| format!("cannot write {}", path.display()))?;
        self.set_owner(&path)
    }

    fn set_owner(&self, path: &Path) -> Result<()> {
        let Some(Owner { uid, gid }) = self.owner else { return Ok(()) };
        chown(path, Some(uid), Some(gid))
            .with_context(|| format!("cannot change the owner of {} to user {uid}", path.display()))
    }

    /// Returns the logs of the server and the start script.
    fn logs(&self) -> String {
        let read = |name| fs::read_to_string(self.path.join(name)).unwrap_or_default();
        read("start.log") + &read("server.log")
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        // Usually already removed by the start script.
        if let Err(error) = fs::remove_dir_all(&self.path)
            && self.path.exists()
        {
            eprintln!("cannot remove {}: {error}", self.path.display());
        }
    }
}

/// System user that runs the server.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// Chooses another user if this process runs as root, which `PostgreSQL` rejects. Returns `None` if
    /// it runs as any other user.
    fn choose() -> Result<Option<Self>> {
        if !is_root()? {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let found =
            Self::find_user(&users, "postgres").or_else(|| Self::find_user(&users, "nobody"));
        found.map(Some).context(
            "PostgreSQL does not run as root, and neither the user `postgres` nor `nobody` exists: \
             run `cargo xtask test` as another user",
        )
    }

    /// Finds a user by name in the lines of a passwd file.
    fn find_user(users: &str, name: &str) -> Option<Self> {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let is_match = fields.next() == Some(name);
            let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            is_match.then_some(Self { uid, gid })
        })
    }
}

/// Returns the folder that contains the `PostgreSQL` programs, installing the Debian package if they
/// are missing and installation is permitted.
fn programs() -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    debian::install("postgresql")?;
    if let Some(found) = find() {
        return Ok(found);
    }
    bail!(
        "PostgreSQL's server programs ({}) are not in the folder that `pg_config --bindir` prints, in \
         /usr/lib/postgresql/*/bin or on PATH. On Debian and Ubuntu: `sudo apt-get install -y \
         --no-install-recommends postgresql`; with Homebrew: `brew install postgresql@17`",
        PROGRAMS.join(", ")
    )
}

fn find() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok();
    let configured = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().into());
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = debian.map(|entry| entry.path()).collect();
    newest_first(&mut debian);
    let debian = debian.into_iter().map(|version| version.join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = configured.into_iter().chain(debian).chain(env::split_paths(&path));
    let mut complete = folders.filter(|folder: &PathBuf| {
        folder.is_absolute() && PROGRAMS.iter().all(|program| folder.join(program).is_file())
    });
    complete.next()
}

/// Sorts folders named after versions, newest first.
fn newest_first(folders: &mut [PathBuf]) {
    folders.sort_by_key(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let numbers = name.split('.').map(|part| part.parse().unwrap_or(0_u32));
        std::cmp::Reverse(numbers.collect::<Vec<_>>())
    });
}

/// Returns a currently unused port.
fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind("127.0.0.1:0").context("cannot find a free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// Returns 16 random bytes in hexadecimal.
fn random_hex() -> Result<String> {
    let mut bytes = [0; 16];
    let read = File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes));
    read.context("cannot read /dev/urandom")?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn finds_a_user_by_exact_name() {
        let users = "root:x:0:0:root:/root:/bin/bash\n\npostgresql:x:7:8::/:/bin/sh\n\
                     postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n\
                     broken:x:many:1::/:\nnobody:*:65534:65533:nobody:/nonexistent:/bin/false";
        assert_eq!(Owner::find_user(users, "postgres"), Some(Owner { uid: 101, gid: 104 }));
        assert_eq!(Owner::find_user(users, "nobody"), Some(Owner { uid: 65534, gid: 65533 }));
        assert_eq!(Owner::find_user(users, "broken"), None);
        assert_eq!(Owner::find_user(users, "ada"), None);
    }

    #[test]
    fn compares_versions_as_numbers() {
        let mut folders = ["9.6", "15", "snapshot", "9.10", "17"].map(PathBuf::from);
        newest_first(&mut folders);
        assert_eq!(folders, ["17", "15", "9.10", "9.6", "snapshot"].map(PathBuf::from));
    }

    #[test]
    fn generates_long_distinct_random_names() {
        let (one, other) = (random_hex().unwrap(), random_hex().unwrap());
        assert_eq!((one.len(), other.len()), (32, 32));
        assert_ne!(one, other);
    }
    #[test]
    fn stops_and_removes_the_server_on_drop() {
        if find().is_none() {
            return eprintln!("!!! DID NOT RUN: no PostgreSQL; `cargo xtask test` installs it !!!");
        }
        let server = Postgres::start().unwrap();
        let (_, address) = server.url().rsplit_once('@').unwrap();
        let address = address.strip_suffix("/postgres").unwrap().to_owned();
        let folder = server.folder.path.clone();
        assert!(folder.join("data/PG_VERSION").is_file());
        TcpStream::connect(&address).unwrap();
        drop(server);
        TcpStream::connect(&address).unwrap_err();
        assert!(!folder.exists());
    }
}
