//! A module at work: one instance, one memory, for one room.

use std::ops::Range;
use std::time::Instant;

use export_foreign::{Failure, Log, MOST_BYTES, Run, Sink};
use wasmi::errors::ErrorKind;
use wasmi::{
    Error, Instance, Memory, Store, StoreLimitsBuilder, TrapCode, TypedFunc, TypedResumableCall, WasmParams,
    WasmResults,
};

use crate::imports::Host;
use crate::module::Loaded;
use crate::places::Place;
use crate::settings::Bounds;

/// Instructions between two looks at the clock: a few milliseconds.
const SLICE: u64 = 5_000_000;
/// Entries of its table of functions.
const MOST_FUNCTIONS: usize = 65_536;
/// Marks the place of an error in a result.
const ERROR: u64 = 1 << 63;
/// Bytes of an error.
const LONGEST_ERROR: u64 = 64 * 1024;

/// An instance of a module.
pub(crate) struct Guest {
    store: Store<Host>,
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    describe: TypedFunc<(), u64>,
    begin: TypedFunc<(u32, u32), u64>,
    write: TypedFunc<(u32, u32), u64>,
    finish: TypedFunc<(), u64>,
    bounds: Bounds,
}

/// What is left of a call, which may be several into the module.
struct Budget {
    fuel: u64,
    /// What it was in the beginning.
    whole: u64,
    until: Instant,
}

impl Budget {
    fn new(bounds: &Bounds, bytes: usize, records: usize) -> Self {
        // A batch is longer only where a single record is.
        let lengths = (bytes / MOST_BYTES) as u64 + 1;
        let more = bounds.fuel_per_record.saturating_mul(records as u64);
        let whole = bounds.fuel.saturating_mul(lengths).saturating_add(more);
        Self { fuel: whole, whole, until: Instant::now() + bounds.call }
    }

    fn take(&mut self, fuel: u64) -> u64 {
        let taken = self.fuel.min(fuel);
        self.fuel -= taken;
        taken
    }
}

impl Guest {
    /// Makes an instance, and starts it.
    pub(crate) fn new(loaded: &Loaded, at_work: Option<(Log, Place)>) -> Result<Self, Failure> {
        let bounds = loaded.bounds;
        let limits = StoreLimitsBuilder::new()
            .memory_size(bounds.memory)
            .table_elements(MOST_FUNCTIONS)
            .instances(1)
            .memories(1)
            .tables(1)
            .build();
        let mut store = Store::new(loaded.linker.engine(), Host::new(limits, at_work));
        store.limiter(|host| &mut host.limits);
        store.set_fuel(bounds.fuel).map_err(|error| broken_off(&error, &bounds))?;
        let instance = loaded.linker.instantiate_and_start(&mut store, &loaded.module);
        let instance = instance.map_err(|error| cannot_start(&error, &bounds))?;
        let memory = instance.get_memory(&store, "memory");
        let mut guest = Self {
            memory: memory.ok_or_else(|| Failure::fault("exports no memory named `memory`"))?,
            alloc: function(&store, instance, "roomscribe_alloc", "(i32) -> i32")?,
            describe: function(&store, instance, "roomscribe_describe", "() -> i64")?,
            begin: function(&store, instance, "roomscribe_begin", "(i32, i32) -> i64")?,
            write: function(&store, instance, "roomscribe_write", "(i32, i32) -> i64")?,
            finish: function(&store, instance, "roomscribe_finish", "() -> i64")?,
            store,
            bounds,
        };
        if instance.get_func(&guest.store, "_initialize").is_some() {
            let initialize = function::<(), ()>(&guest.store, instance, "_initialize", "() -> ()")?;
            let mut budget = Budget::new(&bounds, 0, 0);
            guest.call(initialize, (), &mut budget, always)?;
        }
        Ok(guest)
    }

    /// What it says it is, in at most so many bytes.
    pub(crate) fn describe(&mut self, longest: usize) -> Result<Vec<u8>, Failure> {
        let mut budget = Budget::new(&self.bounds, 0, 0);
        let result = self.call(self.describe, (), &mut budget, always)?;
        let range = self.result(result, longest as u64)?;
        Ok(self.memory.data(&self.store)[range].to_vec())
    }

    /// Gives it a line or more.
    fn give(
        &mut self,
        function: TypedFunc<(u32, u32), u64>,
        bytes: &[u8],
        records: usize,
        sink: &mut Sink,
    ) -> Result<(), Failure> {
        let mut budget = Budget::new(&self.bounds, bytes.len(), records);
        let length = u32::try_from(bytes.len()).map_err(|_| self.no_room(bytes.len()))?;
        let place = self.call(self.alloc, length, &mut budget, || sink.check())?;
        if place == 0 {
            return Err(self.no_room(bytes.len()));
        }
        let input = self.memory.data_mut(&mut self.store).get_mut(range(place, length));
        let outside = || Failure::fault("wants its input at a place outside of its memory");
        input.ok_or_else(outside)?.copy_from_slice(bytes);
        let result = self.call(function, (place, length), &mut budget, || sink.check())?;
        self.take(result, sink)
    }

    /// Writes down what a result points at.
    fn take(&self, result: u64, sink: &mut Sink) -> Result<(), Failure> {
        let range = self.result(result, self.bounds.output)?;
        sink.take(&self.memory.data(&self.store)[range])
    }

    /// Where the bytes of a result lie, at most so many.
    fn result(&self, result: u64, most: u64) -> Result<Range<usize>, Failure> {
        // Both halves fit by what is cut off.
        let (place, length) = ((result & !ERROR) >> 32, result & u64::from(u32::MAX));
        let most = if result & ERROR == 0 { most } else { LONGEST_ERROR };
        if length > most {
            return Err(Failure::fault(format!("wrote {length} bytes in one call, of at most {most}")));
        }
        if length == 0 && result & ERROR == 0 {
            return Ok(0..0);
        }
        let memory = self.memory.data(&self.store);
        let outside = || Failure::fault(format!("says that {length} bytes lie outside of its memory"));
        let range = usize::try_from(place).ok().zip(usize::try_from(length).ok());
        let range = range.and_then(|(place, length)| Some(place..place.checked_add(length)?));
        let range = range.filter(|range| range.end <= memory.len()).ok_or_else(outside)?;
        if result & ERROR == 0 { Ok(range) } else { Err(Failure::said(&memory[range])) }
    }

    fn no_room(&self, bytes: usize) -> Failure {
        let megabytes = self.bounds.memory / (1024 * 1024);
        Failure::fault(format!(
            "has no room for {bytes} bytes; its memory may be {megabytes} MiB (memory_mb)"
        ))
    }

    /// Calls into the module, with looks at the clock and whether the export still goes on.
    fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        function: TypedFunc<P, R>,
        arguments: P,
        budget: &mut Budget,
        mut goes_on: impl FnMut() -> Result<(), Failure>,
    ) -> Result<R, Failure> {
        let bounds = self.bounds;
        let stopped = |error: Error| broken_off(&error, &bounds);
        self.store.set_fuel(budget.take(SLICE)).map_err(stopped)?;
        let mut called = function.call_resumable(&mut self.store, arguments).map_err(stopped)?;
        loop {
            let paused = match called {
                TypedResumableCall::Finished(result) => {
                    budget.fuel += self.store.get_fuel().map_err(stopped)?;
                    return Ok(result);
                }
                TypedResumableCall::HostTrap(trap) => return Err(broken_off(trap.host_error(), &bounds)),
                TypedResumableCall::OutOfFuel(paused) => paused,
            };
            // An instruction on many bytes needs more at once.
            let rest = self.store.get_fuel().map_err(stopped)?;
            let needed = paused.required_fuel().max(SLICE);
            let fuel = rest.saturating_add(budget.take(needed));
            if fuel < paused.required_fuel() || fuel == 0 {
                return Err(too_many(budget.whole));
            }
            if Instant::now() >= budget.until {
                return Err(Failure::fault(format!(
                    "took longer than {} ms for one call (call_milliseconds)",
                    bounds.call.as_millis()
                )));
            }
            goes_on()?;
            self.store.set_fuel(fuel).map_err(stopped)?;
            called = paused.resume(&mut self.store).map_err(stopped)?;
        }
    }
}

impl Run for Guest {
    fn begin(&mut self, header: &[u8], sink: &mut Sink) -> Result<(), Failure> {
        self.give(self.begin, header, 1, sink)
    }

    fn write(&mut self, lines: &[u8], records: usize, sink: &mut Sink) -> Result<(), Failure> {
        self.give(self.write, lines, records, sink)
    }

    fn finish(&mut self, sink: &mut Sink) -> Result<(), Failure> {
        let mut budget = Budget::new(&self.bounds, 0, 0);
        let result = self.call(self.finish, (), &mut budget, || sink.check())?;
        self.take(result, sink)
    }
}

/// No export depends on this call.
fn always() -> Result<(), Failure> {
    Ok(())
}

fn range(place: u32, length: u32) -> Range<usize> {
    place as usize..(place as usize).saturating_add(length as usize)
}

fn function<P: WasmParams, R: WasmResults>(
    store: &Store<Host>,
    instance: Instance,
    name: &str,
    shape: &str,
) -> Result<TypedFunc<P, R>, Failure> {
    let found = instance.get_typed_func(store, name);
    found.map_err(|_| Failure::fault(format!("exports no function {name} {shape}")))
}

fn cannot_start(error: &Error, bounds: &Bounds) -> Failure {
    match error.kind() {
        ErrorKind::TrapCode(_) | ErrorKind::Host(_) | ErrorKind::I32ExitStatus(_) => {
            broken_off(error, bounds)
        }
        ErrorKind::Memory(_) | ErrorKind::Instantiation(_) => {
            let megabytes = bounds.memory / (1024 * 1024);
            Failure::fault(format!(
                "asks for more than it may have: {error}; its memory may be {megabytes} MiB (memory_mb)"
            ))
        }
        _ => Failure::fault(format!("cannot be started: {error}")),
    }
}

fn too_many(most: u64) -> Failure {
    Failure::fault(format!(
        "took more than the {most} instructions that a call may take (instructions_per_call, instructions_per_record)"
    ))
}

/// Why a call did not come to its end.
fn broken_off(error: &Error, bounds: &Bounds) -> Failure {
    let words = match (error.as_trap_code(), error.i32_exit_status()) {
        (Some(TrapCode::OutOfFuel), _) => return too_many(bounds.fuel),
        (Some(TrapCode::UnreachableCodeReached), _) => {
            "gave up: it came to code that it calls unreachable, as by a panic".to_owned()
        }
        (Some(TrapCode::MemoryOutOfBounds), _) => "reached outside of its memory".to_owned(),
        (Some(TrapCode::StackOverflow), _) => "called itself too deeply".to_owned(),
        (_, Some(code)) => format!("ended itself with code {code}"),
        _ => format!("stopped: {error}"),
    };
    Failure::Fault(words)
}
