//! The one thread that speaks to the keyring, the queue before it, and what happens when it gets stuck.
//!
//! The Secret Service has no time-outs: a call waits for ever on a frozen daemon, or on one that was killed while its
//! prompt was open. A thread cannot be interrupted in there, so it is *given up*: it loses its lease, a new thread with
//! a store of its own takes over the queue, and the caller is told [`VaultError::GivenUp`].
//!
//! What a given-up thread was writing may still happen when the keyring comes to. So from then on the newest change to
//! the same name is remembered, and made again if the old one has overwritten it. Out of reach are the moment between
//! the two, and a program that ends before the old write happens.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use ::keyring::Error;
use tokio::sync::oneshot;

use super::entries::{Entries, Lease, Source};
use super::records::{Change, Records};
use super::{SecretBytes, VaultError};

/// The most threads that may be stuck at a time. Beyond it calls wait: opening yet another has not helped so far.
const GIVEN_UP_LIMIT: usize = 4;

pub(super) type Answer = Result<Option<SecretBytes>, VaultError>;

/// Identifies a request, in the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

pub(super) enum Task {
    Read(String),
    Change(String, Change),
    Probe,
    Mend(String, Mend),
}

/// The newest change to a record that an older one, given up, may have happened over.
pub(super) struct Mend {
    older: Change,
    newest: Change,
}

struct Request {
    ticket: Ticket,
    task: Task,
    reply: Option<oneshot::Sender<Answer>>,
}

/// The desk at which requests are handed in.
pub(super) struct Desk {
    source: Arc<Source>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    last_ticket: u64,
    queue: VecDeque<Request>,
    worker: Option<Arc<Lease>>,
    running: Option<Running>,
    given_up: usize,
    /// By name: the records that a given-up thread may still change.
    unsettled: HashMap<String, Unsettled>,
    closed: bool,
}

struct Running {
    ticket: Ticket,
    changes: Option<String>,
    reply: Option<oneshot::Sender<Answer>>,
}

#[derive(Default)]
struct Unsettled {
    given_up: usize,
    newest: Option<Change>,
}

impl Desk {
    pub(super) fn new(source: Source) -> Arc<Self> {
        Arc::new(Self {
            source: Arc::new(source),
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    pub(super) fn service(&self) -> &str {
        &self.source.service
    }

    pub(super) fn lasts(&self) -> bool {
        self.source.lasts
    }

    /// Hands in a request; the first one starts the thread.
    pub(super) fn submit(
        self: &Arc<Self>,
        task: Task,
    ) -> Result<(Ticket, oneshot::Receiver<Answer>), VaultError> {
        let (reply, answer) = oneshot::channel();
        let mut state = self.state();
        self.ensure_worker(&mut state)?;
        let ticket = state.enqueue(task, Some(reply));
        self.changed.notify_all();
        Ok((ticket, answer))
    }

    /// The request that the thread is at.
    pub(super) fn running(&self) -> Option<Ticket> {
        self.state().running.as_ref().map(|running| running.ticket)
    }

    /// Gives up the thread if it is still at this request.
    pub(super) fn give_up(self: &Arc<Self>, ticket: Ticket) {
        let mut state = self.state();
        if state.given_up >= GIVEN_UP_LIMIT {
            return;
        }
        let Some(mut running) = state.running.take_if(|running| running.ticket == ticket) else {
            return;
        };
        tracing::warn!("the keyring does not answer; its thread is given up");
        state.given_up += 1;
        if let Some(lease) = state.worker.take() {
            lease.revoke();
        }
        if let Some(name) = running.changes.take() {
            state.unsettled.entry(name).or_default().given_up += 1;
        }
        running.answer(Err(VaultError::GivenUp));
        if let Err(error) = self.ensure_worker(&mut state) {
            tracing::warn!(%error, "no new thread for the keyring; the next call tries again");
        }
    }

    /// Lets the thread end once it has done what was handed in.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    fn ensure_worker(self: &Arc<Self>, state: &mut State) -> Result<(), VaultError> {
        if state.worker.is_some() {
            return Ok(());
        }
        let lease = Arc::new(Lease::default());
        let (desk, its_lease) = (Arc::clone(self), Arc::clone(&lease));
        thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(move || desk.work(&its_lease))
            .map_err(|error| Error::PlatformFailure(Box::new(error)))?;
        state.worker = Some(lease);
        Ok(())
    }

    /// What the thread does: one request after the other, until the desk closes or the thread is given up.
    fn work(self: &Arc<Self>, lease: &Arc<Lease>) {
        let entries = Entries::new(Arc::clone(&self.source), Arc::clone(lease));
        let mut records = Records::new(entries);
        while let Some(task) = self.next(lease) {
            records.begin();
            // The store's own locks panic for ever once one of its calls has; a new store has new locks.
            let answer = catch_unwind(AssertUnwindSafe(|| run(&mut records, &task)));
            let answer = answer.unwrap_or_else(|_| {
                records.close();
                let panicked = "the keyring's library panicked";
                Err(Error::PlatformFailure(panicked.into()).into())
            });
            self.done(lease, &task, answer);
        }
    }

    fn next(&self, lease: &Arc<Lease>) -> Option<Task> {
        let mut state = self.state();
        loop {
            if lease.is_lost() {
                return None;
            }
            if let Some(request) = state.queue.pop_front() {
                return Some(state.start(request));
            }
            if state.closed {
                state.worker = None;
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(self: &Arc<Self>, lease: &Arc<Lease>, task: &Task, answer: Answer) {
        let mut state = self.state();
        if !lease.is_lost() {
            if let Some(running) = state.running.take() {
                running.answer(answer);
            }
            return;
        }
        state.given_up -= 1;
        if let Some(mend) = state.settle(task) {
            state.enqueue_first(mend);
            if let Err(error) = self.ensure_worker(&mut state) {
                tracing::warn!(%error, "no new thread for the keyring; the next call tries again");
            }
            self.changed.notify_all();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    fn enqueue(&mut self, task: Task, reply: Option<oneshot::Sender<Answer>>) -> Ticket {
        let ticket = self.ticket();
        self.queue.push_back(Request {
            ticket,
            task,
            reply,
        });
        ticket
    }

    /// Before all that wait: they are newer than what is mended.
    fn enqueue_first(&mut self, task: Task) {
        let ticket = self.ticket();
        self.queue.push_front(Request {
            ticket,
            task,
            reply: None,
        });
    }

    fn start(&mut self, request: Request) -> Task {
        let Request {
            ticket,
            task,
            reply,
        } = request;
        if let Task::Change(name, change) = &task
            && let Some(unsettled) = self.unsettled.get_mut(name)
        {
            unsettled.newest = Some(change.clone());
        }
        self.running = Some(Running {
            ticket,
            changes: task.change().map(|(name, _)| name.to_owned()),
            reply,
        });
        task
    }

    /// Takes note that a given-up thread has ended its call. Returns what may have to be made again.
    fn settle(&mut self, task: &Task) -> Option<Task> {
        let (name, older) = task.change()?;
        let unsettled = self.unsettled.get_mut(name)?;
        unsettled.given_up -= 1;
        let newest = unsettled.newest.clone();
        if unsettled.given_up == 0 {
            self.unsettled.remove(name);
        }
        let mend = Mend {
            older: older.clone(),
            newest: newest?,
        };
        Some(Task::Mend(name.to_owned(), mend))
    }
}

impl Running {
    fn answer(self, answer: Answer) {
        if let Some(reply) = self.reply {
            // A caller that has gone away has no use for it.
            drop(reply.send(answer));
        }
    }
}

impl Task {
    /// The record that this may change, and the change that it would be.
    fn change(&self) -> Option<(&str, &Change)> {
        match self {
            Self::Change(name, change) => Some((name, change)),
            Self::Mend(name, mend) => Some((name, &mend.newest)),
            Self::Read(_) | Self::Probe => None,
        }
    }
}

fn run(records: &mut Records, task: &Task) -> Answer {
    match task {
        Task::Read(name) => records.read(name),
        Task::Change(name, change) => records.apply(name, change).map(|()| None),
        Task::Probe => records.probe().map(|()| None),
        Task::Mend(name, Mend { older, newest }) => {
            let mended = records.mend(name, older.leaves(), newest);
            if let Err(error) = &mended {
                tracing::warn!(%error, "a record that was written late could not be put right");
            }
            mended.map(|()| None)
        }
    }
}

#[cfg(test)]
impl Desk {
    /// Whether a thread is stuck.
    pub(super) fn is_unsettled(&self) -> bool {
        self.state().given_up > 0
    }
}
