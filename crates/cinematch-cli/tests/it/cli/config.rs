//! Settings: source precedence, validation, `config check` and `config explain`.

use std::fs;

use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::server::Server;

/// Returns the value and origin that `config explain` reports for `key`.
fn explained_setting(
    folder: &Folder,
    key: &str,
    flags: &[&str],
    variables: &[(&str, &str)],
) -> [String; 2] {
    let arguments = [flags, &["config", "explain", key, "--json"]].concat();
    let output = folder.command(&arguments).envs(variables.iter().copied()).output().unwrap();
    let explained: Value = serde_json::from_slice(&output.stdout).unwrap();
    let shown = |field: &str| explained[0][field].as_str().unwrap_or_default().to_owned();
    [shown("value"), shown("origin")]
}

#[test]
fn precedence_is_flag_environment_env_file_config_file() {
    let folder = Folder::empty();
    let of = |flags: &[&str], variables: &[(&str, &str)]| {
        explained_setting(&folder, "general.threads", flags, variables).map(|text| text)
    };
    assert_eq!(of(&[], &[]), ["0", "default"]);
    folder.write("cinematch.toml", b"# ours\n[general]\nthreads = 2\n");
    assert_eq!(of(&[], &[]), ["2", "cinematch.toml, line 3"]);
    folder.write(".env", b"CINEMATCH_THREADS=3\n");
    assert_eq!(of(&[], &[]), ["3", "CINEMATCH_THREADS in .env"]);
    let variables = [("CINEMATCH_THREADS", "4")];
    assert_eq!(of(&[], &variables), ["4", "CINEMATCH_THREADS in the environment"]);
    assert_eq!(of(&["--threads", "5"], &variables), ["5", "--threads"]);
}

#[test]
fn commands_use_the_config_file_unless_overridden() {
    let folder = Folder::with_sample();
    folder.write(
        "cinematch.toml",
        b"[preprocess]\nmin_year = 1990\nkeep_without_genres = true\nservices = 'none'\n\
          [data]\nmerged = 'elsewhere/films.csv'\n\
          [train]\nmodel = 'content'\nkeep = 1\n",
    );
    let preprocess_with = |flags: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["preprocess"], flags].concat();
        let output = folder.command(&arguments).envs(variables.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder.json("elsewhere/preprocess_report.json")["settings"].clone()
    };
    let used = preprocess_with(&[], &[]);
    assert_eq!((&used["min_year"], &used["keep_without_genres"]), (&1990.into(), &true.into()));
    let used = preprocess_with(&["--keep-without-genres=false"], &[("CINEMATCH_MIN_YEAR", "1995")]);
    assert_eq!((&used["min_year"], &used["keep_without_genres"]), (&1995.into(), &false.into()));
    let used = preprocess_with(&["--min-year", "none"], &[("CINEMATCH_MIN_YEAR", "1995")]);
    assert!(used["min_year"].is_null());

    let trained: Value = serde_json::from_str(&folder.ok(&["train", "--json"])).unwrap();
    let model_id = trained["manifest"]["model_id"].as_str().unwrap();
    assert!(model_id.starts_with("content-"), "{model_id}");
    folder.ok(&["train", "--seed", "7"]);
    folder.ok(&["train", "--seed", "8"]);
    // The served generation and the rollback target are kept.
    assert_eq!(fs::read_dir(folder.path("ml/artifacts/generations")).unwrap().count(), 2);
}

#[test]
fn relative_paths_resolve_against_the_root_folder() {
    let folder = Folder::trained();
    fs::rename(folder.path("ml"), folder.path("models")).unwrap();
    folder.write("etc/ours.toml", b"[data]\nartifacts = 'models/artifacts'\n");
    let elsewhere = Folder::empty();
    let root = folder.path("");
    let run = |config: &str| {
        let arguments = ["status", "--root", root.to_str().unwrap()];
        elsewhere.command(&arguments).env("CINEMATCH_CONFIG", config).output().unwrap()
    };
    let output = run(folder.path("etc/ours.toml").to_str().unwrap());
    assert!(String::from_utf8_lossy(&output.stdout).contains("generation 1"));
    let error = String::from_utf8(run("nowhere.toml").stderr).unwrap();
    assert!(error.contains("cannot read nowhere.toml") && error.contains("--config"), "{error}");
}

#[test]
fn errors_name_the_line_and_suggest_a_fix() {
    let folder = Folder::empty();
    for (text, expected) in [
        ("[server]\nprot = 1\n", "line 2: [server] prot: unknown setting; did you mean port?"),
        (
            "\n[server]\nmode = 'open'\n",
            "line 3: [server] mode: unknown setting; did you mean [access] mode?",
        ),
        ("[severs]\nport = 1\n", "line 1: unknown section [severs]; did you mean [server]?"),
        ("[films]\n", "line 1: unknown section [films]; known sections: [general], [server], "),
        (
            "port = 9000\n",
            "line 1: port: settings must be in a section; did you mean [server] port?",
        ),
        ("server = 1\n", "line 1: expected the section [server], got integer"),
        (
            "[server]\nport = '9000'\n",
            "line 2: [server] port: expected a whole number, got a string",
        ),
        ("[server]\nport = 70000\n", "line 2: [server] port: 70000 is not in 0..=65535"),
        ("[server]\nhost = 'here'\n", "line 2: [server] host: invalid IP address syntax"),
        ("[access]\nmode = 'shut'\n", "line 2: [access] mode: expected one of open, accounts"),
        (
            "[access]\nbehind_proxy = 'yes'\n",
            "line 2: [access] behind_proxy: expected true or false, got a string",
        ),
        (
            "[server]\ncors_origins = 'x'\n",
            "line 2: [server] cors_origins: expected a list of strings, got a string",
        ),
        ("[server]\ncors_origins = []\n", "the list is empty; remove the line to use the default"),
        ("[preprocess]\nmin_year = 'soon'\n", "expected a year such as 1980, or `none`"),
        ("[preprocess]\nsample_fraction = 2\n", "expected a number from 0 to 1"),
        ("[tmdb]\ntoken = 'canary'\n", "secrets are not allowed in this file"),
        (
            "[database]\nurl = 'postgres://us:canary@host/films'\n",
            "line 2: [database] url: passwords are not allowed in this file; set DATABASE_URL in the",
        ),
        (
            "[database]\npath = 'a.db'\nurl = 'postgres://us@host/films'\n",
            "line 3: database.path and database.url are mutually exclusive; line 2 sets the other",
        ),
        ("[server]\nport = 1\nport = 2\n", "line 3: invalid TOML: duplicate key"),
        ("[server]\nport = \n", "line 2: invalid TOML"),
    ] {
        folder.write("cinematch.toml", text.as_bytes());
        let error = folder.fails(&["status"]);
        assert!(error.contains("cinematch.toml, ") && error.contains(expected), "{text}\n{error}");
        assert!(!error.contains("canary"), "{error}");
        assert!(
            folder.ok(&["status", "--help"]).contains("Usage"),
            "--help works despite the error"
        );
        let output = folder.run(&["config", "check"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text.contains(expected) && !text.contains("canary"), "{text}");
    }
}

#[test]
fn conflicting_settings_are_rejected_with_their_origins() {
    let folder = Folder::trained();
    folder.write("cinematch.toml", b"[server]\nhost = '0.0.0.0'\nport = 0\n");
    let expected = "([server] host: cinematch.toml, line 2; [access] mode: CINEMATCH_ACCESS in the environment)";
    for command in [&["serve"][..], &["config", "check"]] {
        let output = folder.command(command).env("CINEMATCH_ACCESS", "open").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.contains("refusing to listen on 0.0.0.0") && text.contains(expected),
            "{text}"
        );
    }
    folder.write("cinematch.toml", b"[server]\ncors_origins = ['films.example']\n");
    let error = folder.fails(&["serve", "--port", "0"]);
    assert!(error.contains("([server] cors_origins: cinematch.toml, line 2)"), "{error}");
    // A flag overrides the invalid value in the file.
    let server = Server::start_with(&folder, &["--cors-origins", "https://films.example"]);
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn database_url_in_the_environment_overrides_a_path_in_the_file() {
    let folder = Folder::trained();
    folder.write("cinematch.toml", b"[database]\npath = 'people/ours.db'\n");
    let _server = Server::start(&folder);
    assert!(folder.path("people/ours.db").exists());
    let path = folder.path("theirs.db").display().to_string();
    let variables = [("DATABASE_URL", &*format!("sqlite:{path}"))];
    let other = Server::start_in(&folder, &[], &variables);
    assert_eq!(other.get("/health").status, 200);
    assert!(folder.path("theirs.db").exists());
}

#[test]
fn check_reports_all_errors() {
    let folder = Folder::empty();
    let text = folder.ok(&["config", "check"]);
    assert!(text.contains("no cinematch.toml"), "{text}");
    folder.write("cinematch.toml", b"[server]\nport = 9000\nhots = 1\n[train]\nkeep = 0\n");
    folder.write(".env", b"CINEMATCH_MIN_YEAR=soon\nCINEMATCH_PROT=1\n");
    let output = folder.run(&["config", "check", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults: Vec<String> = report["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| format!("{} {} {}", fault["place"], fault["setting"], fault["problem"]))
        .collect();
    insta::assert_snapshot!(faults.join("\n"));
    assert_eq!(report["unknown_variables"], serde_json::json!(["CINEMATCH_PROT"]));
    let error = folder.fails(&["status"]);
    assert!(error.contains("`cinematch config check` to list all 2"), "{error}");
    folder.write("cinematch.toml", b"[server]\nport = 9000\n");
    folder.write(".env", b"CINEMATCH_MIN_YEAR=none\n");
    assert!(folder.ok(&["config", "check"]).contains("cinematch.toml: 1 setting"));
}

#[test]
fn explain_prints_the_settings_as_a_valid_config_file() {
    let folder = Folder::empty();
    folder
        .write("cinematch.toml", b"[access]\nmode = 'accounts' # users sign in\nrate_limit = 5\n");
    folder.write(".env", b"CINEMATCH_RATE_LIMIT=7\nDATABASE_URL=postgres://us:canary@host/films\n");
    insta::assert_snapshot!(folder.ok(&["config", "explain", "access"]));
    let all = folder.ok(&["config", "explain"]);
    assert!(
        all.contains("# url = \"…\"  # DATABASE_URL in .env") && !all.contains("canary"),
        "{all}"
    );
    assert!(!folder.ok(&["config", "explain", "database", "--json"]).contains("canary"));

    let other = Folder::empty();
    other.write("cinematch.toml", all.as_bytes());
    assert!(other.ok(&["config", "check"]).contains("cinematch.toml: 2 settings"));
    let again = other.ok(&["config", "explain", "access.mode"]);
    assert!(again.contains("mode = 'accounts'  # cinematch.toml, line "), "{again}");
    assert!(other.ok(&["config", "explain", "log-format"]).contains("log_format = \"auto\""));
    let error = other.fails(&["config", "explain", "server.prot"]);
    assert!(error.contains("unknown setting `server.prot`; did you mean server.port?"));
}
