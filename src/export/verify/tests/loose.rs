//! Damage of every kind to loose files.

use std::fs;

use super::*;

/// Loose files, signed, in a directory of their own.
struct Room {
    place: TempDir,
    key: PublicKey,
}

impl Room {
    fn new(layout: &Layout) -> Self {
        let place = TempDir::new().unwrap();
        let signer = Signer::open_or_create(place.path()).unwrap();
        let packing = Packing {
            signer: Some(&signer),
            ..Packing::new(layout.clone(), 0, Timestamp::from_millis(STAMP))
        };
        let room = place.path().join("room");
        lay_out(&sealed(place.path()), &room, &packing, &Progress::default()).unwrap();
        Self { key: signer.public_key(), place }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join("room").join(name)
    }

    fn verify(&self) -> Result<Verified> {
        verify(&self.path(""), &Progress::default())
    }

    fn complaint(&self) -> String {
        self.verify().unwrap_err().to_string()
    }
}

fn all_names(shape: Shape) -> Vec<String> {
    let payload = FILES.map(|(name, _)| format!("{}{name}", shape.payload()));
    payload.into_iter().chain(shape.tags(true).into_iter().map(str::to_owned)).collect()
}

#[test]
fn intact_files_are_verified_in_every_layout() {
    for layout in layouts() {
        let room = Room::new(&layout);
        let verified = room.verify().unwrap();
        assert_eq!(
            (verified.files, verified.bytes, verified.lines, verified.key),
            (3, 42, 2, Some(room.key))
        );
        let manifest_sha256: [u8; 32] = Sha256::digest(fs::read(room.path(MANIFEST)).unwrap()).into();
        assert_eq!(verified.manifest_sha256, manifest_sha256);
    }
    let bag = Room::new(&Layout::bag("room"));
    assert_eq!(fs::read_to_string(bag.path("bagit.txt")).unwrap(), BAGIT_TEXT);
}

#[test]
fn one_changed_byte_in_any_file_is_found() {
    for layout in layouts() {
        let room = Room::new(&layout);
        for name in all_names(layout.shape()) {
            let intact = fs::read(room.path(&name)).unwrap();
            let mut damages: Vec<_> = (0..intact.len())
                .flat_map(|place| [(place, 0x01), (place, 0x20), (place, 0x80)])
                .map(|(place, mask)| {
                    let mut bytes = intact.clone();
                    bytes[place] ^= mask;
                    bytes
                })
                .collect();
            damages.extend([[&intact[..], b"\n"].concat(), [b" ", &intact[..]].concat()]);
            for damaged in damages {
                fs::write(room.path(&name), &damaged).unwrap();
                let complaint = room.complaint();
                assert!(!complaint.contains('\n'), "{complaint}");
            }
            fs::write(room.path(&name), intact).unwrap();
        }
        room.verify().unwrap();
    }
}

#[test]
fn what_is_missing_is_named() {
    for layout in layouts() {
        let room = Room::new(&layout);
        for name in all_names(layout.shape()) {
            let intact = fs::read(room.path(&name)).unwrap();
            fs::remove_file(room.path(&name)).unwrap();
            match name.as_str() {
                // Nobody can tell that there was one; whoever gives a key is told.
                "signature.json" => assert_eq!(room.verify().unwrap().key, None),
                "bagit.txt" | "export-info.txt" => assert!(room.complaint().contains("there is neither")),
                _ => assert!(
                    room.complaint().starts_with(&format!("{name:?} is damaged: ")),
                    "{}",
                    room.complaint()
                ),
            }
            fs::write(room.path(&name), intact).unwrap();
        }
    }
}

#[test]
fn what_is_too_much_is_named() {
    for layout in layouts() {
        let room = Room::new(&layout);
        for extra in ["evil.exe", ".hidden", "INDEX.HTML", "assets/b", "data/more/deep/x"] {
            fs::create_dir_all(room.path(extra).parent().unwrap()).unwrap();
            fs::write(room.path(extra), b"").unwrap();
            assert_eq!(
                room.complaint(),
                format!("{extra:?} is not part of the export: the list of hashes does not name it"),
            );
            fs::remove_file(room.path(extra)).unwrap();
        }
        room.verify().unwrap();
    }
}

#[test]
fn whoever_signs_the_same_files_with_another_key_is_told_apart() {
    let (room, other) = (Room::new(&Layout::Plain), Room::new(&Layout::Plain));
    fs::copy(other.path("signature.json"), room.path("signature.json")).unwrap();
    assert_eq!(room.verify().unwrap().key, Some(other.key));
    assert_ne!(room.key, other.key);
}

#[test]
#[cfg(unix)]
fn links_are_refused_even_if_they_lead_to_the_right_bytes() {
    for layout in layouts() {
        let room = Room::new(&layout);
        let payload = layout.shape().payload();
        for name in all_names(layout.shape()).into_iter().chain([format!("{payload}assets")]) {
            let elsewhere = room.place.path().join("elsewhere");
            fs::rename(room.path(&name), &elsewhere).unwrap();
            std::os::unix::fs::symlink(&elsewhere, room.path(&name)).unwrap();
            assert_eq!(room.complaint(), format!("{name:?} is damaged: it is not a plain file"));
            fs::remove_file(room.path(&name)).unwrap();
            fs::rename(&elsewhere, room.path(&name)).unwrap();
        }
        room.verify().unwrap();
    }
}

#[test]
fn names_in_the_list_that_climb_are_not_followed() {
    let room = Room::new(&Layout::Plain);
    fs::write(room.place.path().join("outside"), b"").unwrap();
    for bad in ["../outside", "/etc/passwd", "export-info.txt"] {
        let manifest = listed(&FILES) + &listed(&[(bad, "")]);
        fs::write(room.path(MANIFEST), &manifest).unwrap();
        fs::remove_file(room.path("signature.json")).ok();
        assert_eq!(room.complaint(), format!("{bad:?} is damaged: its name is not safe"));
    }
    fs::write(room.path(MANIFEST), listed(&[FILES[0], FILES[0]])).unwrap();
    assert_eq!(room.complaint(), r#""index.html" is damaged: it is in the list of hashes twice"#);
}

#[test]
fn any_other_directory_is_no_export() {
    let place = TempDir::new().unwrap();
    let complaint = verify(place.path(), &Progress::default()).unwrap_err().to_string();
    assert!(complaint.contains("neither bagit.txt nor export-info.txt"), "{complaint}");
}
