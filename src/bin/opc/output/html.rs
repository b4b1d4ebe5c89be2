//! A page to look at and to pass on: one file that needs nothing else.

use std::borrow::Cow;
use std::io::{self, Write};

use chrono::{SecondsFormat, Utc};

use super::{About, Title, Tone};

/// Follows the reader's choice of light or dark, and prints well.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2330;--dim:#667085;--paper:#fff;--line:#e4e7ec;--head:#f6f7f9;\
--good:#137a43;--uncertain:#9a6200;--bad:#b42318}\n\
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--dim:#98a2b3;--paper:#14181f;--line:#2b323d;--head:#1c222b;\
--good:#4cc38a;--uncertain:#f0b14a;--bad:#ff7b72}}\n\
body{margin:2.5rem auto;padding:0 1.5rem;max-width:72rem;background:var(--paper);color:var(--ink);\
font:15px/1.5 system-ui,sans-serif}\n\
h1{font-size:1.4rem;margin:0}\n\
p{margin:.2rem 0 1.4rem;color:var(--dim)}\n\
footer{margin:1rem 0;color:var(--dim);font-size:.85rem}\n\
div{overflow-x:auto}\n\
table{border-collapse:collapse;width:100%}\n\
th,td{padding:.4rem .9rem .4rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}\n\
th{position:sticky;top:0;background:var(--paper);color:var(--dim);font-weight:600;font-size:.85rem}\n\
td{font-variant-numeric:tabular-nums;overflow-wrap:anywhere;white-space:pre-wrap}\n\
tr:hover td{background:var(--head)}\n\
tr.good td.q{color:var(--good)}tr.uncertain td.q{color:var(--uncertain)}tr.bad td.q{color:var(--bad)}\n\
td.q{font-weight:600}\n\
@media print{body{margin:0;max-width:none}th{position:static}}";

/// The column that is coloured.
const QUALITY: [&str; 2] = ["Quality", "Result"];

pub(super) struct Page {
    title: String,
    server: String,
    begun: bool,
    rows: u64,
    coloured: Option<usize>,
}

impl Page {
    pub(super) fn new(about: &About<'_>) -> Page {
        Page {
            title: about.title.to_owned(),
            server: about.server.to_owned(),
            begun: false,
            rows: 0,
            coloured: None,
        }
    }

    pub(super) fn row(
        &mut self,
        out: &mut impl Write,
        titles: &[Title],
        cells: &[Cow<'_, str>],
        tone: Tone,
    ) -> io::Result<()> {
        self.begin(out, titles)?;
        self.rows += 1;
        let class = match tone {
            Tone::Plain => "",
            Tone::Good => " class=\"good\"",
            Tone::Uncertain => " class=\"uncertain\"",
            Tone::Bad => " class=\"bad\"",
        };
        write!(out, "<tr{class}>")?;
        for (column, cell) in cells.iter().enumerate() {
            let class = if self.coloured == Some(column) { " class=\"q\"" } else { "" };
            write!(out, "<td{class}>{}</td>", escaped(cell))?;
        }
        out.write_all(b"</tr>\n")
    }

    pub(super) fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.begin(out, &[])?;
        let rows = self.rows;
        let plural = if rows == 1 { "" } else { "s" };
        write!(
            out,
            "</tbody></table></div>\n<footer>{rows} row{plural}. Times are UTC. Made by opc {}.</footer>\n</body>\n</html>\n",
            env!("CARGO_PKG_VERSION")
        )
    }

    fn begin(&mut self, out: &mut impl Write, titles: &[Title]) -> io::Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        self.coloured = titles.iter().position(|title| QUALITY.contains(&title.text()));
        let title = escaped(&self.title);
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(
            out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n\
             <h1>{title}</h1>\n<p>{} · <time>{now}</time></p>\n<div><table>\n",
            escaped(&self.server)
        )?;
        if !titles.is_empty() {
            out.write_all(b"<thead><tr>")?;
            for title in titles {
                write!(out, "<th scope=\"col\">{}</th>", escaped(title.text()))?;
            }
            out.write_all(b"</tr></thead>\n")?;
        }
        out.write_all(b"<tbody>\n")
    }
}

/// Text that cannot be taken for anything else.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(c),
            c if c.is_control() => safe.extend(c.escape_default()),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_page_is_taken_for_markup() {
        let mut page = Page::new(&About { title: "<b>", server: "opc.tcp://a&b" });
        let mut out = Vec::new();
        let titles = [Title::Always("Tag"), Title::Always("Quality")];
        let cells = ["<script>alert('x')</script>".into(), "Good\u{1b}[2J".into()];
        page.row(&mut out, &titles, &cells, Tone::Good).unwrap();
        page.finish(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains("<tr class=\"good\"><td>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</td>"),
            "{text}"
        );
        assert!(text.contains("<td class=\"q\">Good\\u{1b}[2J</td>"), "{text}");
        assert!(text.contains("<h1>&lt;b&gt;</h1>") && text.contains("opc.tcp://a&amp;b"), "{text}");
        assert!(text.ends_with("</html>\n") && !text.contains("http"), "{text}");
    }

    #[test]
    fn a_page_without_rows_is_a_page() {
        let mut out = Vec::new();
        Page::new(&About { title: "t", server: "s" }).finish(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("<tbody>\n</tbody>") && text.contains("0 rows"), "{text}");
    }
}
