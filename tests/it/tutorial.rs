//! OpenOPC's tutorial prints what it should: the numbers its document shows, where our generator gives them.

#[path = "../../examples/openopc_tutorial.rs"]
#[allow(dead_code, reason = "the example's `main` is for the example")]
mod example;

#[test]
fn the_tutorial_prints_what_its_document_shows() {
    let mut out = Vec::new();
    example::run(&mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    for (number, (line, expected)) in out.lines().zip(include_str!("tutorial.txt").lines()).enumerate() {
        assert_eq!(line, expected, "line {}", number + 1);
    }
    assert_eq!(out.lines().count(), include_str!("tutorial.txt").lines().count());
    // From the document itself.
    for original in [
        "Random.Int4 19169 Good 06/24/07 15:56:11",
        "Random.Int2 28145 Good 06/24/07 17:44:43",
        "Random.Int4 31101 Good 06/24/07 23:38:24",
        "2 Item Value 491",
        "Random.Int1 99 Good 06/24/07 22:44:28",
        "Random.UInt4 23811 Good 06/24/07 22:44:28",
    ] {
        assert!(out.contains(original), "{original}");
    }
}
