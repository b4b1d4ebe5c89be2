//! `opc history`

mod draw;
mod row;

use std::io;
use std::time::Instant;

use openopc::{Client, Error, HistoryQuery, Results, Tag};

use self::draw::Drawing;
use self::row::{Past, PastRow};
use crate::args::{Format, Global, History};
use crate::connect;
use crate::exit::{Exit, Failure, chain};
use crate::input::Tags;
use crate::output::{About, Printer, Progress, note, on_screen, reader_gone};
use crate::stop::Stop;

pub(super) async fn run(global: &Global, args: &History) -> Result<Exit, Failure> {
    check(global, args)?;
    // Before signals are caught: standard input may take for ever.
    let mut tags = Tags::of(&args.which)?;
    let tags = tags.all().await?;
    let mut stop = Stop::listen()?;
    let client = connect::open_for_long(global, &mut stop).await?;
    let result = Box::pin(read(&client, global, args, tags, &mut stop)).await;
    connect::close(&client, &mut stop).await;
    result
}

fn check(global: &Global, args: &History) -> Result<(), Failure> {
    let refuse = |text: &str| Err(Failure::Usage(text.to_owned()));
    if args.plot && global.output.is_some() {
        return refuse("--plot draws in the terminal; without it, `-o svg` makes a picture");
    }
    if args.to.is_some() && args.from.is_none() && args.count.is_none() {
        return refuse("--to alone has no start: add --from, or --count N for the N values before it");
    }
    if args.modified && global.output == Some(Format::Svg) {
        return refuse("--modified tells what was changed, which is no trend to draw");
    }
    Ok(())
}

fn query(args: &History) -> HistoryQuery {
    let query = match &args.aggregate {
        _ if !args.at.is_empty() => HistoryQuery::at(args.at.iter().cloned()),
        Some(name) => HistoryQuery::aggregate(args.range(), name.as_str(), args.every.unwrap_or_default()),
        None => HistoryQuery::raw(args.range()).bounds(args.bounds),
    };
    let query = query.server_clock(args.server_clock).server_times(args.server_times);
    let query = match args.count {
        Some(count) => query.count(count.get()),
        None => query,
    };
    match args.size {
        Some(size) => query.page(size.get()),
        None => query,
    }
}

async fn read(
    client: &Client,
    global: &Global,
    args: &History,
    tags: &[Tag],
    stop: &mut Stop,
) -> Result<Exit, Failure> {
    let query = query(args);
    if args.plot || global.format() == Format::Svg {
        let mut drawing = Drawing::of(tags);
        let mut told = Told::of(tags);
        let pages = client.history_pages(tags, &query);
        let result = each(pages, &mut told, stop, Progress::open("reading", true), |page| {
            match &page {
                Ok(page) => drawing.add(page),
                Err((_, error)) => note(format_args!("error: {}", chain(error))),
            }
            Ok(())
        })
        .await;
        // Whatever happened, what was read is drawn.
        if result.is_ok() {
            drawing.describe(client, stop).await;
        }
        drawing.print(args.plot)?;
        return told.finish(global, result);
    }
    let tag = tags.iter().map(|tag| tag.as_str().chars().count()).max().unwrap_or_default();
    let widths = vec![tag, 18, "Uncertain".len(), "2026-01-31T12:00:00.000Z".len(), "Calculated".len()];
    let about = About { title: "History", server: client.url() };
    let mut printer = Printer::live(global, &about, widths);
    let mut told = Told::of(tags);
    let result = if args.modified {
        print(client.history_modified_pages(tags, &query), &mut told, &mut printer, stop).await
    } else {
        print(client.history_pages(tags, &query), &mut told, &mut printer, stop).await
    };
    printer.finish()?;
    told.finish(global, result)
}

/// Prints each page as it comes.
async fn print<T: Past>(
    pages: Results<Vec<T>>,
    told: &mut Told,
    printer: &mut Printer,
    stop: &mut Stop,
) -> Result<(), Failure> {
    // A bar would be in the way of lines on the same screen.
    let progress = Progress::open("reading", !on_screen());
    each(pages, told, stop, progress, |page| {
        match &page {
            Ok(page) => {
                for past in page {
                    printer.print(&PastRow::of(past))?;
                }
            }
            Err((tag, error)) => printer.print(&PastRow::<T>::failed(tag, error))?,
        }
        printer.flush()
    })
    .await
}

/// A page, or why a tag has none.
type Page<T> = Result<Vec<T>, (Tag, Error)>;

/// Hands every page to `take`, until there is a reason not to.
async fn each<T: Past>(
    mut pages: Results<Vec<T>>,
    told: &mut Told,
    stop: &mut Stop,
    mut progress: Progress,
    mut take: impl FnMut(Page<T>) -> io::Result<()>,
) -> Result<(), Failure> {
    loop {
        let page = tokio::select! {
            biased;
            exit = stop.requested() => return Err(Failure::Stopped(exit)),
            () = reader_gone() => return Err(Failure::Output(io::ErrorKind::BrokenPipe.into())),
            page = pages.next() => page,
        };
        let page = match page {
            None => return Ok(()),
            Some(Ok(page)) => Ok(page),
            Some(Err(error)) => match error.tag().filter(|_| !error.is_connection()).cloned() {
                Some(tag) => Err((tag, error)),
                None => return Err(error.into()),
            },
        };
        match &page {
            Ok(page) => {
                progress.advance(page.len());
                told.page(page);
            }
            Err((tag, _)) => told.failed(tag),
        }
        take(page)?;
    }
}

/// What came of each tag.
struct Told {
    started: Instant,
    values: usize,
    failed: usize,
    /// The tags that nothing came of so far, in the order given.
    silent: Vec<Tag>,
}

impl Told {
    fn of(tags: &[Tag]) -> Told {
        Told { started: Instant::now(), values: 0, failed: 0, silent: tags.to_vec() }
    }

    fn page<T: Past>(&mut self, page: &[T]) {
        self.values += page.len();
        if let Some(past) = page.first() {
            self.silent.retain(|tag| *tag != past.reading().tag);
        }
    }

    fn failed(&mut self, tag: &Tag) {
        self.failed += 1;
        self.silent.retain(|silent| silent != tag);
    }

    /// Says what is not in the data, and how it ends. A past of bad quality is no failure.
    fn finish(self, global: &Global, result: Result<(), Failure>) -> Result<Exit, Failure> {
        let cut = result.is_err();
        if !cut {
            for tag in &self.silent {
                note(format_args!("`{tag}`: nothing was recorded in that time"));
            }
        }
        if cut || (global.format() == Format::Table && global.rotate.is_none()) {
            let (values, seconds) = (self.values, self.started.elapsed().as_secs_f64());
            let plural = if values == 1 { "" } else { "s" };
            note(format_args!("Read {values} value{plural} ({seconds:.2} seconds)"));
        }
        result.map(|()| if self.failed == 0 { Exit::Good } else { Exit::SomeFailed })
    }
}
