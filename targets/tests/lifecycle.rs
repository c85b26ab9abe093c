//! Starting and stopping servers that misbehave, and what is left of them afterwards: nothing.
//!
//! Nothing but Rust is needed: the servers, the guardian and the run that is killed are this same
//! executable under other arguments. A server holds a socket open for as long as it lives, so that
//! the socket's end of file is the proof that it is gone.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use corspec_targets::guardian::{self, Guardian};
use corspec_targets::launch::{Launch, Running, Stopped, launch};
use corspec_targets::process::Exit;
use corspec_targets::registry::{Registry, Target};
use libtest_mimic::{Arguments, Failed, Trial};
use tempfile::TempDir;

#[cfg(target_os = "linux")]
#[path = "lifecycle/runaway.rs"]
mod runaway;

type Check = Result<(), Failed>;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let first = arguments.next();
    match first.as_deref().and_then(|word| word.to_str()) {
        Some(guardian::ARGUMENT) => guardian::run(arguments),
        Some("serve") => serve(arguments),
        Some("run-until-killed") => run_until_killed(arguments),
        #[cfg(target_os = "linux")]
        Some("run-away") => runaway::run_away(),
        _ => libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
}

fn trials() -> Vec<Trial> {
    #[cfg(target_os = "linux")]
    let more = runaway::trials();
    #[cfg(not(target_os = "linux"))]
    let more = Vec::new();
    let mut trials = vec![
        Trial::test("a_good_server_gets_ready_and_stops", good_server),
        Trial::test("a_refused_policy_is_told_in_the_servers_words", refused),
        Trial::test("a_crash_before_ready_shows_the_end_of_the_output", crash),
        Trial::test("a_server_that_goes_into_the_background_is_told_to_stay", background),
        Trial::test("a_server_that_never_listens_is_given_up", || {
            given_up("hang", "nothing", "refused")
        }),
        Trial::test("garbage_instead_of_http_is_given_up", || given_up("garbage", "", "")),
        Trial::test("another_servers_answer_is_not_taken", || {
            given_up("impostor", "in its place", "")
        }),
        Trial::test("a_death_during_the_run_is_seen", dies),
        Trial::test("a_server_that_ignores_term_is_killed", stubborn),
        Trial::test("nothing_outlives_the_end_of_the_guardians_pipe", || {
            outlived_by_nothing("stubborn", "alive", false)
        }),
        Trial::test("nothing_outlives_a_killed_run", || {
            outlived_by_nothing("stubborn", "alive", true)
        }),
        Trial::test("an_install_is_done_once", installs_once),
        Trial::test("a_failed_install_is_told_and_tried_again", failed_install),
        Trial::test("an_install_without_end_is_given_up", endless_install),
    ];
    trials.extend(more);
    trials
}

fn good_server() -> Check {
    let (launch, folder) = launched("good")?;
    let running = running(launch)?;
    assert_eq!(running.name, "fake");
    assert_eq!(running.versions["fake"], "1");
    let alive = connect(folder.path())?;
    assert_eq!(noted(folder.path(), "executable")?, env::current_exe()?);
    let temporary = noted(folder.path(), "temporary")?;
    assert!(temporary.is_dir());
    assert_eq!(fs::metadata(&temporary)?.permissions().mode() & 0o777, 0o700);
    assert_eq!(block_on(running.stop()).died, None);
    assert!(!temporary.exists());
    assert_gone(alive)
}

/// The path that the server has written down.
fn noted(project: &Path, name: &str) -> io::Result<PathBuf> {
    fs::read_to_string(project.join("targets/fake").join(name)).map(PathBuf::from)
}

fn refused() -> Check {
    match launched("refuse")?.0 {
        Launch::RefusedConfig { message } => assert_eq!(message, "`*` is refused under {\"a\":1}"),
        other => return Err(format!("{other:?}").into()),
    }
    Ok(())
}

fn crash() -> Check {
    let (launch, folder) = launched("crash")?;
    let Launch::Failed { message, output, .. } = launch else { return Err("ran".into()) };
    assert_eq!(message, "it ended with exit status 3 before it was ready");
    assert!(!noted(folder.path(), "temporary")?.exists());
    assert!(output.ends_with("the last words"), "{output}");
    assert!(output.len() < 20_000, "{} bytes kept", output.len());
    Ok(())
}

fn background() -> Check {
    let Launch::Failed { message, .. } = launched("background")?.0 else {
        return Err("ran".into());
    };
    let says =
        "it ended with exit status 0 before it was ready; a server has to stay in the foreground";
    assert!(message.starts_with(says), "{message}");
    Ok(())
}

fn given_up(mode: &str, seen: &str, or: &str) -> Check {
    let started = Instant::now();
    let Launch::Failed { message, .. } = launched(mode)?.0 else { return Err("ran".into()) };
    assert!(message.starts_with("it did not get ready in time"), "{message}");
    assert!(message.contains(seen) || (!or.is_empty() && message.contains(or)), "{message}");
    assert!(started.elapsed() < Duration::from_secs(10));
    Ok(())
}

fn dies() -> Check {
    let (launch, folder) = launched("good")?;
    let running = running(launch)?;
    let mut alive = connect(folder.path())?;
    alive.write_all(b"die\n")?;
    assert_gone(alive)?;
    block_on(running.ended());
    let Stopped { died, output } = block_on(running.stop());
    assert_eq!(died, Some(Exit::Status(4)));
    assert_eq!(output, "told to die");
    Ok(())
}

fn stubborn() -> Check {
    let (launch, folder) = launched("stubborn")?;
    let running = running(launch)?;
    let alive = connect(folder.path())?;
    block_on(running.stop());
    assert_gone(alive)
}

/// Has another run start a server, ends it by its pipe or by KILL, and waits for the end of the
/// process that holds `socket`.
fn outlived_by_nothing(mode: &str, socket: &str, kill: bool) -> Check {
    let mut run = Command::new(env::current_exe()?)
        .args(["run-until-killed", mode])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut folder = String::new();
    BufReader::new(run.stdout.take().ok_or("no output")?).read_line(&mut folder)?;
    let folder = Path::new(folder.trim());
    let alive = connect_to(folder, socket)?;
    let temporary = noted(folder, "temporary")?;
    end(&mut run, kill)?;
    assert_gone(alive)?;
    // The guardian takes the folder away after the server, and nobody waits for the guardian of a killed run.
    let until = Instant::now() + Duration::from_secs(20);
    while temporary.exists() && Instant::now() < until {
        thread::park_timeout(Duration::from_millis(5));
    }
    assert!(!temporary.exists());
    Ok(fs::remove_dir_all(folder)?)
}

fn end(run: &mut Child, kill: bool) -> io::Result<()> {
    if kill {
        run.kill()?;
    } else {
        drop(run.stdin.take());
    }
    run.wait().map(drop)
}

fn installs_once() -> Check {
    let (target, folder) = fake("good", "[\"${install}/../../../count\"]")?;
    let count = folder.path().join("count");
    fs::write(&count, "#!/bin/sh\necho once >> installs\n")?;
    make_executable(&count)?;
    let guardian = Guardian::start(env::current_exe()?)?;
    for _ in 0..2 {
        block_on(corspec_targets::install::install(&target, &guardian))?;
    }
    let installs = fs::read_to_string(folder.path().join("targets/fake/installs"))?;
    assert_eq!(installs, "once\n");
    Ok(())
}

fn failed_install() -> Check {
    let (target, _folder) = fake("good", "[\"sh\", \"-c\", \"echo no wheel >&2; exit 9\"]")?;
    let guardian = Guardian::start(env::current_exe()?)?;
    for _ in 0..2 {
        let Launch::Failed { message, output, .. } =
            block_on(launch(&target, None, "{}", &guardian))
        else {
            return Err("it ran without its install".into());
        };
        assert!(message.ends_with("failed: exit status 9"), "{message}");
        assert_eq!(output, "no wheel");
    }
    Ok(())
}

fn endless_install() -> Check {
    let (mut target, _folder) = fake("good", "[\"sh\", \"-c\", \"sleep 1000; exit 0\"]")?;
    target.manifest.install.seconds = Some(0);
    let guardian = Guardian::start(env::current_exe()?)?;
    let launch = block_on(launch(&target, None, "{}", &guardian));
    let Launch::Failed { message, .. } = launch else {
        return Err("it ran without its install".into());
    };
    assert!(message.ends_with("failed: it did not end within 0 s"), "{message}");
    Ok(())
}

fn make_executable(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

/// A target whose server behaves as `mode` says, in a project of its own.
fn fake(mode: &str, install: &str) -> Result<(Target, TempDir), Failed> {
    let project = tempfile::tempdir()?;
    let folder = project.path().join("targets/fake");
    fs::create_dir_all(&folder)?;
    let executable = env::current_exe()?;
    let ends_well = matches!(mode, "leaver" | "reloader");
    let ready = if ends_well || matches!(mode, "good" | "stubborn" | "parent") { 20 } else { 1 };
    // One that ends well is never waited for so long.
    let grace = if ends_well { 60 } else { 1 };
    let manifest = format!(
        "name = 'Fake'\nlanguage = 'rust'\nlibrary = 'none'\nhomepage = 'https://fake.example'\n\
         routes = ['resource']\n[install]\ncommands = [{install}]\n[start]\n\
         command = ['{}', 'serve', '{mode}', '${{temp}}', '${{corspec}}']\n\
         ready-seconds = {ready}\ngrace-seconds = {grace}\n",
        executable.display()
    );
    fs::write(folder.join("target.toml"), manifest)?;
    let registry = Registry::discover(Some(&project.path().join("targets")))?;
    Ok((registry.target("fake")?.clone(), project))
}

fn launched(mode: &str) -> Result<(Launch, TempDir), Failed> {
    let (target, project) = fake(mode, "")?;
    let guardian = Guardian::start(env::current_exe()?)?;
    let launch = block_on(launch(&target, None, "{\"a\":1}", &guardian));
    Ok((launch, project))
}

fn running(launch: Launch) -> Result<Box<Running>, Failed> {
    match launch {
        Launch::Running(running) => Ok(running),
        other => Err(format!("{other:?}").into()),
    }
}

fn connect(folder: &Path) -> io::Result<UnixStream> {
    connect_to(folder, "alive")
}

fn connect_to(folder: &Path, socket: &str) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(folder.join("targets/fake").join(socket))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    Ok(stream)
}

/// Waits for the end of what only a living server holds open.
fn assert_gone(mut alive: UnixStream) -> Check {
    match alive.read(&mut [0]) {
        Ok(0) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
        other => Err(format!("the server lives on: {other:?}").into()),
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder
        .enable_all()
        .build()
        .expect("a runtime needs only what every system has")
        .block_on(future)
}

fn run_until_killed(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let mode = arguments.next().unwrap_or_default();
    let Ok((Launch::Running(running), folder)) = launched(&mode.to_string_lossy()) else {
        return ExitCode::FAILURE;
    };
    println!("{}", folder.path().display());
    // Ends when the parent closes the pipe, and never when the parent kills this process.
    drop(io::stdin().read(&mut [0]));
    // Leaves without a word: no destructor runs, only the pipe to the guardian closes.
    std::mem::forget((running, folder));
    std::process::exit(0)
}

fn serve(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.filter_map(|word| word.into_string().ok());
    let mode = arguments.next().unwrap_or_default();
    if note_folder(arguments).is_err() {
        return ExitCode::FAILURE;
    }
    match mode.as_str() {
        "refuse" => {
            let policy = env::var("CORSPEC_POLICY").unwrap_or_default();
            eprintln!("`*` is refused under {policy}");
            return ExitCode::from(78);
        }
        "crash" => {
            eprintln!("{}the last words", "flood ".repeat(100_000));
            return ExitCode::from(3);
        }
        "background" => return ExitCode::SUCCESS,
        "hang" => loop {
            thread::park();
        },
        _ => {}
    }
    match mode.as_str() {
        "stubborn" => on_term(|| {}),
        #[cfg(target_os = "linux")]
        "parent" => {
            on_term(|| {});
            runaway::start_runaway();
        }
        #[cfg(target_os = "linux")]
        "leaver" => runaway::leave_and_end_well(),
        #[cfg(target_os = "linux")]
        "reloader" => runaway::signal_the_group(),
        _ => {}
    }
    // There before the server is ready, so that whoever sees it ready can connect.
    let Ok(alive) = UnixListener::bind("alive") else { return ExitCode::FAILURE };
    thread::spawn(move || hold_open(&alive));
    let port = env::var("CORSPEC_PORT").unwrap_or_default();
    let Ok(listener) = TcpListener::bind(format!("127.0.0.1:{port}")) else {
        return ExitCode::FAILURE;
    };
    let name = if mode == "impostor" { "other" } else { "fake" };
    let body = format!("{{\"name\":\"{name}\",\"versions\":{{\"fake\":\"1\"}}}}");
    let answer = match mode.as_str() {
        "garbage" => "\0\u{1}garbage\r\n\r\n".to_owned(),
        _ => format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    };
    for stream in listener.incoming().flatten() {
        let mut reader = BufReader::new(&stream);
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
            line.clear();
        }
        drop((&stream).write_all(answer.as_bytes()));
    }
    ExitCode::SUCCESS
}

/// Writes into the temporary folder, and notes beside the manifest where it is, what corspec is, and
/// who the parent is.
fn note_folder(mut arguments: impl Iterator<Item = String>) -> io::Result<()> {
    let temporary = arguments.next().unwrap_or_default();
    fs::create_dir(Path::new(&temporary).join("in-it"))?;
    fs::write("temporary", temporary)?;
    fs::write("parent", std::os::unix::process::parent_id().to_string())?;
    fs::write("executable", arguments.next().unwrap_or_default())
}

/// Accepts one connection and holds it until the process ends; the word `die` ends it.
fn hold_open(listener: &UnixListener) {
    for stream in listener.incoming().flatten() {
        let mut line = String::new();
        drop(BufReader::new(&stream).read_line(&mut line));
        if line == "die\n" {
            eprintln!("told to die");
            std::process::exit(4);
        }
    }
}

/// Has TERM do `then` and not end the process: a handler is installed by the runtime.
fn on_term(then: impl Fn() + Send + 'static) {
    let (sender, installed) = std::sync::mpsc::channel();
    thread::spawn(move || {
        block_on(async {
            let term = tokio::signal::unix::SignalKind::terminate();
            let mut handler = tokio::signal::unix::signal(term).expect("TERM can be handled");
            let _ = sender.send(());
            while handler.recv().await.is_some() {
                then();
            }
        });
    });
    let _ = installed.recv();
}
