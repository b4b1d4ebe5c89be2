//! [`Results`]: the results of a streaming verb, blocking.

use std::vec;

use crate::Result;

use super::Client;

/// The results of a streaming verb as an iterator. See [`openopc::Results`](crate::Results).
#[must_use = "nothing is sent until the results are asked for"]
#[derive(Debug)]
pub struct Results<T> {
    inner: Option<crate::Results<T>>,
    client: Client,
    ready: vec::IntoIter<Result<T>>,
    done: usize,
    total: Option<usize>,
}

impl<T> Results<T> {
    pub(super) fn new(inner: crate::Results<T>, client: Client) -> Results<T> {
        let total = inner.total();
        Results { inner: Some(inner), client, ready: Vec::new().into_iter(), done: 0, total }
    }

    /// How many results were given out.
    pub fn done(&self) -> usize {
        self.done
    }

    /// How many there will be, where that is known beforehand.
    pub fn total(&self) -> Option<usize> {
        self.total
    }
}

impl<T: Send + 'static> Iterator for Results<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        loop {
            if let Some(result) = self.ready.next() {
                self.done += 1;
                return Some(result);
            }
            let mut inner = self.inner.take()?;
            let operation = inner.operation();
            let next = async move {
                let chunk = inner.next_chunk().await;
                Ok((chunk, inner))
            };
            match self.client.run(operation, |_| next) {
                Ok((Some(chunk), inner)) => {
                    self.ready = chunk.into_iter();
                    self.inner = Some(inner);
                }
                Ok((None, _)) => return None,
                Err(error) => {
                    self.done += 1;
                    return Some(Err(error));
                }
            }
        }
    }
}
