//! `drydock serve`, `drydock migrate`, and the task commands against a server.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{Ended, Running, drydock, run, site, text};

/// A server over an emulated site.
struct Yard {
    _emulator: Running,
    server: Running,
    url: String,
    design: String,
}

impl Yard {
    fn start(folder: &Path) -> Self {
        let (site, _) = site(folder);
        let args = ["emulate", "--site", text(&site), "--maas-listen", "127.0.0.1:0", "--speed", "50ms"];
        let mut emulator = Running::start(drydock(&args));
        let maas_url = emulator.line("maas:").replace("maas: ", "");
        emulator.line("ready");
        let key = folder.join("maas.key");
        std::fs::write(&key, "emulated:emulated:emulated\n").unwrap();
        let database = folder.join("drydock.db");
        let mut command = drydock(&["serve", "--listen", "127.0.0.1:0", "--poll-interval", "20ms"]);
        command.args(["--database", text(&database), "--maas-url", &maas_url, "--maas-key-file", text(&key)]);
        let mut server = Running::start(command);
        let url = server.line("listening on").replace("listening on ", "");
        server.line("ready");
        Self { _emulator: emulator, server, url, design: text(&site).to_owned() }
    }

    fn task(&self, args: &[&str]) -> Ended {
        let mut command = drydock(&["task"]);
        command.args(args).env("DRYDOCK_URL", &self.url);
        Running::start(command).end()
    }
}

#[test]
fn tasks_are_created_followed_listed_shown_and_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let yard = Yard::start(folder.path());

    let verified = yard.task(&["create", "verify_site", "--design", &yard.design, "--wait"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(verified.stdout.ends_with("verify_site complete: success\n"), "{verified:?}");

    let created = yard.task(&["create", "prepare_nodes", "--design", &yard.design, "--nodes", "r1n01,r1n02"]);
    assert_eq!(created.code, Some(0), "{created:?}");
    let id = created.stdout.trim();
    let watched = yard.task(&["watch", id, "--interval", "20ms"]);
    assert_eq!(watched.code, Some(0), "{watched:?}");
    for node in ["r1n01", "r1n02"] {
        assert!(watched.stdout.contains(&format!("prepare_nodes {node} 9/9 success")), "{watched:?}");
    }

    // r1n03 was not prepared, so nothing can be installed on it.
    let deploy = ["create", "deploy_nodes", "--design", &yard.design, "--wait", "--nodes"];
    let partial = yard.task(&[&deploy[..], &["r1n01,r1n03"]].concat());
    assert_eq!(partial.code, Some(1), "{partial:?}");
    assert!(partial.stdout.contains("partial_success; failed: r1n03"), "{partial:?}");
    assert!(partial.stdout.contains("\nerror: r1n03: "), "it says why: {partial:?}");
    let nobody = yard.task(&[&deploy[..], &["nobody"]].concat());
    assert!(
        nobody.stdout.contains("\nsaid: The design has no node nobody"),
        "that there is nothing to do is told: {nobody:?}"
    );

    let listed: Value = serde_json::from_str(&yard.task(&["list", "--format", "json"]).stdout).unwrap();
    let actions: Vec<_> = listed.as_array().unwrap().iter().map(|task| task["action"].clone()).collect();
    assert_eq!(actions, ["deploy_nodes", "deploy_nodes", "prepare_nodes", "verify_site"], "the newest first");
    let listed = yard.task(&["list", "--limit", "2"]);
    assert_eq!(listed.stdout.lines().count(), 3, "{listed:?}");

    let events = |more: &[&str]| {
        let mut command = drydock(&["events", "--server", &yard.url, "--task", id]);
        command.args(more);
        Running::start(command).end()
    };
    let told = events(&[]);
    assert_eq!(told.code, Some(0), "{told:?}");
    let first = told.stdout.lines().next().unwrap();
    assert!(first.ends_with(&format!("{id}  the task begins")), "{told:?}");
    assert!(told.stdout.ends_with(&format!("{id}  the task completed\n")), "{told:?}");
    let as_json = events(&["--format", "json", "--since", "2026-01-01T00:00:00Z"]);
    let lines: Vec<Value> = as_json.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), told.stdout.lines().count(), "{as_json:?}");
    assert_eq!(lines.last().unwrap()["event"], "task_completed", "{as_json:?}");
    let cursor = told.stderr.trim().rsplit(' ').next().unwrap();
    assert_eq!(events(&["--after", cursor]).stdout, "", "all was read up to {cursor}");

    let shown = yard.task(&["show", id, "--steps"]);
    for part in ["successes     r1n01 r1n02", "select", "vote", "complete"] {
        assert!(shown.stdout.contains(part), "no {part:?} in {shown:?}");
    }
    let cancelled = yard.task(&["cancel", id]);
    assert_eq!(cancelled.code, Some(1), "{cancelled:?}");
    assert!(cancelled.stderr.contains("has ended already"), "{cancelled:?}");
    assert_eq!(yard.task(&["show", "nothing"]).code, Some(1));

    yard.server.signal("INT");
    let ended = yard.server.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in [" ended: verify_site: success", " ended: deploy_nodes: partial_success"] {
        assert_eq!(ended.stderr.matches(part).count(), 1, "{part:?} in {ended:?}");
    }
    assert!(!ended.stderr.contains("outcome=200"), "reads are not worth a line: {ended:?}");
}

#[test]
fn without_a_database_there_is_one_of_the_users_own() {
    let home = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = drydock(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("HOME", home.path());
        let mut server = Running::start(command);
        let database = server.line("database:");
        server.line("ready");
        server.signal("TERM");
        assert_eq!(server.end().code, Some(0));
        database
    };
    let file = home.path().join(".local/share/drydock/drydock.db");
    let said = start();
    assert!(said.ends_with(text(&file)), "{said}");
    assert!(file.exists());
    drop_tables(&file);
    start();
}

#[test]
fn wrong_arguments_make_no_folder() {
    let home = tempfile::tempdir().unwrap();
    for args in [&["--listen", "0.0.0.0:0"][..], &["--maas-url", "http://127.0.0.1:1/MAAS"]] {
        let mut command = drydock(&["serve"]);
        command.args(args).env("HOME", home.path());
        let refused = Running::start(command).end();
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(!home.path().join(".local").exists(), "{args:?}");
    }
}

#[test]
fn a_server_whose_output_nobody_reads_goes_on_and_logs_where_it_listens() {
    let mut command = drydock(&["serve", "--listen", "127.0.0.1:0", "--database", "memory:"]);
    // A pipe whose other end is closed before the program begins.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut server = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let log = BufReader::new(server.stderr.take().unwrap()).lines().map_while(Result::ok);
    let told: Vec<_> = log.take_while(|line| !line.contains("ready")).collect();
    assert!(told.iter().any(|line| line.contains("listening on http://127.0.0.1:")), "{told:?}");
    assert_eq!(server.try_wait().unwrap(), None, "it has ended: {told:?}");
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn whoever_follows_a_task_outlives_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let database = folder.path().join("drydock.db");
    // Nobody answers at the BMCs or at the MAAS, so the task cannot end by itself soon.
    let serve = |listen: &str| {
        let mut command =
            drydock(&["serve", "--listen", listen, "--database", text(&database), "--name", "one"]);
        command.args(["--maas-url", "http://127.0.0.1:1/MAAS"]).env("MAAS_API_KEY", "a:b:c");
        let mut server = Running::start(command);
        let url = server.line("listening on").replace("listening on ", "");
        server.line("ready");
        (server, url)
    };
    let (server, url) = serve("127.0.0.1:0");
    let task = |args: &[&str]| {
        let mut command = drydock(&["task"]);
        command.args(args).env("DRYDOCK_URL", &url);
        Running::start(command)
    };
    let id = task(&["create", "prepare_nodes", "--design", text(&site)]).end().stdout;
    let mut watch = task(&["watch", id.trim(), "--interval", "20ms"]);
    let mut stopped = task(&["watch", id.trim(), "--interval", "20ms"]);
    watch.line("prepare_nodes");
    stopped.line("prepare_nodes");
    stopped.signal("INT");
    let stopped = stopped.end();
    assert_eq!(stopped.code, Some(130), "{stopped:?}");
    assert!(stopped.stderr.contains("the task goes on"), "{stopped:?}");
    server.kill();
    watch.line("the server does not answer");
    let (_server, _) = serve(url.strip_prefix("http://").unwrap());
    assert_eq!(task(&["cancel", id.trim()]).end().code, Some(0));
    let watched = watch.end();
    assert_eq!(watched.code, Some(1), "{watched:?}");
    assert!(watched.stdout.contains("prepare_nodes terminated: failure"), "{watched:?}");
}

#[test]
fn a_running_task_is_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    // Nobody answers at the BMCs or at the MAAS, so the task cannot end by itself soon.
    let mut command = drydock(&["serve", "--listen", "127.0.0.1:0", "--database", "memory:"]);
    command.args(["--maas-url", "http://127.0.0.1:1/MAAS"]).env("MAAS_API_KEY", "a:b:c");
    let mut server = Running::start(command);
    let url = server.line("listening on").replace("listening on ", "");
    let task = |args: &[&str]| {
        let mut command = drydock(&["task"]);
        command.args(args).env("DRYDOCK_URL", &url);
        Running::start(command).end()
    };
    let id = task(&["create", "prepare_nodes", "--design", text(&site)]).stdout;
    let cancelled = task(&["cancel", id.trim()]);
    assert_eq!(cancelled.code, Some(0), "{cancelled:?}");
    let watched = task(&["watch", id.trim(), "--interval", "20ms", "--format", "json"]);
    assert_eq!(watched.code, Some(1), "{watched:?}");
    let end: Value = serde_json::from_str(watched.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(end["status"], "terminated", "{watched:?}");
}

#[test]
fn migrate_says_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("drydock.db");
    let first = run(&["migrate", "--database", text(&database)]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.stdout.contains("migrated from schema version 0 to "), "{first:?}");
    let second = run(&["migrate", "--database", text(&database)]);
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(second.stdout.contains("up to date already"), "{second:?}");
}

#[test]
fn serve_refuses_an_old_schema_unless_told_to_migrate() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("drydock.db");
    let made = run(&["migrate", "--database", text(&database)]);
    assert_eq!(made.code, Some(0), "{made:?}");
    drop_tables(&database);
    let args = ["serve", "--listen", "127.0.0.1:0", "--database", text(&database)];
    let refused = run(&args);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("run `drydock migrate`"), "{refused:?}");
}

/// Takes the schema back to before the first migration; the file is not empty then.
fn drop_tables(database: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::Connection as _;
        let url = format!("sqlite://{}", text(database));
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
        for table in tables {
            let drop = sqlx::AssertSqlSafe(format!("DROP TABLE {table}"));
            sqlx::query(drop).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
    });
}
