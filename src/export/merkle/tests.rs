//! Against the definition in the RFC, and against vectors that others use.

use proptest::prelude::*;

use super::*;

/// MTH as the RFC defines it.
fn defined(leaves: &[Vec<u8>]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => Sha256::digest([&[0][..], one].concat()).into(),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            Sha256::digest([&[1][..], &defined(left), &defined(right)].concat()).into()
        }
    }
}

/// PATH as the RFC defines it.
fn defined_path(index: usize, leaves: &[Vec<u8>]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut path, beside) = if index < at {
        (defined_path(index, left), defined(right))
    } else {
        (defined_path(index - at, right), defined(left))
    };
    path.push(beside);
    path
}

/// The largest power of two that is smaller than the number of leaves.
fn split(leaves: usize) -> usize {
    let mut power = 1;
    while power * 2 < leaves {
        power *= 2;
    }
    power
}

fn numbered(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| format!("line {number}").into_bytes()).collect()
}

fn grown(leaves: &[Vec<u8>]) -> Tree {
    let mut tree = Tree::default();
    for bytes in leaves {
        tree.push(leaf(bytes));
    }
    tree
}

fn path(index: usize, leaves: &[Vec<u8>]) -> Vec<Hash> {
    let mut finder = PathFinder::new(index as u64, leaves.len() as u64);
    for bytes in leaves {
        finder.push(leaf(bytes));
    }
    finder.finish()
}

#[test]
fn the_roots_are_those_of_certificate_transparency() {
    let leaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let leaves = leaves.map(|leaf| hex::decode(leaf).unwrap());
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    for (size, root) in roots.iter().enumerate() {
        assert_eq!(hex::encode(grown(&leaves[..size]).root()), *root, "{size} leaves");
    }
}

#[test]
fn roots_and_paths_are_as_defined_for_every_leaf_of_every_size() {
    for size in 0..=70 {
        let leaves = numbered(size);
        let root = defined(&leaves);
        assert_eq!(grown(&leaves).root(), root, "{size} leaves");
        for (index, bytes) in leaves.iter().enumerate() {
            let path = path(index, &leaves);
            assert_eq!(path, defined_path(index, &leaves), "leaf {index} of {size}");
            assert_eq!(root_of(leaf(bytes), index as u64, size as u64, &path), Some(root));
        }
    }
}

#[test]
fn a_path_holds_for_its_place_and_its_size_only() {
    let leaves = numbered(13);
    let root = defined(&leaves);
    let path = path(5, &leaves);
    let leads =
        |bytes: &[u8], index, size, path: &[Hash]| root_of(leaf(bytes), index, size, path) == Some(root);
    assert!(leads(b"line 5", 5, 13, &path));
    assert!(!leads(b"line 6", 5, 13, &path));
    for index in (0..20).filter(|index| *index != 5) {
        assert!(!leads(b"line 5", index, 13, &path), "as leaf {index}");
    }
    assert!(!leads(b"line 5", 5, 5, &path) && !leads(b"line 5", 5, 0, &path));
    assert!(!leads(b"line 5", 5, 13, &path[1..]));
    assert!(!leads(b"line 5", 5, 13, &[&path[..], &[root]].concat()));
    assert_eq!(root_of(leaf(b"x"), u64::MAX, u64::MAX, &path), None);
}

#[test]
fn an_inner_node_is_no_leaf() {
    let leaves = numbered(4);
    let (left, right) = (defined(&leaves[..2]), defined(&leaves[2..]));
    let forged = [left, right].concat();
    assert_ne!(root_of(leaf(&forged), 0, 1, &[]), Some(defined(&leaves)));
}

proptest! {
    #[test]
    fn lines_are_found_whatever_the_pieces_they_come_in(
        lines in proptest::collection::vec("[^\n]{0,20}", 0..40),
        ended in any::<bool>(),
        piece in 1_usize..30,
    ) {
        let mut text = lines.join("\n");
        // An empty last line without line feed is none.
        let ended = ended || lines.last().is_some_and(String::is_empty);
        if ended && !lines.is_empty() {
            text.push('\n');
        }
        let mut tree = LineTree::default();
        text.as_bytes().chunks(piece).for_each(|piece| tree.write_all(piece).unwrap());
        let leaves: Vec<_> = lines.into_iter().map(String::into_bytes).collect();
        prop_assert_eq!(tree.finish(), (defined(&leaves), leaves.len() as u64));
    }
}
