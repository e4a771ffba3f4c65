//! WASI, of which nothing is there: what the libraries of C, Go and others ask for before they do
//! anything is answered, but there are no files, no arguments, no time and no chance.

use wasmi::{Caller, Extern, FuncType, Val, ValType};

use crate::imports::Host;

/// The name under which it is imported.
pub(crate) const WASI: &str = "wasi_snapshot_preview1";

const SUCCESS: i32 = 0;
const BAD_FILE: i32 = 8;
const FAULT: i32 = 21;
const INVALID: i32 = 28;
const NOT_THERE: i32 = 52;

/// Random bytes that one call may ask for.
const MOST_RANDOM: u64 = 4096;

/// How a function is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// By that number, and nothing happens.
    Says(i32),
    /// There are none: two zeros of 32 bits, where the two arguments point.
    NoneOf,
    /// The time, which stands still at 1970: 64 bits, where the last argument points.
    Time,
    /// Bytes that are always the same.
    Random,
    /// The run ends.
    Exit,
}

/// How the function of that name is answered, if there is one.
pub(crate) fn answer(name: &str) -> Option<Answer> {
    Some(match name {
        "args_sizes_get" | "environ_sizes_get" => Answer::NoneOf,
        "args_get" | "environ_get" | "sched_yield" => Answer::Says(SUCCESS),
        "clock_time_get" | "clock_res_get" => Answer::Time,
        "random_get" => Answer::Random,
        "proc_exit" => Answer::Exit,
        "poll_oneoff" | "proc_raise" => Answer::Says(NOT_THERE),
        "fd_advise"
        | "fd_allocate"
        | "fd_close"
        | "fd_datasync"
        | "fd_fdstat_get"
        | "fd_fdstat_set_flags"
        | "fd_fdstat_set_rights"
        | "fd_filestat_get"
        | "fd_filestat_set_size"
        | "fd_filestat_set_times"
        | "fd_pread"
        | "fd_prestat_get"
        | "fd_prestat_dir_name"
        | "fd_pwrite"
        | "fd_read"
        | "fd_readdir"
        | "fd_renumber"
        | "fd_seek"
        | "fd_sync"
        | "fd_tell"
        | "fd_write"
        | "path_create_directory"
        | "path_filestat_get"
        | "path_filestat_set_times"
        | "path_link"
        | "path_open"
        | "path_readlink"
        | "path_remove_directory"
        | "path_rename"
        | "path_symlink"
        | "path_unlink_file"
        | "sock_accept"
        | "sock_recv"
        | "sock_send"
        | "sock_shutdown" => Answer::Says(BAD_FILE),
        _ => return None,
    })
}

impl Answer {
    /// Whether a function of that type can be answered so.
    pub(crate) fn fits(self, function: &FuncType) -> bool {
        let results: &[ValType] = if self == Self::Exit { &[] } else { &[ValType::I32] };
        function.results() == results
    }

    /// Answers a call. An error ends the run.
    pub(crate) fn give(
        self,
        caller: &mut Caller<'_, Host>,
        arguments: &[Val],
        results: &mut [Val],
    ) -> Result<(), wasmi::Error> {
        let said = match self {
            Self::Says(number) => number,
            Self::NoneOf => {
                let wrote = arguments.iter().take(2).all(|place| write(caller, Some(place), &[0; 4]));
                if wrote { SUCCESS } else { FAULT }
            }
            Self::Time => {
                if write(caller, arguments.last(), &[0; 8]) {
                    SUCCESS
                } else {
                    FAULT
                }
            }
            Self::Random => random(caller, arguments)?,
            Self::Exit => {
                let code = arguments.first().and_then(Val::i32).unwrap_or_default();
                return Err(wasmi::Error::i32_exit(code));
            }
        };
        if let [result] = results {
            *result = Val::I32(said);
        }
        Ok(())
    }
}

/// Fills what the arguments name, a place and a length, with the next bytes of a fixed sequence.
fn random(caller: &mut Caller<'_, Host>, arguments: &[Val]) -> Result<i32, wasmi::Error> {
    let length = arguments.get(1).and_then(Val::i32).map_or(0, |length| u64::from(length.cast_unsigned()));
    if length > MOST_RANDOM {
        return Ok(INVALID);
    }
    // Work outside of the interpreter is counted, too; or it would have no end in time.
    let fuel = caller.get_fuel()?;
    caller.set_fuel(fuel.saturating_sub(length))?;
    let bytes: Vec<u8> = (0..length).map(|_| caller.data_mut().next_byte()).collect();
    Ok(if write(caller, arguments.first(), &bytes) { SUCCESS } else { FAULT })
}

fn write(caller: &mut Caller<'_, Host>, place: Option<&Val>, bytes: &[u8]) -> bool {
    let place =
        place.and_then(Val::i32).map(i32::cast_unsigned).and_then(|place| usize::try_from(place).ok());
    match (place, caller.get_export("memory")) {
        (Some(place), Some(Extern::Memory(memory))) => memory.write(caller, place, bytes).is_ok(),
        _ => false,
    }
}
