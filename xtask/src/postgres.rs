//! A `PostgreSQL` of the tests' own: made for a run, reachable on this machine alone, gone
//! afterwards, however the run ends.

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

/// Programs that a folder must have to be `PostgreSQL`'s.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];
/// The tests' user; it may do everything.
const USER: &str = "cinematch_test";
/// How often another port is tried when somebody else took the free one in between.
const ATTEMPTS: usize = 5;

/// Makes a cluster in the folder `$2` and starts its server, says `ready`, and waits until its standard
/// input ends. That happens when [`Postgres`] is dropped, and as well when xtask is interrupted or
/// killed: the system closes the pipe. It runs in a process group of its own, which Ctrl-C does not
/// reach. `fsync` stays on in the server: tests kill and look what is left.
const KEEPER: &str = r#"
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

/// A running server; stopped and removed when dropped.
pub struct Postgres {
    keeper: Child,
    home: Home,
    url: String,
}

impl Postgres {
    /// Finds the programs, or installs them where it may; makes a database and starts its server.
    pub fn start() -> Result<Self> {
        let programs = programs()?;
        let owner = Owner::choose()?;
        for _ in 1..ATTEMPTS {
            if let Some(started) = Self::try_start(&programs, owner)? {
                return Ok(started);
            }
        }
        bail!("PostgreSQL found no port: {ATTEMPTS} times somebody took the one that was free")
    }

    /// Nothing if its port was taken by somebody else meanwhile.
    fn try_start(programs: &Path, owner: Option<Owner>) -> Result<Option<Self>> {
        let home = Home::make(owner)?;
        let (password, port) = (random_hex()?, free_port()?);
        home.write("password", &format!("{password}\n"))?;
        home.write(
            "settings",
            &format!(
                "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n\
                 max_connections = 200\nlog_min_messages = warning\n"
            ),
        )?;
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(programs).arg(&home.path).arg(USER);
        keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir(&home.path);
        keeper.process_group(0).env("LC_ALL", "C");
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                keeper.env_remove(name);
            }
        }
        if let Some(owner) = owner {
            keeper.uid(owner.uid).gid(owner.gid);
        }
        let keeper = keeper.spawn().context("cannot run sh")?;
        let url = format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres");
        let mut started = Self { keeper, home, url };
        if started.is_ready()? {
            return Ok(Some(started));
        }
        let said = started.home.logs();
        if said.contains("Address already in use") {
            return Ok(None);
        }
        bail!("PostgreSQL ({}) does not start:\n{}", programs.display(), said.trim_end())
    }

    /// Waits until the keeper has started the server, or could not.
    fn is_ready(&mut self) -> Result<bool> {
        let mut said = String::new();
        if let Some(stdout) = self.keeper.stdout.take() {
            let heard = BufReader::new(stdout).read_line(&mut said);
            heard.context("cannot hear of PostgreSQL's start")?;
        }
        Ok(said == "ready\n")
    }

    /// Where it is, user and password included.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The keeper takes the end of its input for the sign to stop the server.
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("PostgreSQL in {} may still run: {error}", self.home.path.display());
        }
    }
}

/// The folder of a cluster; removed when dropped.
struct Home {
    path: PathBuf,
    owner: Option<Owner>,
}

impl Home {
    /// Makes an empty folder that only `owner` can look into.
    fn make(owner: Option<Owner>) -> Result<Self> {
        // Another user than ours may not be able to enter the build directory.
        let parent = if owner.is_some() { env::temp_dir() } else { project::target()?.join("tmp") };
        fs::create_dir_all(&parent).with_context(|| format!("cannot make {}", parent.display()))?;
        let path = parent.join(format!("cinematch-postgres-{}", random_hex()?));
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.with_context(|| format!("cannot make {}", path.display()))?;
        let home = Self { path, owner };
        home.give_away(&home.path)?;
        Ok(home)
    }

    /// Writes a file that only the owner can read.
    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path.join(name);
        let file = File::options().write(true).create_new(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("cannot write {}", path.display()))?;
        self.give_away(&path)
    }

    fn give_away(&self, path: &Path) -> Result<()> {
        let Some(Owner { uid, gid }) = self.owner else { return Ok(()) };
        chown(path, Some(uid), Some(gid))
            .with_context(|| format!("cannot give {} to user {uid}", path.display()))
    }

    /// What the server and its starter said.
    fn logs(&self) -> String {
        let read = |name| fs::read_to_string(self.path.join(name)).unwrap_or_default();
        read("start.log") + &read("server.log")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // The keeper has removed it already, if it could.
        if let Err(error) = fs::remove_dir_all(&self.path)
            && self.path.exists()
        {
            eprintln!("{} stays: {error}", self.path.display());
        }
    }
}

/// Who runs the server.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// `PostgreSQL` refuses to run as root: another user does it then. Everybody else runs it
    /// themselves, which is `None`.
    fn choose() -> Result<Option<Self>> {
        if !is_root()? {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let found = Self::named(&users, "postgres").or_else(|| Self::named(&users, "nobody"));
        found.map(Some).context(
            "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`: \
             run `cargo xtask test` as another user",
        )
    }

    /// Of a user in the lines of a passwd file.
    fn named(users: &str, name: &str) -> Option<Self> {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let is_meant = fields.next() == Some(name);
            let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            is_meant.then_some(Self { uid, gid })
        })
    }
}

/// The folder of `PostgreSQL`'s programs; Debian's package is installed where there is none and we
/// may.
fn programs() -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    debian::install("postgresql")?;
    if let Some(found) = find() {
        return Ok(found);
    }
    bail!(
        "PostgreSQL's server programs ({}) are neither where `pg_config --bindir` says, nor in \
         /usr/lib/postgresql/*/bin, nor on PATH. On Debian and Ubuntu: `sudo apt-get install -y \
         --no-install-recommends postgresql`; with Homebrew: `brew install postgresql@17`",
        PROGRAMS.join(", ")
    )
}

fn find() -> Option<PathBuf> {
    let said = Command::new("pg_config").arg("--bindir").output().ok();
    let configured = said.map(|output| String::from_utf8_lossy(&output.stdout).trim().into());
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

/// Sorts folders named by versions.
fn newest_first(folders: &mut [PathBuf]) {
    folders.sort_by_key(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let numbers = name.split('.').map(|part| part.parse().unwrap_or(0_u32));
        std::cmp::Reverse(numbers.collect::<Vec<_>>())
    });
}

/// A port that nobody listens on at this moment.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// 16 random bytes.
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
    fn a_user_is_found_by_the_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/bash\n\npostgresql:x:7:8::/:/bin/sh\n\
                     postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n\
                     broken:x:many:1::/:\nnobody:*:65534:65533:nobody:/nonexistent:/bin/false";
        assert_eq!(Owner::named(users, "postgres"), Some(Owner { uid: 101, gid: 104 }));
        assert_eq!(Owner::named(users, "nobody"), Some(Owner { uid: 65534, gid: 65533 }));
        assert_eq!(Owner::named(users, "broken"), None);
        assert_eq!(Owner::named(users, "ada"), None);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let mut folders = ["9.6", "15", "snapshot", "9.10", "17"].map(PathBuf::from);
        newest_first(&mut folders);
        assert_eq!(folders, ["17", "15", "9.10", "9.6", "snapshot"].map(PathBuf::from));
    }

    #[test]
    fn random_names_are_long_and_differ() {
        let (one, other) = (random_hex().unwrap(), random_hex().unwrap());
        assert_eq!((one.len(), other.len()), (32, 32));
        assert_ne!(one, other);
    }
    #[test]
    fn a_server_answers_until_it_is_dropped_and_leaves_nothing() {
        if find().is_none() {
            return eprintln!("!!! DID NOT RUN: no PostgreSQL; `cargo xtask test` installs it !!!");
        }
        let server = Postgres::start().unwrap();
        let (_, address) = server.url().rsplit_once('@').unwrap();
        let address = address.strip_suffix("/postgres").unwrap().to_owned();
        let home = server.home.path.clone();
        assert!(home.join("data/PG_VERSION").is_file());
        TcpStream::connect(&address).unwrap();
        drop(server);
        TcpStream::connect(&address).unwrap_err();
        assert!(!home.exists());
    }
}
