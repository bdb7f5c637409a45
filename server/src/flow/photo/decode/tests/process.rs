//! The real processes. The program is found through `VIGIE_BIN`, or beside the test program where cargo puts it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use image::ImageFormat;

use super::samples;
use crate::flow::photo::decode::wire::{self, Answer};
use crate::flow::photo::decode::{DecodeError, Decoder, DecoderSettings, PhotoKind, PhotoRefusal};

/// Longer than any script takes on the busiest machine.
const LONG: Duration = Duration::from_secs(60);

fn vigie() -> PathBuf {
    let beside = || {
        std::env::current_exe()
            .ok()?
            .parent()?
            .parent()
            .map(|folder| folder.join("vigie"))
    };
    let program = std::env::var_os("VIGIE_BIN")
        .map(PathBuf::from)
        .or_else(beside)
        .unwrap();
    assert!(program.exists(), "build the program first: {}", program.display());
    program
}

fn decoder() -> Decoder {
    Decoder::new(vigie(), DecoderSettings::default())
}

/// A decoder whose program is a shell script, to see what the parent makes of a child that misbehaves.
fn scripted(folder: &Path, body: &str, patience: Duration) -> Decoder {
    let program = folder.join("program");
    std::fs::write(&program, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    Decoder::new(
        program,
        DecoderSettings {
            sniff_timeout: patience,
            ..DecoderSettings::default()
        },
    )
}

fn jpeg() -> Bytes {
    samples::held(&samples::scene(800, 600), 6).into()
}

#[tokio::test]
async fn a_photo_goes_through_both_processes() {
    let decoder = decoder();
    let sniffed = decoder.sniff(jpeg()).await.unwrap();
    assert_eq!(
        (sniffed.kind, sniffed.width, sniffed.height),
        (PhotoKind::Jpeg, 600, 800)
    );
    assert!(sniffed.position.is_some());
    let derived = decoder.derive(jpeg()).await.unwrap();
    assert_eq!((derived.large.width, derived.large.height), (800, 600));
    assert_eq!(
        wire::read(&framed(&Answer::Derived(derived.clone()))),
        Some(Answer::Derived(derived))
    );
}

#[tokio::test]
async fn a_heic_photo_is_turned_once() {
    let decoder = decoder();
    assert!(
        decoder.heic_available().await,
        "libheif's command is a dependency of the tests"
    );
    let derived = decoder.derive(Bytes::from_static(samples::ROTATED_HEIC)).await.unwrap();
    assert_eq!((derived.large.width, derived.large.height), (480, 640));
    // The red corner, stored at the top left, is at the top right once turned clockwise.
    let picture = image::load_from_memory_with_format(&derived.large.jpeg, ImageFormat::Jpeg)
        .unwrap()
        .into_rgb8();
    let [red, green, _] = picture.get_pixel(460, 20).0;
    assert!(red > 180 && green < 80, "{:?}", picture.get_pixel(460, 20));
}

#[tokio::test]
async fn refusals_come_back_as_what_they_are() {
    let decoder = decoder();
    let flood = Bytes::from(samples::empty_png(65_000, 65_000));
    let short = jpeg().slice(..jpeg().len() / 2);
    let heic = Bytes::from(samples::ROTATED_HEIC[..2000].to_vec());
    let refused = |error: DecodeError| match error {
        DecodeError::Refused(reason) => reason,
        DecodeError::Failed(cause) => panic!("{cause}"),
    };
    assert_eq!(
        decoder.sniff(Bytes::new()).await.map_err(refused),
        Err(PhotoRefusal::UnsupportedType)
    );
    assert_eq!(
        decoder.sniff(flood).await.map_err(refused),
        Err(PhotoRefusal::TooManyPixels)
    );
    assert_eq!(
        decoder.derive(short).await.map_err(refused),
        Err(PhotoRefusal::Unreadable)
    );
    assert_eq!(
        decoder.derive(heic).await.map_err(refused),
        Err(PhotoRefusal::Unreadable)
    );
}

#[tokio::test]
async fn a_misbehaving_process_costs_one_photo_and_a_broken_machine_costs_none() {
    let folder = tempfile::tempdir().unwrap();
    let refused = [
        ("kill -XCPU $$", PhotoRefusal::TookTooLong),
        ("kill -SEGV $$", PhotoRefusal::Unreadable),
        ("exit 101", PhotoRefusal::Unreadable),
        ("echo nonsense", PhotoRefusal::Unreadable),
        ("exec cat /dev/zero", PhotoRefusal::Unreadable),
    ];
    for (body, reason) in refused {
        let answer = scripted(folder.path(), body, LONG).sniff(jpeg()).await;
        assert!(
            matches!(answer, Err(DecodeError::Refused(found)) if found == reason),
            "{body}: {answer:?}"
        );
    }
    for body in ["kill -KILL $$", "kill -TERM $$", "echo no such library >&2; exit 127"] {
        let answer = scripted(folder.path(), body, LONG).sniff(jpeg()).await;
        assert!(matches!(answer, Err(DecodeError::Failed(_))), "{body}: {answer:?}");
    }
    let endless = scripted(folder.path(), "exec sleep 600", Duration::from_millis(200))
        .sniff(jpeg())
        .await;
    assert!(
        matches!(endless, Err(DecodeError::Refused(PhotoRefusal::TookTooLong))),
        "{endless:?}"
    );
    let absent = Decoder::new(folder.path().join("absent"), DecoderSettings::default());
    assert!(matches!(absent.sniff(jpeg()).await, Err(DecodeError::Failed(_))));
}

#[tokio::test]
async fn without_a_converter_heic_is_refused_politely() {
    let folder = tempfile::tempdir().unwrap();
    let decoder = scripted(folder.path(), "exit 127", LONG);
    assert!(!decoder.heic_available().await);
    let answer = decoder.sniff(Bytes::from_static(samples::ROTATED_HEIC)).await;
    assert!(
        matches!(answer, Err(DecodeError::Refused(PhotoRefusal::ConverterMissing))),
        "{answer:?}"
    );
}

#[test]
fn what_a_killed_server_left_of_conversions_is_removed_once_it_is_old() {
    let scratch = tempfile::tempdir().unwrap();
    for name in ["vigie-photo-left", "somebody-else"] {
        let folder = scratch.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("in.heic"), samples::ROTATED_HEIC).unwrap();
    }
    let settings = DecoderSettings {
        scratch: scratch.path().to_owned(),
        ..DecoderSettings::default()
    };
    let decoder = Decoder::new(vigie(), settings);
    let (long_ago, soon) = (SystemTime::UNIX_EPOCH, SystemTime::now() + LONG);
    assert_eq!(decoder.clear_scratch(long_ago).unwrap(), 0, "it may still be in use");
    assert_eq!(decoder.clear_scratch(soon).unwrap(), 1);
    assert!(scratch.path().join("somebody-else/in.heic").exists());
}

#[tokio::test]
async fn the_process_inherits_no_secret_and_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let decoder = scripted(folder.path(), &format!("env > {}; exit 1", seen.display()), LONG);
    assert!(decoder.sniff(jpeg()).await.is_err());
    let seen = std::fs::read_to_string(seen).unwrap();
    let allowed = |line: &str| {
        ["PATH=", "LD_LIBRARY_PATH=", "PWD=", "OLDPWD=", "_=", "SHLVL="]
            .iter()
            .any(|name| line.starts_with(name))
    };
    assert!(seen.lines().all(allowed), "{seen}");
}

#[test]
fn the_limits_hold_in_the_process() {
    let mut process = Command::new(vigie())
        .args(["decode-photo", "derive"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // More than the pipe holds is taken only once the process reads, which is after it has limited itself.
    let stdin = process.stdin.as_mut().unwrap();
    std::io::Write::write_all(stdin, &vec![0xFF; 1024 * 1024]).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.id())).unwrap();
    let soft = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(soft("Max address space"), (768 * 1024 * 1024).to_string());
    assert_eq!(soft("Max cpu time"), "10");
    assert_eq!(soft("Max file size"), "0");
    assert_eq!(soft("Max core file size"), "0");
    assert_eq!(soft("Max open files"), "8");
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    assert!(status.contains("NoNewPrivs:\t1"));
    let output = process.wait_with_output().unwrap();
    assert_eq!(
        wire::read(&output.stdout.into()),
        Some(Answer::Refused(PhotoRefusal::UnsupportedType))
    );
}

#[test]
fn a_frame_that_lies_is_no_answer() {
    let sniffed = framed(&Answer::Refused(PhotoRefusal::Animated));
    assert_eq!(wire::read(&sniffed), Some(Answer::Refused(PhotoRefusal::Animated)));
    for end in 0..sniffed.len() {
        assert_eq!(wire::read(&sniffed.slice(..end)), None);
    }
    let header = |json: &str, blobs: &[u8]| {
        let length = u32::try_from(json.len()).unwrap().to_be_bytes();
        Bytes::from([b"VPH1", &length[..], json.as_bytes(), blobs].concat())
    };
    let derived = |width: u32, large: usize| {
        format!(
            r#"{{"outcome":"derived","large":{{"width":{width},"height":9,"length":{large}}},"small":{{"width":9,"height":9,"length":5}},"placeholder":[],"perceptual_hash":1}}"#
        )
    };
    let blobs = [0xFF, 0xD8, 0xFF, 0xFF, 0xD9].repeat(2);
    assert!(wire::read(&header(&derived(9, 5), &blobs)).is_some());
    assert_eq!(wire::read(&header(&derived(1601, 5), &blobs)), None);
    assert_eq!(wire::read(&header(&derived(9, 6), &blobs)), None);
    assert_eq!(wire::read(&header(&derived(9, usize::MAX), &blobs)), None);
    assert_eq!(wire::read(&header(&derived(9, 5), b"<html>html")), None);
    assert_eq!(
        wire::read(&header(r#"{"outcome":"refused","reason":"photo_odd"}"#, b"")),
        None
    );
}

fn framed(answer: &Answer) -> Bytes {
    let mut frame = Vec::new();
    wire::write(&mut frame, answer).unwrap();
    frame.into()
}
