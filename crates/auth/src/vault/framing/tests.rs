//! The form in the keyring: what is framed is read, what is not ours is refused, and nothing panics.

use super::*;

/// A repeatable source of anything (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit as u64).unwrap()
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend(self.roll().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }

    /// A header line of ours, with some words as they should be and some not.
    fn header(&mut self) -> Vec<u8> {
        let words = [
            "keyfob/1",
            "keyfob/2",
            "keyfob/",
            "whole",
            "split",
            "part",
            "text",
            "base64",
            "a",
            "b",
            "c",
            "0",
            "1",
            "64",
            "65",
            "-1",
            "+1",
            "0123456789abcdef",
            "ffffffffffffffffff",
            "18446744073709551616",
            "",
            "é",
            "\n",
        ];
        let count = self.below(9);
        let line: Vec<&str> = (0..count).map(|_| words[self.below(words.len())]).collect();
        let mut entry = line.join(" ").into_bytes();
        entry.push(b'\n');
        entry.extend(self.bytes(20));
        entry
    }

    /// An entry that was ours until some bytes of it changed, went or came.
    fn spoilt(&mut self, mut entry: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.below(3) {
            let at = self.below(entry.len() + 1);
            match self.below(3) {
                0 if at < entry.len() => entry[at] = self.roll().to_le_bytes()[0],
                1 => entry.truncate(at),
                _ => entry.insert(at, self.roll().to_le_bytes()[0]),
            }
        }
        entry
    }
}

fn read(head: &[u8], parts: &[SecretBytes]) -> Result<SecretBytes, Damage> {
    Head::parse(head)?.record(parts)
}

#[test]
fn bytes_of_any_shape_are_read_or_refused_and_never_panic() {
    let mut dice = Dice(7);
    let mut read_back = 0;
    for case in 0..12_000 {
        let record = dice.bytes(6_000);
        let framed = frame(Generation::draw(), &record, Side::B, SHORT_BODY).unwrap();
        let head = match case % 3 {
            0 => dice.bytes(200),
            1 => dice.header(),
            _ => dice.spoilt(framed.head.to_vec()),
        };
        let parts: Vec<SecretBytes> = framed
            .parts
            .iter()
            .map(|part| match dice.below(4) {
                0 => Zeroizing::new(dice.spoilt(part.to_vec())),
                _ => part.clone(),
            })
            .collect();
        read_back += usize::from(read(&head, &parts).is_ok());
        let _refused = read(&framed.head, &parts);
    }
    assert!(
        read_back > 0,
        "nothing got through: the cases are too wild to test much"
    );
}

#[test]
fn every_record_is_read_as_it_was_framed() {
    let mut dice = Dice(11);
    for case in 0..2_000 {
        let mut record = dice.bytes(12_000);
        if case % 2 == 0 {
            record = String::from_utf8_lossy(&record).into_owned().into_bytes();
        }
        let framed = frame(Generation::draw(), &record, Side::A, SHORT_BODY).unwrap();
        assert_eq!(read(&framed.head, &framed.parts).unwrap().to_vec(), record);
    }
}

#[test]
fn the_longest_record_is_framed_and_one_longer_is_not() {
    for character in ["x", "ü", "€", "🔑"] {
        let mut text = character.repeat(RECORD_LIMIT / character.len());
        text.push_str(&"x".repeat(RECORD_LIMIT - text.len()));
        let framed = frame(Generation::draw(), text.as_bytes(), Side::A, SHORT_BODY).unwrap();
        assert!(framed.parts.len() <= PARTS_LIMIT);
        assert_eq!(*read(&framed.head, &framed.parts).unwrap(), text.as_bytes());
        let whole = frame(Generation::draw(), text.as_bytes(), Side::A, RECORD_LIMIT).unwrap();
        assert!(whole.parts.is_empty());
        assert_eq!(*read(&whole.head, &[]).unwrap(), text.as_bytes());
        text.push('x');
        assert!(frame(Generation::draw(), text.as_bytes(), Side::A, RECORD_LIMIT).is_none());
        assert!(frame(Generation::draw(), text.as_bytes(), Side::A, SHORT_BODY).is_none());
    }
}

#[test]
fn a_part_of_another_write_is_torn() {
    let record = [b'x'; 6_000];
    let mut one = frame(Generation(1), &record, Side::A, SHORT_BODY).unwrap();
    let two = frame(Generation(2), &record, Side::A, SHORT_BODY).unwrap();
    one.parts[1] = two.parts[1].clone();
    assert_eq!(read(&one.head, &one.parts), Err(Damage::Torn));
}

#[test]
fn a_record_of_a_newer_version_is_told_from_a_foreign_one() {
    let newer = b"keyfob/2 sealed 0123456789abcdef\nbody";
    assert_eq!(read(newer, &[]), Err(Damage::Newer));
    assert_eq!(read(b"hunter2\n", &[]), Err(Damage::Foreign));
    assert_eq!(read(b"", &[]), Err(Damage::Foreign));
}

#[test]
fn a_record_that_was_cut_is_not_read() {
    let framed = frame(Generation(1), b"{\"v\":1}", Side::A, SHORT_BODY).unwrap();
    let cut = &framed.head[..framed.head.len() - 1];
    assert_eq!(read(cut, &[]), Err(Damage::CutShort));
}

#[test]
fn the_form_in_the_keyring_stays_as_it_is() {
    let generation = Generation(0x0123_4567_89AB_CDEF);
    let whole = frame(generation, b"{\"v\":1}", Side::A, SHORT_BODY).unwrap();
    assert_eq!(
        *whole.head,
        b"keyfob/1 whole 0123456789abcdef text 7\n{\"v\":1}"
    );
    let bytes = frame(generation, &[0xFF, 0xFE], Side::A, SHORT_BODY).unwrap();
    assert_eq!(
        *bytes.head,
        b"keyfob/1 whole 0123456789abcdef base64 3\n//4"
    );
    let split = frame(generation, &[b'x'; 2_501], Side::B, SHORT_BODY).unwrap();
    assert_eq!(
        *split.head,
        b"keyfob/1 split 0123456789abcdef text 2501 b 2\n"
    );
    assert_eq!(*split.parts[1], b"keyfob/1 part 0123456789abcdef 2\nx");
    assert_eq!(Side::B.entry("session", 2), "session#b2");
}
