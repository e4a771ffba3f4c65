//! What a file may import: a line in the log, and WASI without anything behind it.

use export_foreign::{Level, Log};
use wasmi::{Caller, Engine, Extern, ExternType, ImportType, Linker, Module, StoreLimits, ValType};

use crate::places::Place;
use crate::wasi::{self, WASI};

/// The name under which our own is imported.
const OURS: &str = "roomscribe";

/// What belongs to one run.
pub(crate) struct Host {
    pub(crate) limits: StoreLimits,
    log: Option<Log>,
    chance: u64,
    /// Held for as long as the run lasts.
    _place: Option<Place>,
}

impl Host {
    /// `log` takes what the file says, in its place among those at work. While a file is only asked what
    /// it is, it has neither.
    pub(crate) fn new(limits: StoreLimits, at_work: Option<(Log, Place)>) -> Self {
        let (log, place) = at_work.unzip();
        Self { limits, log, chance: 0x9e37_79b9_7f4a_7c15, _place: place }
    }

    /// The next byte of a sequence that is always the same (xorshift64).
    pub(crate) fn next_byte(&mut self) -> u8 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance.to_be_bytes()[0]
    }
}

/// Links everything that the module imports, or says what there is not.
pub(crate) fn linker(engine: &Engine, module: &Module) -> Result<Linker<Host>, String> {
    let mut linker = Linker::new(engine);
    for import in module.imports() {
        link(&mut linker, &import).ok_or_else(|| {
            format!(
                "imports `{}.{}`, which is not there: a format may import `roomscribe.log` (i32, i32, i32), and functions of \
                 {WASI}, which find nothing",
                import.module(),
                import.name()
            )
        })?;
    }
    Ok(linker)
}

/// `None`: there is no such thing. What is imported twice is linked once.
fn link(linker: &mut Linker<Host>, import: &ImportType<'_>) -> Option<()> {
    let ExternType::Func(function) = import.ty() else { return None };
    // The one error is that it was linked before.
    match (import.module(), import.name()) {
        (OURS, "log") if function.params() == [ValType::I32; 3] && function.results().is_empty() => {
            drop(linker.func_wrap(OURS, "log", log));
        }
        (WASI, name) => {
            let answer = wasi::answer(name).filter(|answer| answer.fits(function))?;
            drop(linker.func_new(WASI, name, function.clone(), move |mut caller, arguments, results| {
                answer.give(&mut caller, arguments, results)
            }));
        }
        _ => return None,
    }
    Some(())
}

/// A line for the log. What points outside of the memory is not logged.
fn log(caller: Caller<'_, Host>, level: u32, place: u32, length: u32) {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { return };
    let place = place as usize..(place as usize).saturating_add(length as usize);
    let (Some(text), Some(log)) = (memory.data(&caller).get(place), &caller.data().log) else { return };
    let level = match level {
        0 => Level::Debug,
        1 => Level::Info,
        _ => Level::Warn,
    };
    log.line(level, text);
}
