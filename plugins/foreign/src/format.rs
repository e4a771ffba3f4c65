//! A foreign format as the program's own.

use export_sdk::{
    ArtifactPath, Error, ErrorKind, ExportFormat, FormatWriter, Member, Message, OptionSpec, Origin, Output,
    Result, Room, RoomWriter, Scope, Summary, each_room, ndjson,
};
use serde_json::{Map, Value};

use crate::strikes::Strikes;
use crate::{Description, Failure, Limits, Log, Machine, Run, Sink};

/// A batch ends with this record, at the latest.
pub const MOST_RECORDS: usize = 256;
/// A batch ends with the record that makes it so long, in bytes.
pub const MOST_BYTES: usize = 256 * 1024;

/// A format that a machine runs, in one file for each room.
pub struct Foreign<M> {
    pub(crate) description: Description,
    pub(crate) file: String,
    pub(crate) machine: M,
    pub(crate) limits: Limits,
    pub(crate) strikes: Strikes,
}

impl<M: Machine> Foreign<M> {
    /// The format of that description, which lies in `file`: a name for people.
    pub fn new(description: Description, file: impl Into<String>, machine: M, limits: Limits) -> Self {
        Self { description, file: file.into(), machine, limits, strikes: Strikes::default() }
    }

    /// The same, whatever runs it.
    pub fn boxed(self) -> Foreign<Box<dyn Machine>> {
        let Self { description, file, machine, limits, strikes } = self;
        Foreign { description, file, machine: Box::new(machine), limits, strikes }
    }

    /// What it says it is.
    pub fn description(&self) -> &Description {
        &self.description
    }

    fn shown(&self) -> String {
        format!("`{}` ({})", self.description.name, self.file)
    }

    /// The error of a failure, which counts if it is a fault.
    pub(crate) fn failed(&self, failure: Failure) -> Error {
        if let Failure::Fault(words) = &failure
            && self.strikes.add(words)
        {
            tracing::error!(format = self.description.name, file = self.file, "a plug-in is switched off");
        }
        failure.into_error(&self.shown())
    }

    fn begin<'run>(
        &'run self,
        options: &Map<String, Value>,
        log: &Log,
        (room, scope): (&Room<'_>, &Scope<'_>),
        output: &mut dyn Output,
    ) -> Result<Writer<'run, M>> {
        let Description { extension, media_type, binary, .. } = &self.description;
        let path: ArtifactPath = room.file_name(extension)?;
        let mut sink = Sink::new(output.create(&path, media_type)?, *binary, self.limits.output_ratio);
        let mut lines = Vec::new();
        ndjson::header(&mut lines, room, scope, Some(options))?;
        let mut run = self.machine.open(log).map_err(|failure| self.failed(failure))?;
        sink.give(lines.len());
        run.begin(&lines, &mut sink).map_err(|failure| self.failed(failure))?;
        lines.clear();
        Ok(Writer { format: self, run, sink, lines, records: 0 })
    }
}

impl<M: Machine> ExportFormat for Foreign<M> {
    type Options = Map<String, Value>;

    fn id(&self) -> &str {
        &self.description.name
    }

    fn media_type(&self) -> &str {
        &self.description.media_type
    }

    fn extension(&self) -> &str {
        &self.description.extension
    }

    fn describe(&self) -> &str {
        &self.description.description
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        self.description.options.specs()
    }

    fn origin(&self) -> Option<Origin<'_>> {
        Some(Origin { file: &self.file, version: &self.description.version })
    }

    fn switched_off(&self) -> Option<String> {
        let last = self.strikes.out()?;
        let shown = self.shown();
        Some(format!(
            "the format {shown} is switched off, as it failed three times in a row; the last time it {last}. \
             An administrator can replace the file, or try again with exports.plugins.reload"
        ))
    }

    fn check(&self, options: &Map<String, Value>) -> Result<()> {
        if let Some(why) = self.switched_off() {
            return Err(Error::new(ErrorKind::Rejected, why));
        }
        self.description.options.choose(&self.description.name, options).map(drop)
    }

    fn start<'run>(
        &'run self,
        options: Map<String, Value>,
        _: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        self.check(&options)?;
        let options = self.description.options.choose(&self.description.name, &options)?;
        let log = Log::new(&self.description.name, self.limits.log_lines);
        Ok(each_room(output, move |room, scope, output| self.begin(&options, &log, (room, scope), output)))
    }
}

/// One room.
struct Writer<'run, M> {
    format: &'run Foreign<M>,
    run: Box<dyn Run>,
    sink: Sink,
    /// What the format is given next.
    lines: Vec<u8>,
    /// The records in it.
    records: usize,
}

impl<M: Machine> Writer<'_, M> {
    fn noted(&mut self) -> Result<()> {
        self.records += 1;
        let is_full = self.records >= MOST_RECORDS || self.lines.len() >= MOST_BYTES;
        if is_full { self.hand_over() } else { Ok(()) }
    }

    fn hand_over(&mut self) -> Result<()> {
        self.sink.give(self.lines.len());
        let written = self.run.write(&self.lines, self.records, &mut self.sink);
        written.map_err(|failure| self.format.failed(failure))?;
        self.records = 0;
        self.lines.clear();
        Ok(())
    }
}

impl<M: Machine> RoomWriter for Writer<'_, M> {
    fn member(&mut self, member: &Member<'_>) -> Result<()> {
        ndjson::member(&mut self.lines, member)?;
        self.noted()
    }

    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        ndjson::message(&mut self.lines, message)?;
        self.noted()
    }

    fn finish(mut self: Box<Self>, summary: &Summary) -> Result<()> {
        ndjson::end(&mut self.lines, summary)?;
        self.records += 1;
        self.hand_over()?;
        let finished = self.run.finish(&mut self.sink).and_then(|()| self.sink.end());
        finished.map_err(|failure| self.format.failed(failure))?;
        self.format.strikes.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use export_sdk::conformance::{MemoryOutput, render, sample_messages, sample_room, sample_scope};
    use export_sdk::{Author, Registry, Timestamp};
    use serde_json::json;

    use super::*;

    /// What a run was given: records and lines of each call.
    type Given = Arc<Mutex<Vec<(usize, String)>>>;

    /// Copies what it is given, or fails as it is told.
    struct Copying {
        given: Given,
        fails: fn() -> Option<Failure>,
    }

    impl Machine for Copying {
        fn open(&self, _: &Log) -> std::result::Result<Box<dyn Run>, Failure> {
            (self.fails)().map_or_else(|| Ok(Box::new(Copy(Arc::clone(&self.given))) as Box<dyn Run>), Err)
        }
    }

    struct Copy(Given);

    impl Run for Copy {
        fn begin(&mut self, header: &[u8], sink: &mut Sink) -> std::result::Result<(), Failure> {
            self.write(header, 0, sink)
        }

        fn write(
            &mut self,
            lines: &[u8],
            records: usize,
            sink: &mut Sink,
        ) -> std::result::Result<(), Failure> {
            let text = String::from_utf8(lines.to_vec()).expect("UTF-8");
            self.0.lock().expect("not poisoned").push((records, text));
            sink.take(lines)
        }

        fn finish(&mut self, sink: &mut Sink) -> std::result::Result<(), Failure> {
            sink.take(b"bye\n")
        }
    }

    fn description() -> Description {
        let json = json!({"abi": 1, "name": "copy", "version": "1", "description": "A copy", "extension": "txt",
            "media_type": "text/plain", "options": {"type": "object", "properties": {
                "wide": {"type": "boolean", "default": false, "description": "Whether"}}}});
        Description::parse(json.to_string().as_bytes()).unwrap()
    }

    fn registry(fails: fn() -> Option<Failure>) -> (Registry, Given) {
        let given = Given::default();
        let machine = Copying { given: Arc::clone(&given), fails };
        let limits = Limits { output_ratio: 64, log_lines: 10 };
        let mut registry = Registry::default();
        registry.add_format(Foreign::new(description(), "copy.x", machine, limits)).unwrap();
        (registry, given)
    }

    #[test]
    fn it_is_given_every_line_of_ndjson_and_the_options() {
        let (registry, _) = registry(|| None);
        let files = render(registry.format("copy").unwrap(), &json!({"wide": true}), &sample_messages());
        let text = String::from_utf8(files.unwrap().remove("general.txt").unwrap()).unwrap();
        let lines = text.strip_suffix("bye\n").unwrap().lines();
        let mut records: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(records[0]["options"], json!({"wide": true}));
        assert_eq!(records.last().unwrap()["type"], "end");
        let kinds = |kind: &str| records.iter().filter(|record| record["type"] == kind).count();
        assert_eq!((kinds("header"), kinds("member")), (1, 2));
        assert_eq!(kinds("file"), sample_messages().iter().map(|message| message.files.len()).sum::<usize>());
        records.retain(|record| record["type"].is_null());
        let expected: Vec<Value> =
            sample_messages().iter().map(|message| serde_json::to_value(message).unwrap()).collect();
        assert_eq!(records, expected);
    }

    #[test]
    fn batches_end_by_their_number_or_by_their_length() {
        let (registry, given) = registry(|| None);
        let author = Author { id: "u", username: "u", name: None };
        let long = "x".repeat(MOST_BYTES);
        let text = |n: usize| if n == 700 { long.as_str() } else { "short" };
        let message = |n| Message::new("m", "GENERAL", author, Timestamp::from_millis(0), text(n));
        let messages: Vec<_> = (0..1000).map(message).collect();
        render(registry.format("copy").unwrap(), &Value::Null, &messages).unwrap();
        let given = given.lock().unwrap();
        let sizes: Vec<usize> = given.iter().map(|(records, _)| *records).collect();
        // Two members and an end are records, too.
        assert_eq!(sizes, [0, 256, 256, 191, 256, 44]);
        assert!(given.iter().all(|(_, lines)| lines.ends_with('\n')));
    }

    #[test]
    fn faults_switch_it_off_and_what_it_says_does_not() {
        let try_it = |registry: &Registry| {
            let mut output = MemoryOutput::default();
            let format = registry.format("copy").unwrap();
            let scope = sample_scope();
            let mut writer = format.start(&Value::Null, &scope, &mut output)?;
            writer.begin_room(&sample_room(), &scope)
        };
        let (said, _) = registry(|| Some(Failure::Said("says no".to_owned())));
        for _ in 0..4 {
            let error = try_it(&said).unwrap_err();
            assert_eq!(error.to_string(), "the format `copy` (copy.x) says no");
            assert_eq!(error.kind(), ErrorKind::Rejected);
        }
        let (busy, _) = registry(|| Some(Failure::Busy("is busy".to_owned())));
        assert_eq!(try_it(&busy).unwrap_err().kind(), ErrorKind::Unavailable);
        let (faulty, _) = registry(|| Some(Failure::fault("stopped")));
        for _ in 0..3 {
            assert!(faulty.format("copy").unwrap().check(&Value::Null).is_ok());
            assert_eq!(try_it(&faulty).unwrap_err().to_string(), "the format `copy` (copy.x) stopped");
        }
        for error in
            [try_it(&faulty).unwrap_err(), faulty.format("copy").unwrap().check(&Value::Null).unwrap_err()]
        {
            let text = error.to_string();
            assert!(text.contains("switched off") && text.contains("last time it stopped"), "{text}");
        }
    }
}
