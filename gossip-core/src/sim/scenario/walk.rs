//! Walking over a deed: every place in it where hosts are named.

use super::deed::{Deed, Disk};
use super::expect::What;
use super::who::{Route, Who};

impl Route {
    /// Hands every set of hosts it names to `f`.
    pub(super) fn for_each_who(&self, f: &mut impl FnMut(&Who)) {
        match self {
            Self::Everywhere => {}
            Self::From(a, b) | Self::Between(a, b) => {
                f(a);
                f(b);
            }
            Self::Into(who) | Self::OutOf(who) | Self::Around(who) => f(who),
        }
    }
}

impl Deed {
    /// Hands every set of hosts it names to `f`.
    pub(super) fn for_each_who(&self, f: &mut impl FnMut(&Who)) {
        match self {
            Self::Start(who)
            | Self::Crash(who)
            | Self::Restart(who, _)
            | Self::Leave(who)
            | Self::Pause(who)
            | Self::Resume(who)
            | Self::Slow(who, _)
            | Self::Drift(who, _)
            | Self::Relocate(who)
            | Self::Disks(who, _)
            | Self::Sever(who) => f(who),
            Self::Backup(name, _)
            | Self::Twin(name, ..)
            | Self::Write(name, _)
            | Self::WriteAtOnce(name, _)
            | Self::Fill(name, ..)
            | Self::Read(name, ..)
            | Self::Say(name, ..)
            | Self::Coalesce(name, ..)
            | Self::Ask(name, ..) => {
                f(&Who::one(name));
            }
            Self::Remove(on, of) | Self::Forget(on, of) => {
                f(&Who::one(on));
                f(&Who::one(of));
            }
            Self::Weather(route, _)
            | Self::Cut(route)
            | Self::Mend(route)
            | Self::Clog(route, _)
            | Self::Flap(route, ..) => route.for_each_who(f),
            Self::Partition(groups) => groups.iter().for_each(f),
            Self::Heal => {}
            Self::Expect(expectation) => match &expectation.what {
                What::Hold(who, about, _) => {
                    f(who);
                    f(about);
                }
                What::Reads(who, whose, ..) => {
                    f(who);
                    if let Some(whose) = whose {
                        f(&Who::one(whose));
                    }
                }
                what => f(what.who()),
            },
        }
    }

    /// The same, to change them; not where exactly one host is meant.
    pub(super) fn for_each_who_mut(&mut self, f: &mut impl FnMut(&mut Who)) {
        match self {
            Self::Start(who)
            | Self::Crash(who)
            | Self::Restart(who, _)
            | Self::Leave(who)
            | Self::Pause(who)
            | Self::Resume(who)
            | Self::Slow(who, _)
            | Self::Drift(who, _)
            | Self::Relocate(who)
            | Self::Disks(who, _)
            | Self::Sever(who) => f(who),
            Self::Weather(route, _)
            | Self::Cut(route)
            | Self::Mend(route)
            | Self::Clog(route, _)
            | Self::Flap(route, ..) => match route {
                Route::Everywhere => {}
                Route::From(a, b) | Route::Between(a, b) => {
                    f(a);
                    f(b);
                }
                Route::Into(who) | Route::OutOf(who) | Route::Around(who) => f(who),
            },
            Self::Partition(groups) => groups.iter_mut().for_each(f),
            Self::Expect(expectation) => match &mut expectation.what {
                What::Hold(who, about, _) => {
                    f(who);
                    f(about);
                }
                What::Exact(who)
                | What::Equal(who)
                | What::Kept(who)
                | What::Told(who)
                | What::Quiet(who)
                | What::Run(who)
                | What::Stopped(who)
                | What::Answered(who)
                | What::Reads(who, ..) => f(who),
            },
            Self::Backup(..)
            | Self::Twin(..)
            | Self::Write(..)
            | Self::WriteAtOnce(..)
            | Self::Fill(..)
            | Self::Read(..)
            | Self::Remove(..)
            | Self::Forget(..)
            | Self::Say(..)
            | Self::Coalesce(..)
            | Self::Ask(..)
            | Self::Heal => {}
        }
    }

    /// The copy of a disk it needs, if it needs one.
    pub(super) fn backup(&self) -> Option<&str> {
        match self {
            Self::Restart(_, Disk::Backup(name)) | Self::Twin(_, _, Disk::Backup(name)) => {
                Some(name)
            }
            _ => None,
        }
    }
}
